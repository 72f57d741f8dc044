// Tells a chain of operations as a story: what happens is drawn here, with which words is said elsewhere (families/).
// In a sentence `#` stands for a number that the answer needs, `@` for one that it does not, `{…}` for a word of the cast.
// Words are few on purpose: a very small model has to learn them all from a few hundred problems. Some events are told
// apart by the order of the words alone ("Mia gives a friend …", "A friend gives Mia …"), so counting words is not enough.
import { fillTemplate } from '../lib/problem/counterfactual.ts'
import type { ProblemDraft, ProblemFamily } from '../lib/problem/family.ts'
import { below, pick, type Random } from '../lib/seed/random.ts'

/** The words of one kind of story. Each list holds wordings of the same event. */
export interface StoryWords {
  readonly name: string
  /** Words that are drawn once for a problem. */
  readonly cast: Readonly<Record<string, readonly string[]>>
  /** How it starts: one `#` gives the first number, a second one multiplies it. */
  readonly opening: readonly (readonly string[])[]
  readonly plus: readonly string[]
  readonly minus: readonly string[]
  readonly times: readonly string[]
  readonly divide: readonly string[]
  /** Events without a number; a story may lack any of them. `again` adds the first number once more. */
  readonly double?: readonly string[]
  readonly half?: readonly string[]
  readonly again?: readonly string[]
  /** Facts that change nothing. */
  readonly distractor?: readonly string[]
  /** A last sentence with the total that the result is taken from. */
  readonly total?: readonly string[]
  readonly question: string
}

/** A family of stories, with its words to build another one from. */
export interface StoryFamily extends ProblemFamily {
  readonly words: StoryWords
}

/** The family whose problems are told with these words, named as they are. */
export const storyFamily = (words: StoryWords): StoryFamily => ({
  name: words.name,
  words,
  draw: (rng, operations) => tell(rng, words, operations),
})

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

/** A story under way: the value so far is exact, `program` computes it from the slots. */
interface Chapter {
  readonly rng: Random
  readonly words: StoryWords
  readonly cast: Readonly<Record<string, string>>
  readonly sentences: string[]
  readonly numbers: number[]
  value: number
  program: string
  first: { value: number; slot: number }
  last: Event | null
}

/** One attempt; null when the numbers do not work out. */
function tell(rng: Random, words: StoryWords, operations: number): ProblemDraft | null {
  const cast = Object.fromEntries(Object.entries(words.cast).map(([role, choices]) => [role, pick(rng, choices)]))
  const first = { value: 0, slot: -1 }
  const story: Chapter = { rng, words, cast, sentences: [], numbers: [], value: 0, program: '', first, last: null }
  const used = open(story)
  if (used === null) return null
  const body = operations - used - (words.total ? 1 : 0)
  if (body < 0) return null // the opening and the total are more than was asked for
  const hasDistractor = words.distractor !== undefined && rng() < DISTRACTOR_SHARE
  const distractorAt = hasDistractor ? below(rng, body + 1) : -1
  for (let i = 0; i <= body; i++) {
    if (i === distractorAt) say(story, pick(rng, words.distractor!), 11 + below(rng, 89))
    if (i < body && !happen(story)) return null
  }
  if (words.total && !state(story, pick(rng, words.total))) return null
  if (new Set(story.numbers).size < story.numbers.length) return null
  const text = [...story.sentences, castInto(words.question, cast)].join(' ')
  const { numbers, program, value } = story
  return {
    question: fillTemplate(text, numbers),
    answer: String(value),
    template: { text, numbers, program, operations },
  }
}

/** The first sentences; how many operations they hold. */
function open(story: Chapter): number | null {
  const { rng, words } = story
  let operations = 0
  const wording = pick(rng, words.opening)
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
  const { rng, words } = story
  // Twice the first number is also as much again: told first, the two could never be told apart.
  const isFirst = story.program === `n${story.first.slot}`
  const references = (isFirst ? (['half'] as const) : (['double', 'half', 'again'] as const)).filter(
    (event) => words[event] !== undefined,
  )
  const event: Event =
    references.length > 0 && rng() < REFERENCE_SHARE
      ? pick(rng, references)
      : pick(rng, ['plus', 'minus', 'times', 'divide'] as const)
  const undoes = (event === 'double' && story.last === 'half') || (event === 'half' && story.last === 'double')
  if (undoes || (event === story.last && !REPEATABLE.has(event))) return false
  story.last = event
  const sentence = pick(rng, words[event]!)
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
