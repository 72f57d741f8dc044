// The question of a row: which fields hold it, and which hold facts that belong to it.
import { fieldsOf, isEmpty, type Named, shown } from './fields.ts'

/** Names of a question's field, in lower case without signs; those of a rank are the same thing. */
const RANKS: readonly (readonly string[])[] = [
  ['question', 'problem'],
  ['squestion', 'stem', 'query', 'questiontext', 'problemtext', 'problemstatement'],
  ['instruction', 'input', 'content', 'prompt', 'messages', 'conversations', 'conversation'],
]
/** Facts that stand before the question. */
const FACTS = ['body', 'context', 'passage', 'background', 'premise', 'story', 'scenario', 'table']
const PICTURES = ['image', 'images', 'picture', 'decodedimage', 'figure', 'img', 'imagepath', 'imageurl']
const USER = /^(?:user|human)$/i
const ASSISTANT = /^(?:assistant|gpt|model)$/i

/** The field of a row that holds its question; null where none does. */
export function questionOf(row: Readonly<Record<string, unknown>>): Named | null {
  let best: Named | null = null
  for (const field of fieldsOf(row)) {
    const rank = RANK.get(field.key)
    if (rank !== undefined && (best === null || rank < RANK.get(best.key)!) && !isEmpty(field.value)) best = field
  }
  return best
}

const RANK = new Map(RANKS.flat().map((name, rank) => [name, rank]))

/** A question with its facts, and the worked answer that a conversation ends in, if it is one. */
export type Question = { readonly text: string; readonly reply?: string } | { readonly reason: string }

/** The whole question of a row, or why it has none. */
export function wholeQuestion(row: Readonly<Record<string, unknown>>): Question {
  const field = questionOf(row)
  if (field === null) {
    const given = Object.hasOwn(row, 'problem') && !Object.hasOwn(row, 'question') ? row.problem : row.question
    return { reason: `expected text in "question" or "problem", got ${shown(given)}` }
  }
  const fields = fieldsOf(row)
  const rivals = fields.filter(
    ({ key, value }) => RANKS[0]!.includes(key) && typeof value === 'string' && !isEmpty(value),
  )
  const texts =
    rivals.length < 2
      ? []
      : [...new Set(rivals.map(({ value }) => collapsed(value as string)))].sort((a, b) => b.length - a.length)
  if (texts.some((text) => !texts[0]!.includes(text)))
    return {
      reason: `expected one question, got two in ${rivals.map(({ name }) => JSON.stringify(name)).join(' and ')}`,
    }
  const picture = fields.find(({ key, value }) => PICTURES.includes(key) && value !== false && !isEmpty(value))
  if (picture !== undefined)
    return { reason: `expected a question in words, got one with a picture in ${JSON.stringify(picture.name)}` }
  const asked = rivals.length > 1 ? { text: longest(rivals) } : askedIn(field)
  if ('reason' in asked) return asked
  return withFacts(fields, field.key, asked)
}

const longest = (rivals: readonly Named[]): string =>
  rivals.map(({ value }) => value as string).reduce((a, b) => (b.length > a.length ? b : a))

/** The text of a field, or what the user says in a conversation. */
function askedIn({ name, value }: Named): Question {
  if (typeof value === 'string') return { text: value }
  const turns = Array.isArray(value) ? value.map(turnOf) : []
  if (turns.length === 0 || turns.includes(null))
    return { reason: `expected text in ${JSON.stringify(name)}, got ${shown(value)}` }
  const said = (who: RegExp): string[] => turns.flatMap((turn) => (who.test(turn!.role) ? [turn!.text] : []))
  const [text, ...more] = said(USER)
  if (text === undefined || text.trim() === '' || more.length > 0)
    return { reason: `expected one message of the user in ${JSON.stringify(name)}, got ${said(USER).length}` }
  const reply = said(ASSISTANT).at(-1)
  return reply === undefined ? { text } : { text, reply }
}

function turnOf(value: unknown): { role: string; text: string } | null {
  if (typeof value !== 'object' || value === null) return null
  const { role, from, content, value: said } = value as Record<string, unknown>
  const who = role ?? from
  const text = content ?? said
  return typeof who === 'string' && typeof text === 'string' ? { role: who, text } : null
}

/** Facts first, joined with a space, unless the question repeats them; numbers in place of `number0`. */
function withFacts(
  fields: readonly Named[],
  key: string,
  asked: { readonly text: string; readonly reply?: string },
): Question {
  const facts = fields.filter(({ key, value }) => FACTS.includes(key) && !isEmpty(value))
  const odd = facts.find(({ value }) => typeof value !== 'string')
  if (odd !== undefined) return { reason: `expected text in ${JSON.stringify(odd.name)}, got ${shown(odd.value)}` }
  const told = facts.map(({ value }) => (value as string).trim())
  const instructed = fields.find(({ key, value }) => key === 'input' && typeof value === 'string' && !isEmpty(value))
  const before = told.length === 0 ? told : told.filter((fact) => !collapsed(asked.text).includes(collapsed(fact)))
  const after = key === 'instruction' && instructed !== undefined ? [(instructed.value as string).trim()] : []
  const text = filled([...before, asked.text.trim(), ...after].join(' '), fields)
  if (text === null) return { reason: 'expected "Numbers" for number0, number1 … of the question, got too few' }
  if (text.trim() === '') return { reason: 'expected text in "question" or "problem", got an empty string' }
  if (/\p{Surrogate}/u.test(text))
    return { reason: 'expected whole characters in the question, got half of one (a lone surrogate)' }
  return { ...asked, text }
}

/** SVAMP's own tables write number0, number1 … in the question, and the numbers beside it. */
function filled(text: string, fields: readonly Named[]): string | null {
  if (!/\bnumber\d+\b/.test(text)) return text
  const numbers = fields.find(({ key }) => key === 'numbers')?.value
  const list =
    typeof numbers === 'string' ? numbers.trim().split(/\s+/) : Array.isArray(numbers) ? numbers.map(String) : []
  let isWhole = true
  const whole = text.replace(/\bnumber(\d+)\b/g, (slot, index) => {
    const number = list[Number(index)]
    if (number === undefined) isWhole = false
    return number?.replace(/\.0+$/, '') ?? slot
  })
  return isWhole ? whole : null
}

const collapsed = (text: string): string => text.replace(/\s+/g, ' ').trim()
