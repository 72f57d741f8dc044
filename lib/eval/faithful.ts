// Right answers reached by wrong reasoning: a trajectory is faithful when its program stays right after the numbers of
// the question are changed. Only generated problems can be asked again with other numbers.

import { counterfactual } from '../problem/counterfactual.ts'
import type { Grader } from '../problem/grader.ts'
import type { Problem, Step } from '../problem/problem.ts'
import { random } from '../seed/random.ts'
import type { Verifier } from '../verify/contract.ts'
import { runPrograms } from './strategies/greedy.ts'

/** Times the numbers are changed; the program must be right each time. */
const CHANGES = 2

/**
 * For each trajectory whether its program stays right; null where the numbers cannot be changed: no template, or two
 * numbers of the question that are equal. A program with the answer written into it does not stay right.
 */
export async function faithfulness(
  trajectories: readonly { readonly problem: Problem; readonly steps: readonly Step[] }[],
  { verifier, grader }: { verifier: Verifier; grader: Grader },
): Promise<(boolean | null)[]> {
  const changed = trajectories.map(({ problem, steps }) =>
    Array.from({ length: CHANGES }, (_, i) =>
      counterfactual(problem, steps, random(0, 'counterfactual', problem.id, i)),
    ),
  )
  const cases = changed.flatMap((list, index) => list.flatMap((asked) => (asked === null ? [] : [{ index, asked }])))
  const answers = await runPrograms(
    cases.map(({ asked }) => asked.steps),
    verifier,
  )
  const verdicts: (boolean | null)[] = changed.map((list) => (list.some((asked) => asked === null) ? null : true))
  for (const [i, { index, asked }] of cases.entries()) {
    const answer = answers[i]!
    if (verdicts[index] === true) verdicts[index] = answer !== null && grader.equivalent(answer, asked.answer)
  }
  return verdicts
}
