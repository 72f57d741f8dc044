// The controls a person can move: slider, dropdown, number, checkbox, text and button. Each is a value that code may read,
// set and listen to; on a page with widgets it shows as an ipywidgets control, elsewhere as text.

import { DISPLAY, type Displayable, textOf } from '../display/format.ts'
import { expectOptions } from '../display/known-options.ts'
import type { MimeBundle } from '../protocol/message.ts'
import type { State } from './buffers.ts'
import { hasComms } from './comm.ts'
import { type Model, openModel } from './model.ts'

/** A control. It shows itself as the last value of a cell, in `display`, or inside `interact`. */
export interface Control<T> extends Displayable {
  /** Setting it moves the control on the page, and tells whoever listens. */
  value: T
  /** Tells each new value. Returns a function that stops it. */
  onChange(listener: (value: T) => unknown): () => void
}

/** The words beside a control. */
export interface Labelled {
  /** @default the name in `interact`, else none */
  label?: string
}

/** What differs between controls. */
interface Kind<T> {
  /** As ipywidgets calls the class. */
  readonly model: string
  readonly style: string
  readonly state: State
  /** The part of the state that holds the value. */
  stateOf(value: T): State
  /** The value that the page set, brought into its limits; undefined where it set none or one that is none. */
  valueOf(changes: State): T | undefined
  /** The value after a click. */
  clicked?(value: T): T
}

/** What `interact` needs of a control, and nobody else. */
interface Inner {
  /** `labelWidth`: of the labels of a panel, so that its fields stand in one column. @default each as wide as its words */
  model(name?: string, labelWidth?: string): Model
  /** The words beside it. */
  label(name?: string): string
  text(name?: string): string
}
const inners = new WeakMap<object, Inner>()
export const inner = (control: Control<unknown>): Inner => {
  const found = inners.get(control)
  if (found === undefined) throw new TypeError(`Expected a control such as slider(0, 1), got ${textOf(control)}`)
  return found
}

/** Shows a model where there are widgets, its text elsewhere. */
export const widgetBundle = (model: Model, text: string): MimeBundle => ({
  ...(hasComms() && {
    'application/vnd.jupyter.widget-view+json': { version_major: 2, version_minor: 0, model_id: model.id },
  }),
  'text/plain': text,
})

function control<T>(kind: Kind<T>, initial: T, { label }: Labelled): Control<T> {
  const listeners = new Set<(value: T) => unknown>()
  let value = initial
  let model: Model | null = null
  let name = label ?? ''

  const change = async (next: T): Promise<void> => {
    value = next
    await Promise.all([...listeners].map((listener) => listener(next)))
  }
  const onChange = async (changes: State): Promise<void> => {
    const next = kind.valueOf(changes)
    const kept = kind.stateOf(next ?? value)
    const isAsSent = Object.entries(kept).every(([field, one]) => !(field in changes) || changes[field] === one)
    if (!isAsSent) model?.set(kept)
    if (next !== undefined && next !== value) await change(next)
  }
  const { clicked } = kind
  const onCustom = ({ event }: State): unknown => clicked && event === 'click' && change(clicked(value))

  const open = (labelWidth: string | undefined): Model => {
    const width = { description_width: labelWidth ?? 'initial' }
    const style = openModel(kind.style, kind.style === 'ButtonStyle' ? {} : width)
    const layout = openModel('Layout', {})
    const indent = kind.model === 'Checkbox' ? { indent: labelWidth !== undefined } : {}
    const fields = { ...kind.state, ...indent, ...kind.stateOf(value), description: name }
    return openModel(
      kind.model,
      { ...fields, layout: layout.reference, style: style.reference },
      { onChange, onCustom },
    )
  }
  const inside: Inner = {
    model(given, labelWidth) {
      if (model === null) name ||= given ?? ''
      model ??= open(labelWidth)
      return model
    },
    label: (given) => name || given || '',
    text: (given) => `${name || given || kind.model} = ${textOf(value)}`,
  }
  const self: Control<T> = {
    get value() {
      return value
    },
    set value(next) {
      if (next === value) return
      model?.set(kind.stateOf(next))
      void change(next)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    [DISPLAY]: () => widgetBundle(inside.model(), inside.text()),
  }
  inners.set(self, inside)
  return self
}

/**
 * A number between two limits, to be moved. `value`: at first, by default `min`, brought into the limits. `step`: above
 * 0, by default 1 between whole numbers more than 1 apart, else a hundredth of the way.
 * Errors: a RangeError for `min` above `max`, and for a `step` that is not above 0; a TypeError for an option that it
 * does not have.
 * @example
 * slider(0, 4, { value: 9 }).value // 4
 * slider(4, 0) // RangeError: Expected `min` to be at most `max`, got 4 and 0
 */
export function slider(
  min: number,
  max: number,
  { value = min, step = defaultStep(min, max), ...rest }: { value?: number; step?: number } & Labelled = {},
): Control<number> {
  expectOptions('slider', rest, ['value', 'step', 'label'])
  if (!(min <= max)) throw new RangeError(`Expected \`min\` to be at most \`max\`, got ${min} and ${max}`)
  if (!(step > 0)) throw new RangeError(`Expected \`step\` to be above 0, got ${step}`)
  const isWhole = [min, max, step].every(Number.isInteger)
  const digits = Math.min(Math.max(0, -Math.floor(Math.log10(step))), 8)
  const kind: Kind<number> = {
    model: isWhole ? 'IntSlider' : 'FloatSlider',
    style: 'SliderStyle',
    state: { min, max, step, continuous_update: true, readout: true, readout_format: isWhole ? 'd' : `.${digits}f` },
    ...numeric(min, max),
  }
  return control(kind, within(value, min, max), rest)
}

const defaultStep = (min: number, max: number): number =>
  Number.isInteger(min) && Number.isInteger(max) && max - min > 1 ? 1 : (max - min) / 100 || 1

/**
 * A number to be typed, at first `value`, brought into the limits; `min` and `max` by default none, `step` of its
 * arrows by default the page's own.
 * Errors: a TypeError for an option that it does not have.
 * @example
 * number(5, { max: 3 }).value // 3
 */
export function number(
  value = 0,
  limits: { min?: number; max?: number; step?: number } & Labelled = {},
): Control<number> {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE, step = null, ...rest } = limits
  expectOptions('number', rest, ['min', 'max', 'step', 'label'])
  const isBounded = limits.min !== undefined || limits.max !== undefined
  const kind: Kind<number> = {
    model: isBounded ? 'BoundedFloatText' : 'FloatText',
    style: 'DescriptionStyle',
    state: { step, ...(isBounded && { min, max }) },
    ...numeric(min, max),
  }
  return control(kind, within(value, min, max), rest)
}

