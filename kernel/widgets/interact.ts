// interact(): controls above, and below them what a function makes of their values, drawn anew at each change. Redraws
// through a display handle: a page shows what is printed after a cell in another place, but updates a display where it is.
import { type DisplayHandle, display, present } from '../display/display.ts'
import { DISPLAY, type Displayable, shownOf } from '../display/format.ts'
import { failureOf } from '../display/stack.ts'
import { type Control, inner, widgetBundle } from './controls.ts'
import { openModel } from './model.ts'

type Controls = Readonly<Record<string, Control<unknown>>>

/** The values of controls, by name. */
export type ValuesOf<S> = { readonly [K in keyof S]: S[K] extends Control<infer T> ? T : never }

/** Controls on the page. As a cell's last value it shows nothing more. */
export interface Interaction<S> extends Displayable {
  readonly values: ValuesOf<S>
  /** The controls are no longer listened to. */
  stop(): void
}

/**
 * Shows controls, calls `draw` with their values, and shows what it returns or resolves to; again at each change. While
 * one drawing is under way changes wait, and only the newest values are drawn. The cell waits for the first drawing.
 * Errors: what the first `draw` throws, and a TypeError for something that is no control. An error of a later drawing
 * is shown in its place.
 * @example
 * interact({ c: slider(0, 4) }, ({ c }) => `c = ${c}`).values // { c: 0 }
 */
export function interact<S extends Controls>(controls: S, draw: (values: ValuesOf<S>) => unknown): Interaction<S> {
  const entries = Object.entries(controls)
  const values = (): ValuesOf<S> =>
    Object.fromEntries(entries.map(([name, control]) => [name, control.value])) as ValuesOf<S>
  display({ [DISPLAY]: () => panel(entries) })
  const page = firstDrawing(() => draw(values()))

  let isStale = false
  let drawing: Promise<void> | null = null
  const redraw = (): Promise<void> => {
    isStale = true
    drawing ??= drawAll()
    return drawing
  }
  const drawAll = async (): Promise<void> => {
    while (isStale) {
      isStale = false
      await drawInto(page, () => draw(values()))
    }
    drawing = null
  }
  const stops = entries.map(([, control]) => control.onChange(redraw))
  return {
    get values() {
      return values()
    },
    stop() {
      for (const stop of stops) stop()
    },
    [DISPLAY]: () => ({}),
  }
}

/** An error of the first drawing is the cell's own. */
function firstDrawing(draw: () => unknown): DisplayHandle {
  const value = draw()
  return display(value instanceof Promise ? toCome(value) : shown(value))
}

const toCome = (value: Promise<unknown>): Displayable => ({
  [DISPLAY]: async () => {
    const { bundle, late } = await shownOf(shown(await value))
    return { ...bundle, ...late }
  },
})

/** An error of a later drawing is shown in its place: its cell ended long ago. */
async function drawInto(page: DisplayHandle, draw: () => unknown): Promise<void> {
  try {
    await present(shown(await draw()), page.id, true)
  } catch (error) {
    page.update({ [DISPLAY]: () => ({ 'text/plain': failureOf(error).traceback.join('\n') }) })
  }
}

const nothing: Displayable = { [DISPLAY]: () => ({ 'text/plain': '' }) }
const shown = (value: unknown): unknown => (value === undefined ? nothing : value)

/** Longer labels are cut on the page, in characters. */
const MAX_LABEL = 30

function panel(entries: readonly (readonly [string, Control<unknown>])[]) {
  const longest = Math.max(0, ...entries.map(([name, control]) => inner(control).label(name).length))
  const labelWidth = `${Math.min(longest, MAX_LABEL)}ch`
  const children = entries.map(([name, control]) => inner(control).model(name, labelWidth).reference)
  const box = openModel('VBox', { children, layout: openModel('Layout', {}).reference })
  return widgetBundle(box, entries.map(([name, control]) => inner(control).text(name)).join('\n'))
}
