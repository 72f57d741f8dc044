// Seeded numeric word problems: a chain of k dependent operations told as a story, with the exact answer and the
// template that asks the same question with other numbers. Easy is k = 1 and 2, medium 3 and 4, hard 5 and 6.
import { fillTemplate } from '../lib/problem/counterfactual.ts'
import type { Problem } from '../lib/problem/problem.ts'
import { normalizeQuestion } from '../lib/problem/split.ts'
import { below, pick, type Random, random } from '../lib/seed/random.ts'
import { families as allFamilies, type Family } from './families.ts'

export interface GenerateOptions {
  readonly seed: number
  /** How many problems with k = 1, 2 … operations. Up to six entries. */
  readonly counts: readonly number[]
  /** Names of the families to use, in turn. @default all */
  readonly families?: readonly string[]
  /** Put before each id, so that sets can be mixed. @default 'p' */
  readonly idPrefix?: string
  /** Questions that must not appear again. @default none */
  readonly except?: readonly Problem[]
}

/** Results stay whole, from this … */
const SMALLEST = 8
/** … to this. Small results would be hit by chance. */
const LARGEST = 20_000
/** Share of operations that name no number (twice, half, as at the start) in families that have such. */
const REFERENCE_SHARE = 0.25
/** Share of problems with a distractor in families that have such. */
const DISTRACTOR_SHARE = 0.6
/** Largest amount a total is stated for, so that no question has a number of more than three digits. */
const LARGEST_BEFORE_TOTAL = 700
/** Draws of one problem before the family is called impossible. */
const DRAWS = 20_000

/**
 * Problems with distinct questions, families in turn, shortest first. The same seed gives the same problems.
 * Throws a RangeError for an unknown family or counts that are not whole numbers.
 */
export function generateProblems(options: GenerateOptions): Problem[] {
  const { seed, counts, idPrefix = 'p', except = [] } = options
  const chosen = chooseFamilies(options.families)
  if (counts.length > 6 || counts.some((count) => !Number.isInteger(count) || count < 0))
    throw new RangeError(`Expected up to six whole numbers in \`counts\`, got ${JSON.stringify(counts)}`)
  const questions = new Set(except.map((problem) => normalizeQuestion(problem.question)))
  const problems: Problem[] = []
  counts.forEach((count, index) => {
    const operations = index + 1
    for (let i = 0; i < count; i++) {
      const family = chosen[(i + index) % chosen.length]!
      const rng = random(seed, 'problem', operations, i)
      const id = `${idPrefix}${operations}-${String(i).padStart(4, '0')}-${family.name}`
      problems.push(newProblem(rng, family, operations, id, questions))
    }
  })
  return problems
}

/** A small data set of the default kind: 800 training problems (k = 1 … 6) and 30 held-out ones for each k; no question in both. */
export function defaultProblems(seed: number): { train: Problem[]; heldOut: Problem[] } {
  const train = generateProblems({ seed, counts: [120, 160, 160, 160, 120, 80], idPrefix: 't' })
  const heldOut = generateProblems({
    seed: seed ^ 0x5eed,
    counts: [30, 30, 30, 30, 30, 30],
    idPrefix: 'h',
    except: train,
  })
  return { train, heldOut }
}

/** The band that a number of operations belongs to. */
export const bandOf = (operations: number): 'easy' | 'medium' | 'hard' =>
  operations <= 2 ? 'easy' : operations <= 4 ? 'medium' : 'hard'

function chooseFamilies(names: readonly string[] | undefined): readonly Family[] {
  if (names === undefined) return allFamilies
  return names.map((name) => {
    const family = allFamilies.find((each) => each.name === name)
    if (family) return family
    const known = allFamilies.map((each) => each.name).join(', ')
    throw new RangeError(`Expected a family out of ${known}; got ${JSON.stringify(name)}`)
  })
}

function newProblem(rng: Random, family: Family, operations: number, id: string, questions: Set<string>): Problem {
  for (let draw = 0; draw < DRAWS; draw++) {
    const story = tell(rng, family, operations)
    if (story === null) continue
    const question = fillTemplate(story.text, story.numbers)
    const key = normalizeQuestion(question)
    if (questions.has(key)) continue
    questions.add(key)
    return {
      id,
      question,
      answer: String(story.answer),
      level: bandOf(operations),
      source: `generated/${family.name}`,
      template: { text: story.text, numbers: story.numbers, program: story.program, operations },
    }
  }
  throw new Error(`The family ${family.name} told no new story with ${operations} operations in ${DRAWS} draws`)
}

/** A story under way: the value so far is exact, `program` computes it from the slots. */
interface Chapter {
  readonly rng: Random
  readonly family: Family
  readonly cast: Readonly<Record<string, string>>
  readonly sentences: string[]
  readonly numbers: number[]
  value: number
  program: string
  first: { value: number; slot: number }
  last: Event | null
}

interface Story {
  readonly text: string
  readonly numbers: readonly number[]
  readonly program: string
  readonly answer: number
}

