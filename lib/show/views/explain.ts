// Why the steps of a round fail: the commonest errors by type, with an example each. A tree keeps only the kind of a
// failure, so failed steps run again here; what the search dropped is not in the tree and must be proposed again.

import { codeOf } from '../../model/step-format.ts'
import { expectOptions } from '../../options/expect-known.ts'
import type { Policy } from '../../policy/contract.ts'
import type { Step } from '../../problem/problem.ts'
import { distinct } from '../../search/expand.ts'
import { executedStepsTo, prefixOf, type Tree } from '../../search/tree.ts'
import { seedOf } from '../../seed/random.ts'
import type { Verifier } from '../../verify/contract.ts'
import { verdictText } from '../../verify/outcome.ts'
import type { Verdict } from '../../verify/verdict.ts'
import { openVerifier } from '../../verify/verifier.ts'
import { countCell } from '../draw/cells.ts'
import { type Table, table } from '../draw/table.ts'

/** What runs failed steps again, and how much is shown. */
export interface ExplainOptions {
  /** What runs the failed steps again. @default one that is opened for this call, at the best level of this machine */
  readonly verifier?: Pick<Verifier, 'verify'>
  /** Proposes again what the search dropped (`failedSteps: 'drop'`); best the policy that searched. @default none */
  readonly policy?: Policy
  /** Expansions that are proposed again, spread evenly. Minimum: 1. @default 200 */
  readonly expansions?: number
  /** Types of error shown at most. Minimum: 1. @default 12 */
  readonly rows?: number
}

/** All failures of one type. */
export interface ErrorCount {
  /** Python's name of the exception, or the kind of the verdict, e.g. `NameError`, `timeout`. */
  readonly type: string
  /** Distinct candidates that failed so. */
  readonly steps: number
  /** Proposals that they stand for. */
  readonly proposals: number
  /** Its commonest message. */
  readonly message: string
  /** A step that failed with that message, with the steps before it. */
  readonly example: { readonly problemId: string; readonly steps: readonly Step[]; readonly step: Step }
}

/** A table that shows itself, with its counts at hand, commonest first. */
export interface Explanation extends Table {
  readonly errors: readonly ErrorCount[]
}

/** Candidates after the same steps. */
interface Attempt {
  readonly tree: Tree
  readonly steps: readonly Step[]
  readonly candidates: readonly { readonly step: Step; readonly proposals: number }[]
}

interface Failure {
  readonly problemId: string
  readonly steps: readonly Step[]
  readonly step: Step
  readonly proposals: number
  readonly verdict: Verdict
}

/**
 * The commonest errors of one tree or of many: failed steps run again, as a tree keeps only the kind of a failure; what
 * the search dropped is proposed again where `policy` is given. `errors` has all types, the table the first `rows`.
 * Errors: a RangeError for `expansions` or `rows` below 1; a TypeError for an option that it does not have; without `verifier` those of `openVerifier`; those of the
 * policy.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * const { errors } = await explain(newTree(problem!), { verifier: { verify: async () => [] } })
 * errors // []
 */
export async function explain(given: Tree | readonly Tree[], options: ExplainOptions = {}): Promise<Explanation> {
  expectOptions('explain', options, ['policy', 'verifier', 'expansions', 'rows'])
  const trees: readonly Tree[] = 'nodes' in given ? [given] : given
  const { policy, expansions = 200, rows = 12 } = options
  for (const [name, value] of Object.entries({ expansions, rows })) expectCount(name, value)
  const kept = trees.flatMap(keptFailures)
  const again = policy ? await proposedAgain(trees, policy, expansions) : []
  const failures = await withVerifier(options.verifier, async (verifier) => {
    const judged = (attempts: readonly Attempt[]) => Promise.all(attempts.map((attempt) => judge(attempt, verifier)))
    const inTrees = (await judged(kept)).flat()
    return [...inTrees, ...(await judged(again)).flat().filter(({ verdict }) => verdict.kind !== 'ok')]
  })
  const errors = counted(failures)
  const shownErrors = errors.slice(0, rows)
  const total = failures.length
  const lines = shownErrors.map(({ type, steps, proposals, message, example }) => ({
    error: type,
    steps,
    share: `${Math.round((100 * steps) / total)} %`,
    proposals,
    message,
    example: codeOf(example.step),
  }))
  const shownTable = table(lines.length > 0 ? lines : [{ error: 'none', steps: 0 }], {
    title: 'Commonest errors of steps',
    columns: [
      { key: 'error', align: 'left' },
      { key: 'steps' },
      { key: 'share', align: 'right' },
      { key: 'proposals', title: 'proposed' },
      { key: 'message', title: 'commonest message', align: 'left' },
      { key: 'example', title: 'for example', align: 'left' },
    ],
    note: noteOf(trees, kept, again, errors.length - shownErrors.length),
  })
  return Object.assign(shownTable, { errors })
}

/** The failed steps that a tree has kept, one attempt for each node that has some among its children. */
function keptFailures(tree: Tree): Attempt[] {
  return tree.nodes.flatMap(({ children }, parent) => {
    const failed = (children ?? []).filter((child) => tree.nodes[child]!.failure !== null)
    const candidates = failed.map((child) => tree.nodes[child]!)
    return failed.length === 0 ? [] : [{ tree, steps: executedStepsTo(tree, parent), candidates }]
  })
}

