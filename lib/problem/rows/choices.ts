// Multiple choice: the options of a row, and which of them its answer means, be it by text, letter, label or place from 0.
import { WrittenNumber } from './exact-json.ts'
import { isEmpty, type Named, shown } from './fields.ts'

/** An option: its text, and the label it has in the row; without labels they are A, B, C … */
interface Choice {
  readonly label: string
  readonly text: string
}

/** The options of a row, or why they cannot be read. */
export type Choices = { readonly choices: readonly Choice[] } | { readonly reason: string }

const NAMES = ['choices', 'options', 'answerchoices', 'candidates']
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LABEL = /^\s*[([]?\s*([A-Za-z]|\d)\s*[).:\]]\s*/

/** The options of a row; null where it has none. */
export function choicesOf(fields: readonly Named[]): Choices | null {
  const field = fields.find(({ key, value }) => NAMES.includes(key) && !isEmpty(value))
  const choices = field === undefined ? lettered(fields) : optionsIn(field.value)
  if (choices === null && field === undefined) return null
  if (choices === null || choices.length < 2)
    return { reason: `expected a list of options in ${JSON.stringify(field?.name)}, got ${shown(field?.value)}` }
  return { choices }
}

/** The option that an answer means, or why none: the same option must follow from every way to read it. */
export function chosen(
  answer: unknown,
  choices: readonly Choice[],
  name: string,
): { text: string } | { reason: string } {
  const said = answer instanceof WrittenNumber ? answer.text : typeof answer === 'string' ? answer.trim() : null
  const list = choices.map(({ label, text }) => `(${label}) ${text}`).join(', ')
  const expected = `expected an option in ${JSON.stringify(name)} by its text, letter or place from 0 (${list})`
  if (said === null) return { reason: `${expected}, got ${shown(answer)}` }
  const found = new Set(
    [
      choices.find(({ text }) => same(text, said)),
      choices.find(({ label }) => same(label, said.replace(/^\((.*)\)$|[).:]$/, '$1'))),
      choices.find(
        ({ label, text }) => same(LABEL.exec(said)?.[1] ?? '', label) && same(said.replace(LABEL, ''), text),
      ),
      /^\d+(?:\.0+)?$/.test(said) && !choices.some(({ label }) => same(label, said))
        ? choices[Number(said)]
        : undefined,
    ].filter((choice) => choice !== undefined),
  )
  const [choice, ...rivals] = new Set([...found].map(({ text }) => text))
  if (choice === undefined) return { reason: `${expected}, got ${shown(answer)}` }
  if (rivals.length > 0)
    return { reason: `${expected}, got ${shown(answer)}, which could be ${[choice, ...rivals].join(' or ')}` }
  return { text: choice }
}

/** The question with its options, unless it lists them already. */
export function withOptions(question: string, choices: readonly Choice[]): string {
  const isListed = choices.every(({ text }) => question.includes(text)) && /\bB\s*[).:]/.test(question)
  return isListed ? question : `${question} Options: ${choices.map(({ text }) => text).join('; ')}`
}

function optionsIn(value: unknown): Choice[] | null {
  if (typeof value === 'string') return optionsInText(value.trim())
  if (Array.isArray(value)) return optionsInList(value)
  if (typeof value !== 'object' || value === null) return null
  const { text, label, labels } = value as Record<string, unknown>
  const names = label ?? labels
  if (Array.isArray(text)) {
    const options = optionsInList(text)
    return options && Array.isArray(names) && names.length === options.length
      ? options.map((option, i) => ({ ...option, label: textOf(names[i]) ?? option.label }))
      : options
  }
  const entries = Object.entries(value).map(([name, each]) => ({ label: name, text: textOf(each) }))
  return entries.every((entry): entry is Choice => entry.text !== null) ? entries : null
}

function optionsInList(list: readonly unknown[]): Choice[] | null {
  const options = list.map((each, i): Choice | null => {
    const fallback = LETTERS[i] ?? String(i)
    const text = textOf(each)
    if (text !== null) return { label: fallback, text }
    if (typeof each !== 'object' || each === null) return null
    const { label, letter, key, text: inner, content, value } = each as Record<string, unknown>
    const words = textOf(inner ?? content ?? value)
    return words === null ? null : { label: textOf(label ?? letter ?? key) ?? fallback, text: words }
  })
  if (!options.every((option): option is Choice => option !== null)) return null
  const labels = options.map(({ text }) => LABEL.exec(text)?.[1]?.toUpperCase())
  const areLabelled = labels.every((label, i) => label === LETTERS[i])
  return areLabelled ? options.map(({ label, text }) => ({ label, text: text.replace(LABEL, '').trim() })) : options
}

/** `a ) 38 , b ) 27.675`, `A) Mars B) Jupiter`, `['Mars', 'Jupiter']`. */
function optionsInText(text: string): Choice[] | null {
  if (/^\[.*\]$/s.test(text)) {
    const items = [...text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/gs)]
    return optionsInList(items.map((item) => (item[1] ?? item[2]!).replace(/\\(.)/g, '$1')))
  }
  const starts = [...text.matchAll(/(?<![A-Za-z0-9])[([]?([A-Ja-j])\s*[).:\]]\s*/g)]
  const inOrder = starts.filter((start, i) => start[1]!.toUpperCase() === LETTERS[i])
  if (inOrder.length < 2 || inOrder.length < starts.length) return null
  return inOrder.map((start, i) => ({
    label: LETTERS[i]!,
    text: text.slice(start.index + start[0].length, inOrder[i + 1]?.index ?? text.length).replace(/[\s,;]+$/, ''),
  }))
}

/** Options in fields of their own: `A`, `B`, `C` or `option_a`, `choiceB`. */
function lettered(fields: readonly Named[]): Choice[] | null {
  const prefix = PREFIXES.find((start) => fields.some(({ key }) => key === `${start}a`))
  if (prefix === undefined) return null
  const choices: Choice[] = []
  for (const label of LETTERS) {
    const text = textOf(fields.find(({ key }) => key === `${prefix}${label.toLowerCase()}`)?.value)
    if (text === null) break
    choices.push({ label, text })
  }
  return choices.length >= 2 ? choices : null
}

const PREFIXES = ['', 'option', 'choice']

const textOf = (value: unknown): string | null =>
  value instanceof WrittenNumber ? value.text : typeof value === 'string' && value.trim() !== '' ? value.trim() : null

const same = (a: string, b: string): boolean => a !== '' && a.trim().toLowerCase() === b.trim().toLowerCase()
