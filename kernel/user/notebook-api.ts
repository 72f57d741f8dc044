// The notebook API: in every cell without an import, and importable as 'asterism/kernel' for typed scripts. Outside a
// kernel, displaying prints text and controls keep their first values.
export { acceptComms, type Comm, type CommMessage, openComm } from '../comm.ts'
export {
  cellSignal,
  clearOutput,
  type DisplayHandle,
  display,
  html,
  json,
  latex,
  markdown,
  png,
  prompt,
  svg,
} from '../display.ts'
export { DISPLAY, type Displayable } from '../format.ts'
export type { Typecheck } from '../language/typecheck.ts'
export type { MimeBundle } from '../message.ts'
export { type Progress, progress } from '../progress.ts'
export { type KernelSettings, kernel } from '../settings.ts'
export { button, type Control, checkbox, dropdown, number, slider, text } from '../widgets/controls.ts'
export { type Interaction, interact, type ValuesOf } from '../widgets/interact.ts'
