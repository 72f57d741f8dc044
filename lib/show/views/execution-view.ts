// One execution as a card: the code with the step that failed, what it printed, verdict, time, memory, flags, and
// whether a model may learn from it.

import { expectOptions } from '../../options/expect-known.ts'
import type { Step } from '../../problem/problem.ts'
import { type Execution, type ExecutionFlags, refusalForTraining } from '../../verify/execution.ts'
import { verdictText } from '../../verify/outcome.ts'
import { openVerifier, type PythonVerifier } from '../../verify/verifier.ts'
import { wrapped } from '../draw/characters.ts'
import { escapeHtml, type Shown, shown } from '../draw/display.ts'

/** An execution that shows itself, with what it shows at hand. */
export interface ExecutionView extends Shown {
  readonly steps: readonly Step[]
  readonly execution: Execution
  /** Why no model should learn from it; null when nothing speaks against it. */
  readonly refusal: string | null
}

/** What runs the code, and how often. */
export interface VerifyOptions {
  /** What runs the code. @default one that is opened for this call, at the best level of this machine */
  readonly verifier?: Pick<PythonVerifier, 'examine'>
  /** Whether it runs a second time, to see whether the same comes of it. @default false */
  readonly twice?: boolean
}

/**
 * Runs Python alone (a text, a step, or the steps of a solution) and shows what came of it.
 * Errors: no step; a TypeError for an option that it does not have; without `verifier` those of `openVerifier`.
 * @example
 * const { execution } = await verify(['x = 2', 'print(x / 0)'])
 * execution.step // 1
 * execution.verdict.kind // 'error'
 */
export async function verify(
  code: string | Step | readonly (string | Step)[],
  options: VerifyOptions = {},
): Promise<ExecutionView> {
  expectOptions('verify', options, ['verifier', 'twice'])
  const given: readonly (string | Step)[] = typeof code === 'string' || 'text' in code ? [code] : code
  const steps = given.map((step, i) =>
    typeof step === 'string' ? { text: step, final: i === given.length - 1 } : step,
  )
  const { verifier, twice = false } = options
  if (verifier) return executionView(steps, await verifier.examine(steps, { twice }))
  const opened = await openVerifier({ processes: 1 })
  try {
    return executionView(steps, await opened.examine(steps, { twice }))
  } finally {
    await opened.dispose()
  }
}

/**
 * Shows an execution of `steps`, [steps] in the order in which they ran: the step that failed, what was printed, time
 * in ms, memory in MB, flags. Runs nothing.
 */
export function executionView(steps: readonly Step[], execution: Execution): ExecutionView {
  const { verdict, stdout } = execution
  const isOk = verdict.kind === 'ok'
  const refusal = refusalForTraining(execution)
  const failed = isOk ? null : execution.step
  const head = `${isOk ? '✓' : '✗'} ${isOk ? 'ok' : verdictText(verdict)}${placeOf(execution, steps.length)}`
  const facts = factsOf(execution, refusal)
  const margin = Math.max(...facts.map(([name]) => name.length))
  const indent = ' '.repeat(margin + 2)
  const text = [
    wrapped(head, 98),
    ...steps.flatMap((step, i) =>
      step.text
        .split('\n')
        .map((line, k) => `${k > 0 ? '   ' : `${i === failed ? '✗' : ' '}${String(i + 1).padStart(2)}`} │ ${line}`),
    ),
    ...(stdout === ''
      ? []
      : ['prints', ...stdout.replace(/\n$/, '').split('\n')].map((line, i) => (i ? `    │ ${line}` : line))),
    ...facts.map(
      ([name, value]) => `${name.padEnd(margin)}  ${wrapped(value, 98 - margin).replaceAll('\n', `\n${indent}`)}`,
    ),
  ].join('\n')
  const html = () => ({ 'text/html': htmlOf(head, steps, failed, stdout, facts) })
  return Object.assign(shown(text, html), { steps, execution, refusal })
}

/** Where it failed, e.g. ` (step 2, line 1)`; empty where nothing failed or nobody knows. */
function placeOf({ verdict, step }: Execution, count: number): string {
  if (verdict.kind === 'ok' || step === null) return ''
  const line = verdict.kind === 'error' && verdict.line !== null ? `line ${verdict.line}` : ''
  const parts = [...(count > 1 ? [`step ${step + 1}`] : []), ...(line ? [line] : [])]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function factsOf({ cpuMs, wallMs, maxRssMb, flags, isolation }: Execution, refusal: string | null): [string, string][] {
  const { level, python, sympy } = isolation
  const told = flags ? flagTexts(flags) : ['not known']
  return [
    ...(cpuMs === null || wallMs === null
      ? []
      : ([['time', `${Math.round(cpuMs)} ms CPU, ${Math.round(wallMs)} ms wall`]] as [string, string][])),
    ...(maxRssMb === null ? [] : ([['memory', `${Math.round(maxRssMb)} MB`]] as [string, string][])),
    ['level', `${level}; Python ${python}, ${sympy ? `sympy ${sympy}` : 'no sympy'}`],
    ['flags', told.length === 0 ? 'none' : told.join('; ')],
    ['learning', refusal === null ? 'nothing speaks against it' : `refused: ${refusal}`],
  ]
}

/** Every flag that is raised, in words. */
function flagTexts(flags: ExecutionFlags): string[] {
  return [
    ...(flags.introspection ? ['looks at the interpreter or the process around it'] : []),
    ...(flags.unusualImports.length > 0 ? [`imports ${flags.unusualImports.join(', ')}`] : []),
    ...(flags.swallowedException ? ['hides exceptions'] : []),
    ...(flags.nothingComputed ? ['the last step computes nothing'] : []),
    ...(flags.onlyLiteralsPrinted ? ['the last step prints only what stands in it'] : []),
    ...(flags.differsOnSecondRun === true ? ['a second run came out differently'] : []),
    ...(flags.differsOnSecondRun === false ? ['a second run came out the same'] : []),
  ]
}

function htmlOf(
  head: string,
  steps: readonly Step[],
  failed: number | null,
  stdout: string,
  facts: readonly (readonly [string, string])[],
): string {
  const programs = steps.map(({ text }, i) => {
    const edge = i === failed ? '3px solid #d55e00' : '3px solid #8884'
    const number = steps.length > 1 ? `<span style="opacity:.6">${i + 1}</span>` : ''
    const code = `<pre style="margin:0;overflow-x:auto"><code>${escapeHtml(text)}</code></pre>`
    return `<div style="display:flex;gap:10px;margin:4px 0;padding-left:8px;border-left:${edge}">${number}${code}</div>`
  })
  const output = `<pre style="margin:4px 0;padding-left:11px;overflow-x:auto">${escapeHtml(stdout)}</pre>`
  const printed = stdout === '' ? '' : `<p style="margin:8px 0 0">prints</p>${output}`
  const rows = facts.map(
    ([name, value]) =>
      `<tr><th scope="row" style="text-align:left">${name}</th><td style="text-align:left">${escapeHtml(value)}</td></tr>`,
  )
  return `<div><p><strong>${escapeHtml(head)}</strong></p>${programs.join('')}${printed}<table style="margin-top:8px">${rows.join('')}</table></div>`
}