const within = (value: number, min: number, max: number): number => Math.min(Math.max(value, min), max)

const numeric = (min: number, max: number): Pick<Kind<number>, 'stateOf' | 'valueOf'> => ({
  stateOf: (value) => ({ value }),
  valueOf: ({ value }) => (typeof value === 'number' && Number.isFinite(value) ? within(value, min, max) : undefined),
})

/** Like TypeScript 5.4's NoInfer, which the compiler of other kernels does not know yet. */
type NotInferred<T> = [T][T extends unknown ? 0 : never]

/**
 * One of several values: an array, which shows each as text, or an object from words to values. `value`: at first, by
 * default the first.
 * Errors: a RangeError for no values, and for a `value` that is none of them; a TypeError for an option that it does not
 * have.
 * @example
 * dropdown(['terminal', 'ppm']).value // 'terminal'
 * dropdown({ yes: 1, no: 0 }, { value: 0 }).value // 0
 */
export function dropdown<const T>(
  options: readonly T[] | Readonly<Record<string, T>>,
  { value, ...rest }: { value?: NotInferred<T> } & Labelled = {},
): Control<T> {
  expectOptions('dropdown', rest, ['value', 'label'])
  const isList = Array.isArray(options)
  const values = Object.values(options) as T[]
  const labels = isList ? values.map((one) => (typeof one === 'string' ? one : textOf(one))) : Object.keys(options)
  const initial = value === undefined ? 0 : values.indexOf(value)
  if (initial < 0 || values.length === 0) {
    throw new RangeError(`Expected \`value\` to be one of ${textOf(values)}, got ${textOf(value)}`)
  }
  const kind: Kind<T> = {
    model: 'Dropdown',
    style: 'DescriptionStyle',
    state: { _options_labels: labels },
    stateOf: (one) => ({ index: values.indexOf(one) }),
    valueOf: ({ index }) => (Number.isInteger(index) ? values[index as number] : undefined),
  }
  return control(kind, values[initial] as T, rest)
}

/**
 * Yes or no, at first `value`, by default no.
 * Errors: a TypeError for an option that it does not have.
 * @example
 * checkbox(true).value // true
 */
export function checkbox(value = false, options: Labelled = {}): Control<boolean> {
  expectOptions('checkbox', options, ['label'])
  const kind: Kind<boolean> = {
    model: 'Checkbox',
    style: 'CheckboxStyle',
    state: {},
    stateOf: (one) => ({ value: one }),
    valueOf: ({ value: one }) => (typeof one === 'boolean' ? one : undefined),
  }
  return control(kind, value, options)
}

/**
 * A line of text, at first `value`, by default empty; `placeholder` stands in the empty field. It changes with Enter,
 * or when the person leaves the field.
 * Errors: a TypeError for an option that it does not have.
 * @example
 * text('runs').value // 'runs'
 */
export function text(
  value = '',
  { placeholder = '', ...rest }: { placeholder?: string } & Labelled = {},
): Control<string> {
  expectOptions('text', rest, ['placeholder', 'label'])
  const kind: Kind<string> = {
    model: 'Text',
    style: 'TextStyle',
    state: { placeholder, continuous_update: false },
    stateOf: (one) => ({ value: one }),
    valueOf: ({ value: one }) => (typeof one === 'string' ? one : undefined),
  }
  return control(kind, value, rest)
}

/**
 * A button with words on it. Its value is how often it was pressed, from 0 up.
 * @example
 * button('again').value // 0
 */
export function button(label = ''): Control<number> {
  const kind: Kind<number> = {
    model: 'Button',
    style: 'ButtonStyle',
    state: {},
    stateOf: () => ({}),
    valueOf: () => undefined,
    clicked: (count) => count + 1,
  }
  return control(kind, 0, { label })
}