/** One attempt; null when the numbers do not work out. */
function tell(rng: Random, family: Family, operations: number): Story | null {
  const cast = Object.fromEntries(Object.entries(family.cast).map(([role, words]) => [role, pick(rng, words)]))
  const first = { value: 0, slot: -1 }
  const story: Chapter = { rng, family, cast, sentences: [], numbers: [], value: 0, program: '', first, last: null }
  const used = open(story)
  if (used === null) return null
  const body = operations - used - (family.total ? 1 : 0)
  const hasDistractor = family.distractor !== undefined && rng() < DISTRACTOR_SHARE
  const distractorAt = hasDistractor ? below(rng, body + 1) : -1
  for (let i = 0; i <= body; i++) {
    if (i === distractorAt) say(story, pick(rng, family.distractor!), 11 + below(rng, 89))
    if (i < body && !happen(story)) return null
  }
  if (family.total && !state(story, pick(rng, family.total))) return null
  if (new Set(story.numbers).size < story.numbers.length) return null
  const text = [...story.sentences, castInto(family.question, cast)].join(' ')
  return { text, numbers: story.numbers, program: story.program, answer: story.value }
}

/** The first sentences; how many operations they hold. */
function open(story: Chapter): number | null {
  const { rng, family } = story
  let operations = 0
  const wording = pick(rng, family.opening)
  const amounts = wording.filter((sentence) => sentence.includes('#')).length
  for (const sentence of wording) {
    if (sentence.includes('@')) say(story, sentence, 11 + below(rng, 89))
    else if (!sentence.includes('#')) say(story, sentence)
    else if (story.first.slot < 0) {
      story.value = amounts > 1 ? 11 + below(rng, 60) : 13 + below(rng, 388)
      story.first = { value: story.value, slot: story.numbers.length }
      story.program = `n${story.first.slot}`
      say(story, sentence, story.value)
    } else {
      operations++
      if (!operate(story, '*', sentence, amounts > 1 ? 11 + below(rng, 30) : 3 + below(rng, 8))) return null
    }
  }
  return operations
}

type Event = 'plus' | 'minus' | 'times' | 'divide' | 'double' | 'half' | 'again'

/** Events that a story may tell twice in a row. */
const REPEATABLE: ReadonlySet<Event> = new Set(['plus', 'minus'])

/** One operation, told in one sentence; false when the numbers do not work out. */
function happen(story: Chapter): boolean {
  const { rng, family } = story
  // Twice the first number is also as much again: told first, the two could never be told apart.
  const isFirst = story.program === `n${story.first.slot}`
  const references = (isFirst ? (['half'] as const) : (['double', 'half', 'again'] as const)).filter(
    (event) => family[event] !== undefined,
  )
  const event: Event =
    references.length > 0 && rng() < REFERENCE_SHARE
      ? pick(rng, references)
      : pick(rng, ['plus', 'minus', 'times', 'divide'] as const)
  const undoes = (event === 'double' && story.last === 'half') || (event === 'half' && story.last === 'double')
  if (undoes || (event === story.last && !REPEATABLE.has(event))) return false
  story.last = event
  const sentence = pick(rng, family[event]!)
  switch (event) {
    case 'plus':
      return operate(story, '+', sentence, 7 + below(rng, 290))
    case 'minus':
      return (
        story.value > 20 && operate(story, '-', sentence, 5 + below(rng, Math.min(story.value - SMALLEST, 390) - 4))
      )
    case 'times':
      return operate(story, '*', sentence, 3 + below(rng, 8))
    case 'divide':
      return divideEvenly(story, sentence)
    case 'double':
      return settle(story, sentence, story.value * 2, `(${story.program} * 2)`)
    case 'half':
      return settle(story, sentence, story.value / 2, `(${story.program} / 2)`)
    case 'again':
      return settle(story, sentence, story.value + story.first.value, `(${story.program} + n${story.first.slot})`)
  }
}

/** The total that the result is taken from: a number above it. */
function state(story: Chapter, sentence: string): boolean {
  if (story.value > LARGEST_BEFORE_TOTAL) return false
  const total = story.value + 7 + below(story.rng, 290)
  const program = `(n${story.numbers.length} - ${story.program})`
  say(story, sentence, total)
  return settle(story, null, total - story.value, program)
}

function operate(story: Chapter, operator: '+' | '-' | '*' | '/', sentence: string, number: number): boolean {
  const { value } = story
  const next =
    operator === '+'
      ? value + number
      : operator === '-'
        ? value - number
        : operator === '*'
          ? value * number
          : value / number
  const program = `(${story.program} ${operator} n${story.numbers.length})`
  say(story, sentence, number)
  return settle(story, null, next, program)
}

function divideEvenly(story: Chapter, sentence: string): boolean {
  const divisors = [3, 4, 5, 6, 7, 8, 9].filter((d) => story.value % d === 0 && !story.numbers.includes(d))
  return divisors.length > 0 && operate(story, '/', sentence, pick(story.rng, divisors))
}

function settle(story: Chapter, sentence: string | null, value: number, program: string): boolean {
  if (sentence !== null) say(story, sentence)
  story.value = value
  story.program = program
  return Number.isInteger(value) && value >= SMALLEST && value <= LARGEST
}

function say(story: Chapter, sentence: string, number?: number): void {
  const slot = `{${story.numbers.length}}`
  story.sentences.push(castInto(sentence, story.cast).replace(/[#@]/, slot))
  if (number !== undefined) story.numbers.push(number)
}

const castInto = (sentence: string, cast: Readonly<Record<string, string>>): string =>
  sentence.replace(/\{([a-z]+)\}/g, (role, name: string) => cast[name] ?? role)
