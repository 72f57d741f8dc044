// Tables about search trees: the candidates of one expansion side by side, how hard problems turned out, what is still
// unsolved and how its trees ended. They read trees; nothing is searched or scored anew.

import { codeOf } from '../../model/step-format.ts'
import { expectOptions } from '../../options/expect-known.ts'
import type { PreferencePair } from '../../pairs/preference-pairs.ts'
import { treesByProblem } from '../../pairs/sft-examples.ts'
import {
  byMeanQ,
  type Difficulty,
  difficulty,
  distinctTrajectories,
  type Trajectory,
  trajectories,
} from '../../pairs/trajectories.ts'
import type { Step } from '../../problem/problem.ts'
import { qOf, ROOT, type Tree } from '../../search/tree.ts'
import { escapeHtml, type Shown, shown } from '../draw/display.ts'
import { type Table, table } from '../draw/table.ts'

/**
 * The node, as index, with most candidates for the next step, the most visited of equal ones; the root of a tree
 * without any.
 */
export function widestNode({ nodes, stats }: Tree): number {
  const width = (node: number) => nodes[node]!.children?.length ?? 0
  const isWider = (node: number, than: number) =>
    width(node) > width(than) || (width(node) === width(than) && stats.visits[node]! > stats.visits[than]!)
  return nodes.reduce((widest, _, node) => (isWider(node, widest) ? node : widest), ROOT)
}

/**
 * The children of a node, an index that is by default the root's, best Q first: how often each was proposed, its PPM
 * score where there is one, Q, both in [-1, 1], and visits.
 */
export function candidateTable(tree: Tree, node: number = ROOT): Table {
  const children = [...(tree.nodes[node]!.children ?? [])]
  const q = (child: number) => qOf(tree, child) ?? Number.NEGATIVE_INFINITY
  const rows = children
    .sort((a, b) => q(b) - q(a) || a - b)
    .map((child) => {
      const { step, proposals, score, terminal, answer } = tree.nodes[child]!
      return {
        step: codeOf(step),
        proposed: proposals,
        ...(score !== null && { PPM: signed(score) }),
        Q: signed(qOf(tree, child)),
        N: tree.stats.visits[child]!,
        ...(terminal !== null && { end: answer === null ? terminal : `${terminal}: ${answer}` }),
      }
    })
  const some = (key: string) => rows.some((row) => key in row)
  return table(rows, {
    columns: [
      { key: 'step', title: 'candidate step', align: 'left' },
      { key: 'proposed', align: 'right' },
      ...(some('PPM') ? ([{ key: 'PPM', title: 'PPM score', align: 'right' }] as const) : []),
      { key: 'Q', align: 'right' },
      { key: 'N', title: 'visits', align: 'right' },
      ...(some('end') ? ([{ key: 'end', align: 'left' }] as const) : []),
    ],
  })
}

/**
 * How hard the problems of each named set of trees turned out (paper, section 4.1): all trajectories right (easy), some
 * (medium), none (hard). Only medium problems can give preference pairs.
 */
export function difficultyTable(sets: Readonly<Record<string, readonly Tree[]>>): Table {
  const rows = Object.entries(sets).map(([name, trees]) => {
    const classes = treesByProblem(trees).map((group) => difficulty(group))
    const count = (kind: Difficulty) => classes.filter((each) => each === kind).length
    return { trees: name, easy: count('easy'), medium: count('medium'), hard: count('hard') }
  })
  return table(rows, {
    columns: [
      { key: 'trees', title: '', align: 'left' },
      { key: 'easy', title: 'all trajectories right', align: 'right' },
      { key: 'medium', title: 'some right', align: 'right' },
      { key: 'hard', title: 'none right', align: 'right' },
    ],
  })
}

/**
 * Problems without a right answer in any of their trees, the ones with most effort spent first: how many distinct wrong
 * answers, the commonest of them, and whether the last tree ended by its budget or because nothing was left to try.
 * `rows`: shown at most, from 0 up, by default 12.
 * Errors: a TypeError for an option that it does not have.
 */
