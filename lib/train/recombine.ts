// Tells a verified story again with its middle in another order, or with a part of another story that asks the same:
// the cure against recognising a problem instead of reading it. Only solutions that are one chain of operations, each
// told by a sentence of its own, are touched; everything else stays as it is. Nothing is executed: a new pair is as
// right as the programs that it is made of. Pure.
import { ACTIONS, type Operator } from '../policy/grammar/actions.ts'
import { AT_START, alignStep, indexSlots } from '../policy/grammar/align.ts'
import { sentencesOf, slotsOf } from '../policy/grammar/sentences.ts'
import type { Step } from '../problem/problem.ts'
import { below, pick, type Random, shuffled } from '../seed/random.ts'

/** A question with the steps of its solution. */
export interface Solved {
  readonly question: string
  readonly steps: readonly Step[]
}

export interface RecombineOptions {
  /** Share of the examples whose middle sentences are put in another order. Range: 0 to 1. */
  readonly shuffle: number
  /** Share of the examples that get a part of another story. Range: 0 to 1. */
  readonly splice: number
}

/** One operation on the result so far. */
interface Operation {
  readonly operator: '+' | '-' | '*' | '/'
  /** True where the result is the right operand, as in `now = 500 - now`. */
  readonly reversed: boolean
  /** A literal, or null for the first number. */
  readonly operand: string | null
}

/** A sentence of the middle, and what it does; null where it changes nothing. */
interface Event {
  readonly sentence: string
  readonly operation: Operation | null
}

/** A solution that is one chain: its first number, then one operation after another. */
export interface Story {
  readonly opening: readonly Event[]
  /** What may stand in any order. */
  readonly middle: readonly Event[]
  readonly closing: readonly Event[]
  readonly start: { readonly sentence: string; readonly literal: string }
  readonly names: { readonly first: string; readonly later: string }
  readonly commented: boolean
}

/**
 * Reads a solution, or its first steps, as a story; null where it is none, or where which sentence a step belongs to is
 * not certain.
 */
