// Right answers by luck. A program that is wrong in reasoning may print the right number: the smaller the answer and the
// more programs were tried, the easier. Of all problems that programs were tried on, some share is within reach: their
// reasoning is among the programs. The others are hit with the probability of chance alone. That share, and how many
// numbers of its question a sound program leaves unused, are estimated from the round itself (expectation maximisation),
// so where nearly all is solved nothing is suspected, and where next to nothing is, next to everything.
// Language enters only by the numbers in the questions. Pure, without a seed; needs no gold reasoning.
import { codeOf } from '../model/step-format.ts'
import type { Step } from '../problem/problem.ts'
import type { Tree } from '../search/tree.ts'
import { chanceOfHit } from './chance.ts'
import { type Trajectory, trajectories } from './trajectories.ts'
import { askedNumbers, codeNumbers, numberUse } from './used-numbers.ts'

/** What a round's trees say about luck. */
export interface Luck {
  /** Share of the problems with answers whose right reasoning is among the programs tried. In [0, 1]. */
  readonly withinReach: number
  /**
   * For the trees of one problem, all that a round has: the probability that a right trajectory of theirs is an accident,
   * in [0, 1]. It is 1 for a program that uses none of the numbers of its question.
   */
  accident(trees: readonly Tree[]): (trajectory: Trajectory) => number
}

/** Reads trees, those of one problem together, and then tells. */
export interface LuckSurvey {
  /** Counts the trees of one problem; each problem once. */
  add(trees: readonly Tree[]): void
  luck(): Luck
}

/** Numbers that a program leaves unused: none, one, two, more; or it uses none of them. */
const [MANY, ALL] = [3, 4]
const CLASSES = ALL + 1
/** Weight of the wrong programs' habits in those of sound ones, in problems: what little evidence has to outweigh. */
const PRIOR = 4
const ITERATIONS = 200

/** What was tried on a problem. */
interface Tried {
  /** Chance that one of the programs tried hits the reference. */
  chance(): number
  readonly programs: readonly Trajectory[]
  /** Which class a program falls in; null where its question has no numbers. */
  classOf(trajectory: Trajectory): number | null
}

/** Reads all trees of a problem: distinct programs that printed an answer. Steps are shared by many, so each is read once. */
function read(trees: readonly Tree[]): Tried {
  const { question, answer } = trees[0]!.problem
  const asked = askedNumbers(question)
  const known = new Map<Step, { readonly code: string; readonly numbers: readonly number[] }>()
  const stepOf = (step: Step) => {
    let found = known.get(step)
    if (found === undefined) {
      const code = codeOf(step)
      found = { code, numbers: codeNumbers(code) }
      known.set(step, found)
    }
    return found
  }
  const programs = new Map<string, Trajectory>()
  for (const trajectory of trees.flatMap(trajectories)) {
    const key = JSON.stringify(trajectory.steps.map((step) => stepOf(step).code))
    if (!programs.has(key)) programs.set(key, trajectory)
  }
  const answers = [...programs.values()].map((program) => program.answer)
  return {
    programs: [...programs.values()],
    chance: () => chanceOfHit(answer, answers),
    classOf({ steps }) {
      const use = numberUse(
        asked,
        steps.flatMap((step) => stepOf(step).numbers),
      )
      if (use.usesNone) return ALL
      return use.asked === 0 ? null : Math.min(MANY, use.unused)
    },
  }
}

/**
 * A survey of luck: give it the trees of every problem of a round, then ask.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * const tree = newTree(problem!)
 * const survey = surveyLuck()
 * survey.add([tree])
 * const accident = survey.luck().accident([tree])
 * trajectories(tree).filter(({ right }) => right).map(accident) // []
 */
export function surveyLuck(): LuckSurvey {
  /** Of wrong programs: how many fall in each class. One more each, so that no class is impossible. */
  const wrong = new Array<number>(CLASSES).fill(1)
  /** Of each problem that was hit: the probability of chance, and the class of its most faithful right program. */
  const hits: { readonly chance: number; readonly best: number | null }[] = []
  let problems = 0
  return {
    add(trees) {
      const { programs, chance, classOf } = read(trees)
      if (programs.length === 0) return
      problems++
      const right: (number | null)[] = []
      for (const program of programs) {
        const at = classOf(program)
        if (program.right === true) right.push(at)
        else if (at !== null) wrong[at]!++
      }
      if (right.length === 0) return
      const best = right.reduce((least, at) => (at === null || least === null ? null : Math.min(least, at)))
      hits.push({ chance: chance(), best })
    },
    luck() {
      const byChance = normalised(wrong)
      let bySound = byChance
      let withinReach = 0.5
      const soundness = (chance: number, at: number | null): number => {
        if (at === ALL) return 0
        const sound = withinReach * (at === null ? 1 : bySound[at]!)
        const lucky = (1 - withinReach) * chance * (at === null ? 1 : byChance[at]!)
        return sound / (sound + lucky)
      }
      for (let i = 0; i < ITERATIONS; i++) {
        const counts = byChance.map((share) => PRIOR * share)
        let sum = 0
        for (const { chance, best } of hits) {
          const weight = soundness(chance, best)
          sum += weight
          if (best !== null) counts[best]! += weight
        }
        withinReach = sum / Math.max(1, problems)
        bySound = normalised(counts)
      }
      return {
        withinReach,
        accident(trees) {
          let tried: { readonly chance: number; readonly classOf: Tried['classOf'] } | undefined
          return (trajectory) => {
            if (tried === undefined) {
              const { chance, classOf } = read(trees) // most problems are never asked about
              tried = { chance: chance(), classOf }
            }
            return 1 - soundness(tried.chance, tried.classOf(trajectory))
          }
        },
      }
    },
  }
}

function normalised(counts: readonly number[]): number[] {
  const sum = counts.reduce((total, count) => total + count, 0)
  return counts.map((count) => count / sum)
}
