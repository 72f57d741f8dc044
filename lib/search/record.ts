// A tree as one line of trees.jsonl, and back. The record holds the whole state, so a tree that was read can be grown
// on and comes out as if it had never been written. Fields at their usual value are left out. Numbers are exact, keys
// in a fixed order, no times: equal trees give equal bytes. The problem and the settings are not in it, only their names.
import type { Problem } from '../problem/problem.ts'
import type { Verdict } from '../verify/verdict.ts'
import type { TerminalKind } from './annotator.ts'
import type { SearchOptions } from './options.ts'
import { searchSettings, settingsHash } from './options.ts'
import { ROOT, type Tree, type TreeCounts, type TreeNode, treeOf } from './tree.ts'

/** One node of a record. What is absent is: final false, proposals 1, every other field null or 0. */
export interface NodeRecord {
  /** Index of the parent in the list; the root, first in the list, has none. */
  readonly parent?: number
  readonly text?: string
  readonly final?: true
  readonly proposals?: number
  readonly logProbability?: number
  /** Kind of the verdict, where the code failed to run. */
  readonly failure?: Verdict['kind']
  /** Why no model should learn from it. */
  readonly refusal?: string
  /** PPM score in [-1, 1]. */
  readonly score?: number
  readonly visits?: number
  readonly valueSum?: number
  readonly terminal?: TerminalKind
  readonly answer?: string
  readonly reward?: number
  readonly right?: boolean
  /** The rollout in which the terminal was settled, from 0. */
  readonly settledIn?: number
}

/** One line of trees.jsonl: a tree without its problem and settings, which are named. */
export interface TreeRecord extends TreeCounts {
  readonly version: 1
  readonly problemId: string
  readonly index: number
  readonly seed: number
  /** `settingsHash` of the settings the tree was grown with. */
  readonly settings: string
  readonly nodes: readonly NodeRecord[]
}

/**
 * The record of a tree; `JSON.stringify` of it is its line in trees.jsonl. Numbers are exact, keys in a fixed order, no
 * times: equal trees give equal bytes.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * const tree = newTree(problem!)
 * readTree(writeTree(tree), problem!).settingsHash === tree.settingsHash // true
 */
export function writeTree({ problem, index, settings, settingsHash, counts, nodes, stats }: Tree): TreeRecord {
  return {
    version: 1,
    problemId: problem.id,
    index,
    seed: settings.seed,
    settings: settingsHash,
    rollouts: counts.rollouts,
    expansions: counts.expansions,
    executions: counts.executions,
    proposals: counts.proposals,
    tokens: counts.tokens,
    hits: counts.hits,
    nodes: nodes.map((node, i) => {
      const record: { -readonly [K in keyof NodeRecord]: NodeRecord[K] } = {}
      if (i !== ROOT) {
        record.parent = node.parent
        record.text = node.step.text
      }
      if (node.step.final) record.final = true
      if (node.proposals !== 1) record.proposals = node.proposals
      if (node.logProbability !== null) record.logProbability = node.logProbability
      if (node.failure !== null) record.failure = node.failure
      if (node.refusal !== null) record.refusal = node.refusal
      if (node.score !== null) record.score = node.score
      if (stats.visits[i] !== 0) record.visits = stats.visits[i]!
      if (stats.valueSum[i] !== 0) record.valueSum = stats.valueSum[i]!
      if (node.terminal !== null) record.terminal = node.terminal
      if (node.answer !== null) record.answer = node.answer
      if (stats.reward[i] !== null) record.reward = stats.reward[i]!
      if (stats.right[i] !== null) record.right = stats.right[i]!
      if (stats.settledIn[i] !== null) record.settledIn = stats.settledIn[i]!
      return record
    }),
  }
}

/**
 * The tree of a record. `options` are needed only to grow it on; without them the tree keeps the record's hash and has
 * default settings.
 * Errors: a record of another problem, of other options, or with a node before its parent; a RangeError for options out
 * of range.
 */
export function readTree(record: TreeRecord, problem: Problem, options?: SearchOptions): Tree {
  if (record.problemId !== problem.id)
    throw new Error(`Expected the record of problem ${problem.id}, got the one of ${record.problemId}`)
  const settings = searchSettings({ seed: record.seed, ...options })
  if (options && (settingsHash(settings) !== record.settings || settings.seed !== record.seed))
    throw new Error(
      `The tree of problem ${record.problemId} was grown with other search options (${record.settings}) than those ` +
        `given (${settingsHash(settings)}). Give the same options, or search the problem anew`,
    )
  const tree = treeOf(problem, record.index, settings, record.settings)
  const { rollouts, expansions, executions, proposals, tokens, hits } = record
  Object.assign(tree.counts, { rollouts, expansions, executions, proposals, tokens, hits } satisfies TreeCounts)
  for (const [i, node] of record.nodes.entries()) {
    if (i === ROOT) tree.nodes[ROOT]!.terminal = node.terminal ?? null
    else addNode(tree, i, node)
    const { stats } = tree
    stats.visits[i] = node.visits ?? 0
    stats.valueSum[i] = node.valueSum ?? 0
    stats.reward[i] = node.reward ?? null
    stats.right[i] = node.right ?? null
    stats.settledIn[i] = node.settledIn ?? null
    stats.exhausted[i] = node.settledIn !== undefined
  }
  // Children come after their parents, so one pass from the end sees every subtree whole.
  for (let i = tree.nodes.length - 1; i >= 0; i--) {
    const { children } = tree.nodes[i]!
    if (children) tree.stats.exhausted[i] = children.every((child) => tree.stats.exhausted[child])
  }
  return tree
}

function addNode(tree: Tree, index: number, record: NodeRecord): void {
  const parent = tree.nodes[record.parent ?? -1]
  if (!parent)
    throw new Error(
      `The tree of problem ${tree.problem.id}: expected the parent of node ${index} before it, got ${record.parent}. ` +
        'Search the problem anew',
    )
  const failure = record.failure ?? null
  const node: TreeNode = {
    parent: record.parent!,
    depth: parent.depth + 1,
    step: { text: record.text ?? '', final: record.final ?? false },
    proposals: record.proposals ?? 1,
    logProbability: record.logProbability ?? null,
    failure,
    refusal: record.refusal ?? null,
    failures: failure === null ? 0 : parent.failures + 1,
    score: record.score ?? null,
    answer: record.answer ?? null,
    terminal: record.terminal ?? null,
    children: null,
  }
  tree.nodes.push(node)
  if (parent.children) (parent.children as number[]).push(index)
  else parent.children = [index]
}
