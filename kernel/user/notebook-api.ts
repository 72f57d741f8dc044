// The notebook API: in every cell without an import, and importable as 'asterism/kernel' for typed scripts. Outside a
// kernel, displaying prints text and controls keep their first values.

export type { Typecheck } from '../cell/typecheck.ts'
export {
  alert,
  cellSignal,
  clearOutput,
  confirm,
  type DisplayHandle,
  display,
  html,
  json,
  latex,
  markdown,
  png,
  prompt,
  svg,
} from '../display/display.ts'
export { DISPLAY, type Displayable } from '../display/format.ts'
export { type Progress, progress } from '../display/progress.ts'
export { type KernelSettings, kernel } from '../display/settings.ts'
export type { MimeBundle } from '../protocol/message.ts'
export { acceptComms, type Comm, type CommMessage, openComm } from '../widgets/comm.ts'
export { button, type Control, checkbox, dropdown, number, slider, text } from '../widgets/controls.ts'
export { type Interaction, interact, type ValuesOf } from '../widgets/interact.ts'