/** Candidates that are not among a node's children, from the same request that the search made. */
async function proposedAgain(trees: readonly Tree[], policy: Policy, most: number): Promise<Attempt[]> {
  const expanded = trees
    .filter((tree) => droppedBy(tree) > 0)
    .flatMap((tree) => tree.nodes.flatMap((node, i) => (isExpanded(node) ? [{ tree, node: i }] : [])))
  const chosen = evenly(expanded, most)
  const attempts: Attempt[] = []
  for (let start = 0; start < chosen.length; start += policy.batchSize) {
    const batch = chosen.slice(start, start + policy.batchSize)
    const proposals = await policy.propose(
      batch.map(({ tree, node }) => ({
        prefix: prefixOf(tree, node),
        count: tree.settings.width,
        seed: seedOf(tree.settings.seed, tree.problem.id, tree.index, 'expand', node),
      })),
    )
    for (const [i, { tree, node }] of batch.entries()) {
      const known = new Set((tree.nodes[node]!.children ?? []).map((child) => codeOf(tree.nodes[child]!.step)))
      const candidates = distinct(proposals[i]!, tree.settings).filter(({ step }) => !known.has(codeOf(step)))
      attempts.push({ tree, steps: executedStepsTo(tree, node), candidates })
    }
  }
  return attempts
}

const isExpanded = ({ children, terminal }: Tree['nodes'][number]): boolean =>
  children !== null || terminal === 'deadEnd' || terminal === 'unsupported'

/** Candidates that ran and are no nodes: they failed, or lacked a module. */
const droppedBy = ({ counts, nodes }: Tree): number => Math.max(0, counts.executions - (nodes.length - 1))

function evenly<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all]
  return Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]!)
}

async function judge(attempt: Attempt, verifier: Pick<Verifier, 'verify'>): Promise<Failure[]> {
  const { tree, steps, candidates } = attempt
  if (candidates.length === 0) return []
  const verdicts = await verifier.verify(
    steps,
    candidates.map(({ step }) => step),
  )
  const problemId = tree.problem.id
  return candidates.map(({ step, proposals }, i) => ({ problemId, steps, step, proposals, verdict: verdicts[i]! }))
}

async function withVerifier<T>(
  given: Pick<Verifier, 'verify'> | undefined,
  work: (verifier: Pick<Verifier, 'verify'>) => Promise<T>,
): Promise<T> {
  if (given) return work(given)
  const opened = await openVerifier()
  try {
    return await work(opened)
  } finally {
    await opened.dispose()
  }
}

function counted(failures: readonly Failure[]): ErrorCount[] {
  const byType = groupBy(failures, ({ verdict }) => typeOf(verdict))
  return [...byType]
    .map(([type, some]) => {
      const [message, same] = largest(groupBy(some, ({ verdict }) => messageOf(verdict)))
      const { problemId, steps, step } = same[0]!
      const proposals = some.reduce((sum, failure) => sum + failure.proposals, 0)
      return { type, steps: some.length, proposals, message, example: { problemId, steps, step } }
    })
    .sort((a, b) => b.steps - a.steps || (a.type < b.type ? -1 : 1))
}

const typeOf = (verdict: Verdict): string =>
  verdict.kind === 'error' ? verdict.errorType : verdict.kind === 'ok' ? 'runs now' : verdict.kind

const messageOf = (verdict: Verdict): string =>
  verdict.kind === 'error'
    ? verdict.message
    : verdict.kind === 'ok'
      ? 'failed in the search and ran this time'
      : verdictText(verdict).replace(`${verdict.kind}: `, '')

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group) group.push(value)
    else groups.set(key, [value])
  }
  return groups
}

/** The largest group, the first of equal ones. */
const largest = <T>(groups: ReadonlyMap<string, T[]>): [string, T[]] =>
  [...groups].reduce((best, group) => (group[1].length > best[1].length ? group : best))

function noteOf(trees: readonly Tree[], kept: readonly Attempt[], again: readonly Attempt[], hidden: number): string {
  const executions = trees.reduce((sum, { counts }) => sum + counts.executions, 0)
  const dropped = trees.reduce((sum, tree) => sum + droppedBy(tree), 0)
  const inTrees = kept.reduce((sum, { candidates }) => sum + candidates.length, 0)
  const isAll = again.length > 0
  const parts = [
    `${countCell(executions)} steps ran in ${countCell(trees.length)} ${trees.length === 1 ? 'tree' : 'trees'}: ` +
      `${countCell(inTrees)} that failed are in the trees, ${countCell(dropped)} were dropped by the search.`,
    ...(dropped > 0 && !isAll ? ['Give `policy` to have the dropped ones proposed again.'] : []),
    ...(isAll ? [`${countCell(again.length)} expansions were proposed again.`] : []),
    ...(hidden > 0 ? [`${hidden} rarer types are not shown.`] : []),
  ]
  return parts.join(' ')
}

function expectCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return
  throw new RangeError(`Expected \`${name}\` to be an integer from 1 up, got \`${value}\``)
}
