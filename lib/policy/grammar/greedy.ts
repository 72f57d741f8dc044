// The grammar's own answer to a question: at every slot the likeliest action, in order.
import type { Step } from '../../problem/problem.ts'
import { ACTIONS, codeOf, SKIP, START, type Variables } from './actions.ts'
import type { Slot } from './sentences.ts'

/**
 * `distributions.start[i]` and `.operate[i]` are p(action | slot i) before and after the first result. Starts at the
 * first number that is likelier used than left alone, else at the likeliest. Empty when no slot has a number.
 */
export function answerGreedily(
  slots: readonly Slot[],
  distributions: { readonly start: readonly Float64Array[]; readonly operate: readonly Float64Array[] },
  comments: boolean,
): Step[] {
  const begin = firstSlot(slots, distributions.start)
  if (begin < 0) return []
  const steps: Step[] = []
  let variables: Variables | null = null
  for (let i = begin; i < slots.length; i++) {
    const action = i === begin ? START : likeliest(distributions.operate[i]!)
    if (action === SKIP) continue
    const code = codeOf(action, slots[i]!, variables)
    steps.push({ text: comments ? `# ${slots[i]!.sentence}\n${code}` : code, final: false })
    variables = { first: 'start', last: variables === null ? 'start' : 'now' }
  }
  return [...steps, { text: `print(${variables!.last})`, final: true }]
}

function firstSlot(slots: readonly Slot[], start: readonly Float64Array[]): number {
  const numeric = slots.flatMap((slot, i) => (slot.literal === null ? [] : [i]))
  const used = (i: number): number => start[i]![START]!
  const likely = numeric.find((i) => used(i) >= 0.5)
  return likely ?? numeric.reduce((best, i) => (best < 0 || used(i) > used(best) ? i : best), -1)
}

function likeliest(p: Float64Array): number {
  let best = 0
  for (let action = 1; action < ACTIONS.length; action++) if (p[action]! > p[best]!) best = action
  return best
}
