// How often a PPM prefers the side of a held-out pair that led to a right answer.
import type { PreferencePair } from '../pairs/preference-pairs.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import type { Step } from '../problem/problem.ts'
import { type Measure, wilson } from './intervals.ts'

/** Share of pairs whose chosen side scores higher, in all; ties count as wrong. Undefined without pairs. */
export async function pairAccuracy(
  pairs: readonly PreferencePair[],
  questions: ReadonlyMap<string, string>,
  ppm: Ppm,
): Promise<Measure | undefined> {
  const side = (pair: PreferencePair, steps: readonly Step[], printed: string | null) => ({
    prefix: {
      problemId: pair.problemId,
      question: questions.get(pair.problemId)!,
      steps: [...pair.prefix, ...steps.slice(0, -1)],
    },
    candidates: [steps.at(-1)!],
    printed: [printed],
  })
  const scores = await ppm.score(
    pairs.flatMap((pair) => [
      side(pair, pair.chosen, pair.chosenAnswer),
      side(pair, pair.rejected, pair.rejectedAnswer),
    ]),
  )
  const right = pairs.filter((_, i) => scores[2 * i]![0]! > scores[2 * i + 1]![0]!).length
  return wilson(right, pairs.length)
}
