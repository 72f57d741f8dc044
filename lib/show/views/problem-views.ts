// Problems and solutions as people read them: how many of which kind, a question with its reference answer, a program
// with what came of it, the steps that a policy proposes next.

import { BANDS } from '../../eval/intervals.ts'
import { codeOf } from '../../model/step-format.ts'
import { expectOptions } from '../../options/expect-known.ts'
import type { Proposal } from '../../policy/contract.ts'
import type { Problem, Step } from '../../problem/problem.ts'
import { verdictText } from '../../verify/outcome.ts'
import type { Verdict } from '../../verify/verdict.ts'
import { wrapped } from '../draw/characters.ts'
import { escapeHtml, type Shown, shown } from '../draw/display.ts'
import { type Table, table } from '../draw/table.ts'

/** Sorts a step without a probability behind those that have one. */
const UNKNOWN = -1e9

/** How many problems each source has in each band, and in all. One row a source, and one for all. */
export function problemTable(problems: readonly Problem[]): Table {
  const sources = [...new Set(problems.map(({ source }) => source))].sort()
  const levels = [...new Set([...BANDS, ...problems.map(({ level }) => level)])].filter((level) =>
    problems.some((problem) => problem.level === level),
  )
  const row = (label: string, some: readonly Problem[]) => ({
    problems: label,
    ...Object.fromEntries(levels.map((level) => [level, some.filter((problem) => problem.level === level).length])),
    all: some.length,
  })
  return table([
    ...sources.map((source) =>
      row(
        source,
        problems.filter((problem) => problem.source === source),
      ),
    ),
    row('all', problems),
  ])
}

/**
 * A question with its reference answer. For people: what a model reads is `prefixOf`.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * String(problemView(problem!)).split('\n').at(-1) // 'Reference answer: 3060'
 */
export function problemView({ id, level, question, answer }: Problem): Shown {
  const head = `${id} (${level})`
  const html = `<blockquote><strong>${escapeHtml(head)}</strong><br>${escapeHtml(question)}<br>Reference answer: <strong>${escapeHtml(answer)}</strong></blockquote>`
  return shown(`${head}\n${wrapped(question, 98)}\nReference answer: ${answer}`, () => ({ 'text/html': html }))
}

/** What came of a solution. Absent: not known. */
export interface SolutionFacts {
  /** What it printed; null when it did not run to an answer. */
  readonly answer?: string | null
  readonly right?: boolean | null
  /** One more line, e.g. a Q-value. */
  readonly note?: string
}

/**
 * A program, one step under the other, with what came of it.
 * @example
 * const steps = [{ text: 'print(4 // 2)', final: true }]
 * String(solutionView(steps, { answer: '2', right: true })) // 'print(4 // 2)\n= 2 ✓ right'
 */
export function solutionView(steps: readonly Step[], { answer, right, note }: SolutionFacts = {}): Shown {
  const mark = right === true ? ' ✓ right' : right === false ? ' ✗ wrong' : ''
  const result = answer === undefined ? '' : answer === null ? '✗ no answer' : `= ${answer}${mark}`
  const below = [result, note ?? ''].filter((part) => part !== '')
  const program = steps.length === 0 ? '(no steps)' : steps.map(({ text }) => text).join('\n')
  const text = [program, ...below].join('\n')
  const html = `<pre><code>${escapeHtml(program)}</code></pre>${below.map((part) => `<p>${escapeHtml(part)}</p>`).join('')}`
  return shown(text, () => ({ 'text/html': html }))
}

/**
 * Proposed steps, equal ones in one row: how many there are of each, the probability, in [0, 1], that the policy gives
 * it, and, with verdicts (one for each proposal, in order), what came of running it. `rows`: shown at most, from 0 up,
 * by default 12.
 * Errors: a TypeError for an option that it does not have.
 */
export function proposalTable(
  proposals: readonly Pick<Proposal, 'text' | 'final' | 'logProbability'>[],
  verdicts: readonly Verdict[] = [],
  options: { readonly rows?: number } = {},
): Table {
  expectOptions('proposalTable', options, ['rows'])
  const { rows: most = 12 } = options
  const rows = new Map<string, { step: string; times: number; logProbability?: number; verdict?: string }>()
  for (const [i, proposal] of proposals.entries()) {
    const code = codeOf(proposal)
    const known = rows.get(code)
    if (known) known.times++
    else
      rows.set(code, {
        step: code,
        times: 1,
        ...(proposal.logProbability !== undefined && { logProbability: proposal.logProbability }),
        ...(verdicts[i] && { verdict: verdictText(verdicts[i]) }),
      })
  }
  const sorted = [...rows.values()].sort(
    (a, b) => b.times - a.times || (b.logProbability ?? UNKNOWN) - (a.logProbability ?? UNKNOWN),
  )
  return table(
    sorted.slice(0, most).map(({ logProbability: log, ...row }) => ({
      ...row,
      ...(log !== undefined && { 'log p': log.toFixed(2), p: Math.exp(log).toFixed(3) }),
    })),
    {
      columns: [
        { key: 'step', title: 'step (comments left out)', align: 'left' },
        { key: 'times', title: 'proposed', align: 'right' },
        ...(sorted.some(({ logProbability }) => logProbability !== undefined)
          ? ([
              { key: 'log p', align: 'right' },
              { key: 'p', align: 'right' },
            ] as const)
          : []),
        ...(verdicts.length > 0 ? ([{ key: 'verdict', title: 'after running it', align: 'left' }] as const) : []),
      ],
      ...(sorted.length > most && { note: `The first ${most} of ${sorted.length} distinct steps are shown.` }),
    },
  )
}

/**
 * What a grammar policy expects of one sentence (its `describe`), before and after it learned, likeliest after first.
 * Probabilities in [0, 1]. `rows`: shown at most, from 0 up, by default 6.
 * Errors: a TypeError for an option that it does not have.
 */
export function actionTable(
  sentence: string,
  before: readonly { readonly action: string; readonly probability: number }[],
  after: readonly { readonly action: string; readonly probability: number }[],
  options: { readonly rows?: number } = {},
): Table {
  expectOptions('actionTable', options, ['rows'])
  const prior = new Map(before.map(({ action, probability }) => [action, probability]))
  const rows = after.slice(0, options.rows ?? 6).map(({ action, probability }) => ({
    action,
    before: prior.get(action)?.toFixed(3),
    after: probability.toFixed(3),
  }))
  return table(rows, { title: `“${sentence}”` })
}
