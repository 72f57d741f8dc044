// Seeded problems of several families with exact answers, and with templates that ask the same question with other
// numbers. Easy is k = 1 and 2 dependent operations, medium 3 and 4, hard 5 and 6.
import { expectKnown, type OptionNames } from '../lib/options/expect-known.ts'
import type { ProblemFamily } from '../lib/problem/family.ts'
import type { Problem } from '../lib/problem/problem.ts'
import { normalizeQuestion } from '../lib/problem/split.ts'
import { type Random, random } from '../lib/seed/random.ts'
import { checkDraft } from './check-draft.ts'
import { families as builtIn } from './families/index.ts'

/** Which problems to make, and how many of each length. */
export interface GenerateOptions {
  /** Decides every word and number. An integer. */
  readonly seed: number
  /** How many problems with k = 1, 2 … operations. Up to six entries. */
  readonly counts: readonly number[]
  /** The families to use, in turn: own ones, and built-in ones by name. @default all built-in ones */
  readonly families?: readonly (string | ProblemFamily)[]
  /** Put before each id, so that sets can be mixed. @default 'p' */
  readonly idPrefix?: string
  /** Problems whose questions must not appear again. @default none */
  readonly except?: Iterable<Problem>
}

/** Draws of one problem before the family is called impossible. */
const DRAWS = 20_000

/**
 * Problems with distinct questions, families in turn, shortest first. The same seed gives the same problems.
 * Throws a RangeError for an unknown family or counts that are not whole numbers, an Error for a family that breaks its
 * contract or has no new problem.
 */
export const generateProblems = (options: GenerateOptions): Problem[] => [...generatedProblems(options)]

/**
 * The same problems, made one by one each time they are gone through: only their questions are kept meanwhile.
 * Throws as `generateProblems`; what a family does wrong is told when it does it.
 */
export function generatedProblems(options: GenerateOptions): Iterable<Problem> {
  expectKnown('generateProblems', options, GENERATE_OPTIONS)
  const { counts } = options
  const families = chooseFamilies(options.families)
  if (counts.length > 6 || counts.some((count) => !Number.isInteger(count) || count < 0))
    throw new RangeError(`Expected up to six whole numbers in \`counts\`, got ${JSON.stringify(counts)}`)
  return { [Symbol.iterator]: () => draws(families, options) }
}

function* draws(families: readonly ProblemFamily[], options: GenerateOptions): Generator<Problem, void, void> {
  const { seed, counts, idPrefix = 'p', except = [] } = options
  const questions = new Set<string>()
  for (const { question } of except) questions.add(normalizeQuestion(question))
  for (const [index, count] of counts.entries()) {
    const operations = index + 1
    for (let i = 0; i < count; i++) {
      const family = families[(i + index) % families.length]!
      const rng = random(seed, 'problem', operations, i)
      const id = `${idPrefix}${operations}-${String(i).padStart(4, '0')}-${family.name}`
      yield newProblem(rng, family, operations, id, questions)
    }
  }
}

/**
 * A small data set of the default kind: 800 training problems (k = 1 … 6) and 30 held-out ones for each k; no question in
 * both. Errors: none for any seed.
 */
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

function chooseFamilies(wanted: readonly (string | ProblemFamily)[] = builtIn): readonly ProblemFamily[] {
  if (wanted.length === 0) throw new RangeError('Expected at least one family in `families`, got none')
  const names = wanted.map((nameOrFamily) => (typeof nameOrFamily === 'string' ? nameOrFamily : nameOrFamily.name))
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined)
    throw new RangeError(
      `Expected families of different names, got ${JSON.stringify(twice)} twice: ids and sources hold it`,
    )
  return wanted.map((nameOrFamily) => {
    if (typeof nameOrFamily !== 'string') return nameOrFamily
    const family = builtIn.find(({ name }) => name === nameOrFamily)
    if (family) return family
    const known = builtIn.map(({ name }) => name).join(', ')
    throw new RangeError(`Expected a family out of ${known}; got ${JSON.stringify(nameOrFamily)}`)
  })
}

function newProblem(
  rng: Random,
  family: ProblemFamily,
  operations: number,
  id: string,
  questions: Set<string>,
): Problem {
  for (let attempt = 0; attempt < DRAWS; attempt++) {
    const draft = family.draw(rng, operations)
    if (draft === null) continue
    checkDraft(draft, family, operations)
    const { question, answer, template } = draft
    const key = normalizeQuestion(question)
    if (questions.has(key)) continue
    questions.add(key)
    const level = bandOf(operations)
    return { id, question, answer, level, source: `generated/${family.name}`, ...(template && { template }) }
  }
  throw new Error(`The family ${family.name} told no new story with ${operations} operations in ${DRAWS} draws`)
}

const GENERATE_OPTIONS: OptionNames<GenerateOptions> = {
  seed: true,
  counts: true,
  families: true,
  idPrefix: true,
  except: true,
}
