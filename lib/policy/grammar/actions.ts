// What a step can do with a slot, as a closed set, and the Python it writes. The whole language of the grammar policy:
// `start = n`, then `now = <last> op <operand>` (or the operands the other way round), then `print(<last>)`.
import type { Slot } from './sentences.ts'

/** r- and r/ take the last result away from, or divide it into, the operand. */
const OPERATORS = ['+', '-', '*', '/', 'r-', 'r/'] as const
/** The number of the slot, the first result, or the constant 2. */
const OPERANDS = ['number', 'start', 'two'] as const
export type Operator = (typeof OPERATORS)[number]
export type Operand = (typeof OPERANDS)[number]

/** Leave the slot alone. */
export const SKIP = 0
/** Begin with the number of the slot. */
export const START = 1
const FIRST_OPERATION = 2

/** Name of each action, by index: 'skip', 'start', '+ number', '+ start' … */
export const ACTIONS: readonly string[] = [
  'skip',
  'start',
  ...OPERATORS.flatMap((operator) => OPERANDS.map((operand) => `${operator} ${operand}`)),
]

export const operationOf = (operator: Operator, operand: Operand): number =>
  FIRST_OPERATION + OPERATORS.indexOf(operator) * OPERANDS.length + OPERANDS.indexOf(operand)

/** Before the first result only skip and start are possible, after it everything but start. */
export type Phase = 'start' | 'operate'

export const isPossible = (action: number, phase: Phase): boolean =>
  action === SKIP || (phase === 'start') === (action === START)

/** The only knowledge that is built in: a number is likely used, and used once. [ACTIONS], sums to 1. */
export function priorOf(slot: Pick<Slot, 'literal'>): Float64Array {
  const [skip, start, number, reference] = slot.literal === null ? [0.1, 0, 0, 0.45] : [0.1, 0.3, 0.5, 0.05]
  const prior = new Float64Array(ACTIONS.length)
  prior[SKIP] = skip
  prior[START] = start
  for (const operator of OPERATORS) {
    prior[operationOf(operator, 'number')] = number / OPERATORS.length
    prior[operationOf(operator, 'start')] = reference / OPERATORS.length
    prior[operationOf(operator, 'two')] = reference / OPERATORS.length
  }
  return prior
}

export const PRIOR_NUMBER: Float64Array = priorOf({ literal: '' })
export const PRIOR_NO_NUMBER: Float64Array = priorOf({ literal: null })

/** Names of the variables that hold the first and the latest result. */
export interface Variables {
  readonly first: string
  readonly last: string
}

/** The Python of an action at a slot. `null` variables: there is no result yet. */
export function codeOf(action: number, slot: Slot, variables: Variables | null): string {
  if (variables === null) return `start = ${slot.literal}`
  const operator = OPERATORS[Math.floor((action - FIRST_OPERATION) / OPERANDS.length)]!
  const kind = OPERANDS[(action - FIRST_OPERATION) % OPERANDS.length]
  const operand = kind === 'number' ? slot.literal : kind === 'start' ? variables.first : '2'
  return operator.length > 1
    ? `now = ${operand} ${operator[1]} ${variables.last}`
    : `now = ${variables.last} ${operator} ${operand}`
}