export function readStory({ question, steps }: Solved): Story | null {
  const sentences = sentencesOf(question)
  const slots = slotsOf(question)
  if (slots.length === 0 || new Set(sentences).size !== sentences.length) return null
  const index = indexSlots(slots)
  const told: { sentence: number; operation: Operation | null; literal: string | null }[] = []
  const names = { first: '', later: '' }
  let at = AT_START
  const isWhole = steps.at(-1)?.final === true
  for (const step of isWhole ? steps.slice(0, -1) : steps) {
    const { aligned, after } = alignStep(index, step, at)
    if (aligned.slot === null || aligned.action === null || after.variables === null) return null
    const slot = slots[aligned.slot]!
    const sentence = sentences.indexOf(slot.sentence)
    if (sentence <= (told.at(-1)?.sentence ?? -1)) return null
    told.push({ sentence, operation: operationOf(ACTIONS[aligned.action]!, slot.literal), literal: slot.literal })
    if (names.first === '') names.first = after.variables.last
    else if (names.later === '' || names.later === after.variables.last) names.later = after.variables.last
    else return null
    at = after
  }
  const [first, ...rest] = told
  if (!first?.literal || rest.some(({ operation }) => operation === null)) return null
  const printed = steps.at(-1)!.text.replace(/^#.*\n/gm, '')
  if (isWhole && printed !== `print(${names.later || names.first})`) return null
  if (!isCertain(sentences, told)) return null

  const operationAt = new Map(rest.map(({ sentence, operation }) => [sentence, operation]))
  const events = sentences.map((sentence, i) => ({ sentence, operation: operationAt.get(i) ?? null }))
  // An event without a number that comes first may be told by a program that is right only there (twice the first
  // number is also as much again), so it stays first.
  const second = rest[0]
  const opened = second && second.literal === null ? second.sentence : first.sentence
  const reversed = rest.find(({ operation }) => operation!.reversed)?.sentence ?? sentences.length
  const closed = Math.min(reversed, sentences.length - 1)
  if (closed <= opened) return null
  return {
    opening: events.slice(0, opened + 1),
    middle: events.slice(opened + 1, closed),
    closing: events.slice(closed),
    start: { sentence: sentences[first.sentence]!, literal: first.literal },
    names: { first: names.first, later: names.later || 'now' },
    commented: /^#/m.test(steps[0]!.text),
  }
}

/** Writes a story as question and steps, the final one included. */
export function writeStory({ opening, middle, closing, start, names, commented }: Story): Solved {
  const events = [...opening, ...middle, ...closing]
  const steps: Step[] = []
  const add = (sentence: string, code: string): void => {
    steps.push({ text: commented ? `# ${sentence}\n${code}` : code, final: false })
  }
  let last = names.first
  add(start.sentence, `${last} = ${start.literal}`)
  for (const { sentence, operation } of events) {
    if (operation === null) continue
    const operand = operation.operand ?? names.first
    const [left, right] = operation.reversed ? [operand, last] : [last, operand]
    add(sentence, `${names.later} = ${left} ${operation.operator} ${right}`)
    last = names.later
  }
  steps.push({ text: `print(${last})`, final: true })
  return { question: events.map(({ sentence }) => sentence).join(' '), steps }
}

/** Two ways to go on from one prefix. */
export interface Rivals {
  readonly question: string
  readonly prefix: readonly Step[]
  readonly chosen: readonly Step[]
  readonly rejected: readonly Step[]
}

/**
 * The same for pairs: the two sides keep what they do at each sentence, right or wrong, in the new order. Of a pair of
 * steps only the sentences before both steps, and those after both, change places.
 */
export function retellRivals(rivals: Rivals, shuffle: number, rng: Random): Rivals {
  const { question, prefix, chosen, rejected } = rivals
  if (rng() >= shuffle) return rivals
  const isWhole = chosen.at(-1)!.final && rejected.at(-1)!.final
  if (!isWhole && (chosen.at(-1)!.final || rejected.at(-1)!.final)) return rivals
  const [better, worse] = [chosen, rejected].map((side) => readStory({ question, steps: [...prefix, ...side] }))
  if (!better || !worse) return rivals
  const from = Math.max(better.opening.length, worse.opening.length)
  const to = Math.min(...[better, worse].map((story) => story.opening.length + story.middle.length))
  const order = sentencesOf(question).map((_, i) => i)
  const [a, b] = [better, worse].map(({ opening, middle, closing }) => [...opening, ...middle, ...closing])
  const latest = [a!, b!].map((events) => events.findLastIndex(({ operation }) => operation !== null))
  const regions = isWhole
    ? [[from, to]]
    : [
        [from, Math.min(...latest, to)],
        [Math.max(from, ...latest.map((at) => at + 1)), to],
      ]
  for (const [start, end] of regions) {
    if (end! - start! > 1) order.splice(start!, end! - start!, ...shuffled(rng, order.slice(start, end)))
  }
  const tell = (story: Story, events: readonly Event[]): Solved =>
    writeStory({ ...story, opening: order.map((i) => events[i]!), middle: [], closing: [] })
  const [told, other] = [tell(better, a!), tell(worse, b!)]
  const sideOf = ({ steps }: Solved, side: readonly Step[]): Step[] =>
    steps.slice(prefix.length, prefix.length + side.length)
  return {
    question: told.question,
    prefix: told.steps.slice(0, prefix.length),
    chosen: sideOf(told, chosen),
    rejected: sideOf(other, rejected),
  }
}

/** Tells stories anew. `solved`: all examples of a training; those that are no stories come back as they are. */
export function recombiner(
  solved: readonly Solved[],
  { shuffle, splice }: RecombineOptions,
): (example: Solved, rng: Random) => Solved {
  const stories = new Map(solved.map((example) => [example, readStory(example)]))
  const longest = Math.max(0, ...solved.map(({ steps }) => steps.length))
  const partnersOf = partnerFinder([...stories.values()].filter((story) => story !== null))
  return (example, rng) => {
    const story = stories.get(example)
    if (!story) return example
    let middle = story.middle
    const room = longest - example.steps.length
    if (rng() < splice && room > 0) {
      const partners = partnersOf(story)
      if (partners.length > 0) {
        const { other, words } = pick(rng, partners)
        middle = insert(rng, middle, part(rng, other.middle, room), words)
      }
    }
    if (rng() < shuffle) middle = shuffled(rng, middle)
    return middle === story.middle ? example : writeStory({ ...story, middle })
  }
}

interface Partner {
  readonly other: Story
  readonly words: ReadonlyMap<string, string>
}

/** Finds the stories that ask the same as one, once for each wording of the question. */
function partnerFinder(stories: readonly Story[]): (story: Story) => readonly Partner[] {
  const others = stories.filter(({ middle }) => middle.length > 0)
  const known = new Map<string, Partner[]>()
  return (story) => {
    const question = story.closing.at(-1)!.sentence
    let partners = known.get(question)
    if (!partners) {
      partners = others.flatMap((other) => {
        const words = sameQuestion(story, other)
        return words ? [{ other, words }] : []
      })
      known.set(question, partners)
    }
    return partners
  }
}

/**
 * Whether two stories ask the same of other things: then the words of the second that stand for words of the first.
 * Example: 'How many cards does Mia have?' and 'How many coins does Tom have?' give coins → cards, Tom → Mia.
 */
function sameQuestion(a: Story, b: Story): ReadonlyMap<string, string> | null {
  const [asked, other] = [a, b].map(({ closing }) => closing.at(-1)!.sentence.match(/\p{L}+/gu) ?? [])
  if (asked!.length !== other!.length) return null
  const words = new Map<string, string>()
  for (const [i, word] of other!.entries()) if (word !== asked![i]) words.set(word, asked![i]!)
  return words.size * 2 < asked!.length ? words : null
}

/** Some events in a row, with at most `most` operations. */
function part(rng: Random, middle: readonly Event[], most: number): Event[] {
  const from = below(rng, middle.length)
  const length = 1 + below(rng, middle.length - from)
  let room = most
  return middle.slice(from, from + length).filter(({ operation }) => operation === null || room-- > 0)
}

function insert(
  rng: Random,
  middle: readonly Event[],
  events: readonly Event[],
  words: ReadonlyMap<string, string>,
): Event[] {
  const known = new Set(middle.map(({ sentence }) => sentence))
  const retold = events
    .map((event) => ({
      ...event,
      sentence: event.sentence.replace(/\p{L}+/gu, (word) => words.get(word) ?? word),
    }))
    .filter(({ sentence }) => !known.has(sentence))
  const at = below(rng, middle.length + 1)
  return [...middle.slice(0, at), ...retold, ...middle.slice(at)]
}

/** `operator operand` of the grammar as an operation on the literal of its slot; null for the start and for leaving out. */
function operationOf(action: string, literal: string | null): Operation | null {
  const [operator, operand] = action.split(' ') as [Operator, string | undefined]
  if (operand === undefined) return null
  const reversed = operator.startsWith('r')
  const plain = (reversed ? operator.slice(1) : operator) as Operation['operator']
  return { operator: plain, reversed, operand: operand === 'number' ? literal : operand === 'two' ? '2' : null }
}

/** Whether each step without a number had only one sentence to come from. */
function isCertain(
  sentences: readonly string[],
  told: readonly { sentence: number; literal: string | null }[],
): boolean {
  const last = sentences.length - 1
  return told.every(({ sentence, literal }, i) => {
    if (literal !== null) return true
    const from = told.slice(0, i).findLast((step) => step.literal !== null)?.sentence ?? -1
    const to = told.slice(i).find((step) => step.literal !== null)?.sentence ?? last
    const silent = sentences.slice(from + 1, to).filter((text) => !/\d/.test(text)).length
    const steps = told.filter((step) => step.literal === null && step.sentence > from && step.sentence < to).length
    return silent === steps && sentence < last
  })
}
