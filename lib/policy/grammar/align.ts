// Reads steps that the grammar may not have written: which slot of the question each one uses and what it does with it.
// By the sentence that its comment quotes, else by the number in its code, else the next slot. A step that is no single
// operation on the latest result has no action; it still moves on.
import { literalKey, replaceCodeLiterals } from '../../problem/literals.ts'
import type { Step } from '../../problem/problem.ts'
import { type Operator, operationOf, START, type Variables } from './actions.ts'
import { type Slot, sentenceKey } from './sentences.ts'

/** A question as alignment needs it. */
export interface SlotIndex {
  readonly slots: readonly Slot[]
  /** Slots by `sentenceKey`. */
  readonly bySentence: ReadonlyMap<string, readonly number[]>
  /** Slots by `literalKey`. */
  readonly byLiteral: ReadonlyMap<string, readonly number[]>
}

/** Where a solution under way stands. */
export interface Position {
  /** The slot after the one that the last step used. */
  readonly next: number
  /** Slots that some step used, ascending. */
  readonly used: readonly number[]
  /** Null before the first result. */
  readonly variables: Variables | null
}

/** What one step did. Null where it cannot be told. */
export interface AlignedStep {
  readonly slot: number | null
  readonly action: number | null
}

export const AT_START: Position = { next: 0, used: [], variables: null }

export function indexSlots(slots: readonly Slot[]): SlotIndex {
  const bySentence = new Map<string, number[]>()
  const byLiteral = new Map<string, number[]>()
  slots.forEach((slot, i) => {
    append(bySentence, sentenceKey(slot.sentence), i)
    if (slot.literal !== null) append(byLiteral, literalKey(slot.literal), i)
  })
  return { slots, bySentence, byLiteral }
}

/** Aligns one step that is not final, and says where the solution stands after it. */
export function alignStep(index: SlotIndex, step: Step, at: Position): { aligned: AlignedStep; after: Position } {
  const { comment, code } = splitStep(step.text)
  const assignment = lastAssignment(code)
  const operation = assignment && readOperation(assignment, at.variables)
  const literals = operation?.literal === undefined ? codeLiterals(code) : [operation.literal]
  const slot = findSlot(index, sentenceKey(comment), literals, at)
  const action = operation === null || slot === null ? null : actionOf(operation, index.slots[slot]!, at.variables)
  const variables = assignment ? variablesAfter(assignment.target, at.variables) : at.variables
  const used = slot === null || at.used.includes(slot) ? at.used : [...at.used, slot].sort((a, b) => a - b)
  return { aligned: { slot, action }, after: { next: slot === null ? at.next : slot + 1, used, variables } }
}

interface Assignment {
  readonly target: string
  readonly left: string
  readonly operator: string | null
  readonly right: string | null
}

interface Operation {
  readonly operator: Operator | null
  /** Literal key of the operand; undefined when the operand is a variable. */
  readonly literal?: string
  readonly isFirst: boolean
}

const OPERAND = String.raw`[A-Za-z_]\w*|\d[\d_]*(?:\.\d+)?`
const ASSIGNMENT = new RegExp(
  String.raw`^\s*([A-Za-z_]\w*)\s*=\s*\(?\s*(${OPERAND})\s*(?:(\+|-|\*|\/\/?)\s*(${OPERAND})\s*)?\)?\s*(?:#.*)?$`,
)
const UPDATE = new RegExp(String.raw`^\s*([A-Za-z_]\w*)\s*(\+|-|\*|\/\/?)=\s*\(?\s*(${OPERAND})\s*\)?\s*(?:#.*)?$`)
const ANY_TARGET = /^\s*([A-Za-z_]\w*)\s*(?:[-+*/]|\/\/)?=(?!=)/

function splitStep(text: string): { comment: string; code: string[] } {
  const lines = text.split('\n')
  const comment = lines.find((line) => line.trimStart().startsWith('#')) ?? ''
  return { comment, code: lines.filter((line) => !line.trimStart().startsWith('#') && line.trim() !== '') }
}

function lastAssignment(code: readonly string[]): (Assignment & { readable: boolean }) | null {
  for (let i = code.length - 1; i >= 0; i--) {
    const line = code[i]!
    const plain = ASSIGNMENT.exec(line)
    if (plain)
      return {
        target: plain[1]!,
        left: plain[2]!,
        operator: plain[3] ?? null,
        right: plain[4] ?? null,
        readable: code.length === 1,
      }
    const update = UPDATE.exec(line)
    if (update)
      return {
        target: update[1]!,
        left: update[1]!,
        operator: update[2]!,
        right: update[3]!,
        readable: code.length === 1,
      }
    const target = ANY_TARGET.exec(line)
    if (target) return { target: target[1]!, left: '', operator: null, right: null, readable: false }
  }
  return null
}

function readOperation(assignment: Assignment & { readable: boolean }, variables: Variables | null): Operation | null {
  const { left, operator, right, readable } = assignment
  if (!readable) return null
  if (variables === null)
    return operator === null && /^\d/.test(left) ? { operator: null, literal: literalKey(left), isFirst: false } : null
  if (operator === null || right === null) return null
  const plain = (operator === '//' ? '/' : operator) as Operator
  if (left === variables.last) return operandOf(plain, right, variables)
  if (right !== variables.last) return null
  return operandOf(plain === '-' ? 'r-' : plain === '/' ? 'r/' : plain, left, variables)
}

function operandOf(operator: Operator, operand: string, variables: Variables): Operation | null {
  if (/^\d/.test(operand)) return { operator, literal: literalKey(operand), isFirst: false }
  return operand === variables.first ? { operator, isFirst: true } : null
}

function actionOf(operation: Operation, slot: Slot, variables: Variables | null): number | null {
  const { operator, literal, isFirst } = operation
  const isSlotNumber = literal !== undefined && slot.literal !== null && literalKey(slot.literal) === literal
  if (variables === null || operator === null) return isSlotNumber ? START : null
  if (isFirst) return operationOf(operator, 'start')
  if (isSlotNumber) return operationOf(operator, 'number')
  return literal === '2' ? operationOf(operator, 'two') : null
}

function findSlot(index: SlotIndex, comment: string, literals: readonly string[], at: Position): number | null {
  const { slots, bySentence, byLiteral } = index
  if (slots.length === 0) return null
  const quoted = comment === '' ? undefined : bySentence.get(comment)
  if (quoted !== undefined) {
    const same = quoted.filter((i) => slots[i]!.literal !== null && literals.includes(literalKey(slots[i]!.literal!)))
    return nearest(same.length > 0 ? same : quoted, at)
  }
  for (const literal of literals) {
    const holders = byLiteral.get(literal)
    if (holders !== undefined) return nearest(holders, at)
  }
  const ahead = slots.findIndex((slot, i) => i >= at.next && slot.literal === null)
  return ahead >= 0 ? ahead : Math.min(at.next, slots.length - 1)
}

/** Unused and ahead, else unused, else the first. */
function nearest(candidates: readonly number[], at: Position): number {
  const unused = candidates.filter((i) => !at.used.includes(i))
  return unused.find((i) => i >= at.next) ?? unused[0] ?? candidates[0]!
}

const variablesAfter = (target: string, before: Variables | null): Variables =>
  before === null ? { first: target, last: target } : { first: before.first, last: target }

function codeLiterals(code: readonly string[]): string[] {
  const keys: string[] = []
  replaceCodeLiterals(code.join('\n'), (text, key) => {
    keys.push(key)
    return text
  })
  return keys
}

function append(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
