// The next step as an exact distribution. From the slot after the last used one the grammar walks on, leaves slots alone
// with the probability of their skip, and uses the first it does not leave; walking past the end means printing.
// Now and then it jumps to any slot instead, or prints early, so that every program stays reachable.
import { ACTIONS, codeOf, operationOf, SKIP } from './actions.ts'
import type { Position } from './align.ts'
import type { Slot } from './sentences.ts'

/** How the grammar walks through the numbers of a question. */
export interface WalkOptions {
  /** Probability of looking at a random slot instead of the next one. [0, 1). @default 0.08 */
  readonly jump?: number
  /** Probability of printing before all slots were looked at. [0, 1). @default 0.05 */
  readonly early?: number
  /** Probability of printing when all slots were looked at. (0, 1]. @default 0.9 */
  readonly end?: number
  /** Probability of leaving a slot alone that a step has used already. [0, 1). @default 0.9 */
  readonly reuse?: number
  /** Whether a step quotes its sentence as a comment. @default true */
  readonly comments?: boolean
}

/** The distribution of the next step. Entry i uses `slots[i]` with `actions[i]`; a slot of -1 is the final step. */
export interface NextStep {
  readonly slots: readonly number[]
  readonly actions: readonly number[]
  /** Running sums of the probabilities; the last is 1. Empty when there is nothing to propose. */
  readonly cumulative: Float64Array
}

export const FINAL = -1

/** Operations on the first result that write the same code while it is also the latest. */
const TWINS: ReadonlyMap<number, number> = new Map(
  (['-', '/'] as const).flatMap((operator) => {
    const plain = operationOf(operator, 'start')
    const reversed = operationOf(`r${operator}`, 'start')
    return [
      [plain, reversed],
      [reversed, plain],
    ]
  }),
)

/** `distributions[i]` is p(action | slot i) in the phase of `at`. */
export function nextStep(
  slots: readonly Slot[],
  distributions: readonly Float64Array[],
  at: Position,
  options: WalkOptions = {},
): NextStep {
  const { jump = 0.08, early = 0.05, end = 0.9, reuse = 0.9 } = options
  const starting = at.variables === null
  const leave = distributions.map((p, i) => (at.used.includes(i) ? Math.max(p[SKIP]!, reuse) : p[SKIP]!))
  const reached = new Float64Array(slots.length + 1)
  const done = at.next >= slots.length
  const finish = starting ? 0 : done ? end : early
  const jumping = (1 - finish) * (done ? 1 : jump)
  if (!done) walk(leave, at.next, 1 - finish - jumping, reached)
  for (let i = 0; i < slots.length; i++) walk(leave, i, jumping / slots.length, reached)
  const sameOperands = at.variables !== null && at.variables.first === at.variables.last
  return tabulate(distributions, reached, starting ? 0 : finish + reached[slots.length]!, sameOperands)
}

/** Adds to `reached[i]` the probability of using slot i when walking from `from`; the last entry is the end. */
function walk(leave: readonly number[], from: number, mass: number, reached: Float64Array): void {
  let left = mass
  for (let i = from; i < leave.length; i++) {
    reached[i] = reached[i]! + left * (1 - leave[i]!)
    left *= leave[i]!
  }
  reached[leave.length] = reached[leave.length]! + left
}

/** Lists what can be proposed. With one result so far, `start - start` either way round is one and the same step. */
function tabulate(
  distributions: readonly Float64Array[],
  reached: Float64Array,
  final: number,
  sameOperands: boolean,
): NextStep {
  const slots: number[] = []
  const actions: number[] = []
  const sums: number[] = []
  let sum = 0
  const push = (slot: number, action: number, p: number): void => {
    if (!(p > 0)) return
    slots.push(slot)
    actions.push(action)
    sum += p
    sums.push(sum)
  }
  push(FINAL, SKIP, final)
  distributions.forEach((p, slot) => {
    const used = 1 - p[SKIP]!
    for (let action = SKIP + 1; used > 0 && action < ACTIONS.length; action++) {
      const twin = sameOperands ? TWINS.get(action) : undefined
      if (twin === undefined || twin > action)
        push(slot, action, (reached[slot]! * (p[action]! + (twin === undefined ? 0 : p[twin]!))) / used)
    }
  })
  return { slots, actions, cumulative: Float64Array.from(sums, (each) => each / sum) }
}

/** Entry for a uniform number in [0, 1). */
export function drawEntry(next: NextStep, uniform: number): number {
  let low = 0
  let high = next.cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (next.cumulative[middle]! > uniform) high = middle
    else low = middle + 1
  }
  return low
}

/** Natural log of the probability of entry `i`. */
export const logProbabilityOf = (next: NextStep, i: number): number =>
  Math.log(next.cumulative[i]! - (i > 0 ? next.cumulative[i - 1]! : 0))

/** The step that entry `i` stands for. */
export function stepText(slots: readonly Slot[], next: NextStep, i: number, at: Position, comments = true): string {
  if (next.slots[i] === FINAL) return `print(${at.variables!.last})`
  const slot = slots[next.slots[i]!]!
  const code = codeOf(next.actions[i]!, slot, at.variables)
  return comments ? `# ${slot.sentence}\n${code}` : code
}