export function unsolvedTable(trees: readonly Tree[], options: { readonly rows?: number } = {}): Table {
  expectOptions('unsolvedTable', options, ['rows'])
  const { rows = 12 } = options
  const unsolved = treesByProblem(trees).filter((group) => group.every(({ counts }) => counts.hits === 0))
  const sum = (group: readonly Tree[], of: (tree: Tree) => number) => group.reduce((total, tree) => total + of(tree), 0)
  const lines = unsolved.map((group) => {
    const { problem } = group[0]!
    const votes = new Map<string, number>()
    for (const { answer } of group.flatMap(trajectories)) votes.set(answer, (votes.get(answer) ?? 0) + 1)
    const [commonest] = [...votes].sort((a, b) => b[1] - a[1])
    return {
      problem: problem.id,
      band: problem.level,
      rollouts: sum(group, ({ counts }) => counts.rollouts),
      answers: votes.size,
      commonest: commonest && `${commonest[0]} (${commonest[1]}×)`,
      reference: problem.answer,
      searched: group.at(-1)!.stats.exhausted[ROOT] ? 'nothing left' : 'budget',
    }
  })
  const shownLines = lines.sort((a, b) => b.rollouts - a.rollouts).slice(0, rows)
  return table(shownLines, {
    title: `${unsolved.length} problems without a right answer`,
    columns: [
      { key: 'problem', align: 'left' },
      { key: 'band', align: 'left' },
      { key: 'rollouts', align: 'right' },
      { key: 'answers', title: 'wrong answers', align: 'right' },
      { key: 'commonest', title: 'commonest', align: 'right' },
      { key: 'reference', align: 'right' },
      { key: 'searched', title: 'ended by', align: 'left' },
    ],
    ...(unsolved.length > rows && { note: `The first ${rows} are shown.` }),
  })
}

/** What a table of trajectories shows. */
export interface TrajectoryTableOptions {
  /** Log-probability of each step under a policy, natural log: adds a column with the least of them. */
  readonly likelihood?: (steps: readonly Step[]) => readonly number[]
  /** Rows shown at most. Minimum: 0. @default 12 */
  readonly rows?: number
}

/**
 * Trajectories of one problem, highest mean Q, in [-1, 1], first, programs that differ only in comments in one row.
 * Errors: what `likelihood` throws; a TypeError for an option that it does not have.
 */
export function trajectoryTable(list: readonly Trajectory[], options: TrajectoryTableOptions = {}): Table {
  expectOptions('trajectoryTable', options, ['likelihood', 'rows'])
  const { likelihood, rows = 12 } = options
  const sorted = distinctTrajectories([...list].sort(byMeanQ))
  const lines = sorted.slice(0, rows).map(({ steps, answer, right, meanQ }) => ({
    program: steps.map(codeOf).join('; '),
    answer: `${right === null ? '' : right ? '✓ ' : '✗ '}${answer}`,
    meanQ: signed(meanQ),
    ...(likelihood && { least: Math.min(...likelihood(steps)).toFixed(2) }),
  }))
  return table(lines, {
    columns: [
      { key: 'program', align: 'left' },
      { key: 'answer', align: 'right' },
      { key: 'meanQ', title: 'mean Q', align: 'right' },
      ...(likelihood ? ([{ key: 'least', title: 'least log p', align: 'right' }] as const) : []),
    ],
    ...(sorted.length > rows && { note: `The first ${rows} of ${sorted.length} are shown.` }),
  })
}

/**
 * A preference pair as people read it: what the two sides share, the chosen and the rejected side, and how far their
 * Q-values are apart, in [-2, 2].
 */
export function pairView(pair: PreferencePair, question: string): Shown {
  const { prefix, chosen, rejected, margin, kind, chosenAnswer, rejectedAnswer } = pair
  const program = (steps: readonly Step[]) => steps.map(codeOf).join('\n')
  const end = (answer: string | null) => (answer === null ? '' : `\n= ${answer}`)
  const title = `${pair.problemId}, ${kind} pair, Q margin ${margin.toFixed(2)}`
  const before = prefix.length > 0 ? [['after', program(prefix)]] : []
  const parts = [
    ...before,
    ['chosen ✓', program(chosen) + end(chosenAnswer)],
    ['rejected ✗', program(rejected) + end(rejectedAnswer)],
  ] as [string, string][]
  const text = [
    title,
    question,
    ...parts.map(([name, code]) => `${`${name}:`.padEnd(12)}${code.replaceAll('\n', `\n${' '.repeat(12)}`)}`),
  ].join('\n')
  const cells = parts.map(
    ([name, code]) =>
      `<tr><th scope="row" style="text-align:left;vertical-align:top">${escapeHtml(name)}</th><td style="text-align:left"><pre>${escapeHtml(code)}</pre></td></tr>`,
  )
  const html = `<p><strong>${escapeHtml(title)}</strong><br>${escapeHtml(question)}</p><table><tbody>${cells.join('')}</tbody></table>`
  return shown(text, () => ({ 'text/html': html }))
}

const signed = (value: number | null) =>
  value === null ? '–' : `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`
