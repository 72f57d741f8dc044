// Programs as lines of JSON, and what came of them as lines of JSON: what `asterism verify` reads and writes. Pure.
import type { Step } from '../problem/problem.ts'
import { type Execution, refusalForTraining } from './execution.ts'
import { verdictText } from './outcome.ts'
import type { Verdict } from './verdict.ts'

export interface NamedProgram {
  readonly id: string | number
  readonly steps: readonly Step[]
}

/** One execution as a flat object; null where nothing is known. */
export interface VerdictLine {
  readonly id: string | number
  readonly verdict: Verdict['kind']
  /** Python's name of the exception. */
  readonly errorType: string | null
  /** What went wrong in words; null where nothing did. */
  readonly message: string | null
  /** Line of the failed step in which the exception was raised, from 1. */
  readonly line: number | null
  /** Index of the step that failed, from 0. */
  readonly failedStep: number | null
  /** What the last step printed, or the one that failed. */
  readonly stdout: string
  readonly cpuMs: number | null
  readonly wallMs: number | null
  readonly maxRssMb: number | null
  readonly level: Execution['isolation']['level']
  /** Versions of what ran it; null where no sympy is installed. */
  readonly python: string
  readonly sympy: string | null
  readonly flags: Execution['flags']
  /** Why no model should learn from it; null when nothing speaks against it. */
  readonly refusal: string | null
}

const EXPECTED = 'expected {"id": …, "code": "…"} or {"id": …, "steps": ["…", …]}'

/**
 * The program of a line. Throws one clause: what was expected, what came.
 * Example: `{"id": "a", "steps": ["x = 1", {"text": "print(x)"}]}` has two steps, the last of them final.
 */
export function readProgram(text: string): NamedProgram {
  const row = parsed(text)
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new Error(`${EXPECTED}, got ${short(text)}`)
  const { id, code, steps } = row as Record<string, unknown>
  if (typeof id !== 'string' && typeof id !== 'number')
    throw new Error(`${EXPECTED}, got ${id === undefined ? 'no id' : `the id ${short(JSON.stringify(id))}`}`)
  if ((code === undefined) === (steps === undefined))
    throw new Error(`${EXPECTED}, got ${code === undefined ? 'neither code nor steps' : 'both code and steps'}`)
  const given = code === undefined ? steps : [code]
  if (!Array.isArray(given) || given.length === 0)
    throw new Error(`expected "steps" to be a list of one or more, got ${short(JSON.stringify(given))}`)
  const texts = given.map((each: unknown) => {
    const source = typeof each === 'object' && each !== null ? (each as { text?: unknown }).text : each
    if (typeof source === 'string') return source
    throw new Error(`expected Python as text, got ${short(JSON.stringify(each) ?? 'nothing')}`)
  })
  return { id, steps: texts.map((source, i) => ({ text: source, final: i === texts.length - 1 })) }
}

/** What came of it. */
export function verdictLine(id: string | number, execution: Execution): VerdictLine {
  const { verdict, step, stdout, cpuMs, wallMs, maxRssMb, flags, isolation } = execution
  const isError = verdict.kind === 'error'
  return {
    id,
    verdict: verdict.kind,
    errorType: isError ? verdict.errorType : null,
    message:
      verdict.kind === 'ok' ? null : isError ? verdict.message : verdictText(verdict).replace(`${verdict.kind}: `, ''),
    line: isError ? verdict.line : null,
    failedStep: verdict.kind === 'ok' ? null : step,
    stdout,
    cpuMs,
    wallMs,
    maxRssMb,
    level: isolation.level,
    python: isolation.python,
    sympy: isolation.sympy,
    flags,
    refusal: refusalForTraining(execution),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${EXPECTED}, got ${short(text)}, which is no JSON`)
  }
}

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text)
