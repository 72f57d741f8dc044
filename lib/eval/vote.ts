// Choosing one answer of many without knowing the right one. Answers count as the same when `equivalent` says so of
// the first of their group; ties go to the answer that was given first, so that equal input gives an equal choice
// (the released code breaks ties at random).

/** True when two answers mean the same. */
export type Equivalent = (a: string, b: string) => boolean

/** The chosen answer. */
export interface Choice {
  readonly answer: string
  /** Position of `answer` in the list that was voted on. */
  readonly index: number
  /** Votes or summed score of the group, or the score of the single best. */
  readonly weight: number
}

/** An answer with the PPM's score of its trajectory, in [-1, 1]. `undefined` answers take part in no vote. */
export interface ScoredAnswer {
  readonly answer: string | undefined
  readonly score: number
}

/**
 * The commonest answer (maj@k) of a list in which undefined stands for none. Undefined when no candidate has one. Of
 * equally common answers the one that was given first.
 * @example
 * majority(['4', '5', '4.0'], numericGrader.equivalent) // { answer: '4', index: 0, weight: 2 }
 */
export function majority(answers: readonly (string | undefined)[], equivalent: Equivalent): Choice | undefined {
  return heaviest(
    answers.map((answer) => ({ answer, score: 1 })),
    equivalent,
  )
}

/**
 * The answer with the largest sum of weights, by default of scores in [-1, 1] (released code: score-weighted vote).
 * Negative scores speak against their answer; pass `(score) => (1 + score) / 2` to let every vote count for it.
 * Undefined when no candidate has an answer.
 * Errors: a RangeError for a score that is not finite.
 * @example
 * const candidates = [{ answer: '4', score: 0.5 }, { answer: '5', score: 0.75 }, { answer: '4.0', score: 0.5 }]
 * scoreWeighted(candidates, numericGrader.equivalent) // { answer: '4', index: 0, weight: 1 }
 */
export function scoreWeighted(
  candidates: readonly ScoredAnswer[],
  equivalent: Equivalent,
  weight: (score: number) => number = (score) => score,
): Choice | undefined {
  return heaviest(
    candidates.map(({ answer, score }) => ({ answer, score: weight(finite(score)) })),
    equivalent,
  )
}

/**
 * The answer of the best-scored candidate (ppm@k, best-of-N; the paper's choice), the first of equal ones. Scores in
 * [-1, 1]. Undefined when no candidate has an answer.
 * Errors: a RangeError for a score that is not finite, of a candidate with an answer.
 * @example
 * bestByScore([{ answer: '4', score: 0.5 }, { answer: '5', score: 0.9 }]) // { answer: '5', index: 1, weight: 0.9 }
 */
export function bestByScore(candidates: readonly ScoredAnswer[]): Choice | undefined {
  let best: Choice | undefined
  for (const [index, { answer, score }] of candidates.entries()) {
    if (answer === undefined) continue
    if (best === undefined || finite(score) > best.weight) best = { answer, index, weight: finite(score) }
  }
  return best
}

function heaviest(candidates: readonly ScoredAnswer[], equivalent: Equivalent): Choice | undefined {
  const groups: { answer: string; index: number; weight: number }[] = []
  for (const [index, { answer, score }] of candidates.entries()) {
    if (answer === undefined) continue
    const group = groups.find((known) => known.answer === answer || equivalent(known.answer, answer))
    if (group) group.weight += score
    else groups.push({ answer, index, weight: score })
  }
  return groups.reduce<Choice | undefined>(
    (best, group) => (best === undefined || group.weight > best.weight ? group : best),
    undefined,
  )
}

function finite(score: number): number {
  if (Number.isFinite(score)) return score
  throw new RangeError(`Expected a finite score, got \`${score}\`. Did the PPM's training diverge?`)
}
