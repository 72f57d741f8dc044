// The tree format of the released code, in and out: `{ rstar: { "<tag>": node } }`, where a tag is the dotted path
// "0", "0.3", "0.3.1" with children numbered from 1, and English sentences in `final_answer` stand for failures.
// Not carried over: proposals, log-probabilities, PPM scores, settings, and in which rollout something happened.
import type { Grader } from '../problem/grader.ts'
import type { Problem } from '../problem/problem.ts'
import type { TerminalKind } from './annotator.ts'
import { newTree, qOf, ROOT, type Tree, type TreeNode } from './tree.ts'

/** A node as the released code writes it. */
export interface OfficialNode {
  readonly text: string
  /** `question: …` on the root, empty elsewhere. */
  readonly extra_info: string
  readonly action: string
  readonly action_input: string
  readonly observation: string
  /** The answer, a sentence that stands for a failure, or empty. */
  readonly final_answer: string
  readonly value: number
  readonly q_value: number
  readonly visit_count: number
}

/** A problem with its tree as the released code writes it; keys of `rstar` are dotted paths such as `0.3.1`. */
export interface OfficialTree {
  readonly question: string
  readonly answer: string
  readonly rstar: Readonly<Record<string, OfficialNode>>
}

const TOO_MANY_ERRORS = 'Too many consecutive steps have code errors.'
const TOO_MANY_STEPS = 'Fail to sove the problem within limited steps.'
const NO_CHILD = 'Fail to generate parsable text for next step.'
const SENTENCES: Readonly<Partial<Record<TerminalKind, string>>> = {
  codeFailed: TOO_MANY_ERRORS,
  tooDeep: TOO_MANY_STEPS,
  unparsable: NO_CHILD,
  deadEnd: NO_CHILD,
  unsupported: NO_CHILD,
}
const KINDS = new Map<string, TerminalKind>([
  [TOO_MANY_ERRORS, 'codeFailed'],
  [TOO_MANY_STEPS, 'tooDeep'],
  [NO_CHILD, 'deadEnd'],
])

/**
 * The tree as the released code would write it, one entry a node by its dotted path. Final steps keep their answer; Q,
 * in [-1, 1], and visits are ours. Not carried over: proposals, log-probabilities, settings, and when something
 * happened.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * toOfficialTree(newTree(problem!)).rstar['0']?.visit_count // 0
 */
export function toOfficialTree(tree: Tree): OfficialTree {
  const tags: string[] = []
  const rstar: Record<string, OfficialNode> = {}
  for (const [i, node] of tree.nodes.entries()) {
    const siblings = i === ROOT ? [] : tree.nodes[node.parent]!.children!
    tags[i] = i === ROOT ? '0' : `${tags[node.parent]}.${siblings.indexOf(i) + 1}`
    rstar[tags[i]!] = {
      text: i === ROOT ? '' : node.step.text,
      extra_info: i === ROOT ? `question: ${tree.problem.question}` : '',
      action: i === ROOT ? '' : 'python_interpreter',
      action_input: node.step.text,
      observation: node.answer ?? '',
      final_answer: node.answer ?? (node.terminal ? (SENTENCES[node.terminal] ?? '') : ''),
      value: tree.stats.reward[i] ?? node.score ?? 0,
      q_value: qOf(tree, i) ?? 0,
      visit_count: tree.stats.visits[i]!,
    }
  }
  return { question: tree.problem.question, answer: tree.problem.answer, rstar }
}

/**
 * A tree read from the released format, for replay and pairs: Q-values and visits as stored, answers graded anew. One
 * node of the file is one step, so code block and answer stay two steps as there. Its settings are the defaults.
 * Errors: a tag without its parent, with both tags and the problem's id.
 */
export function fromOfficialTree({ rstar }: Pick<OfficialTree, 'rstar'>, problem: Problem, grader: Grader): Tree {
  const tree = newTree(problem)
  const indexOf = new Map<string, number>([['0', ROOT]])
  const tags = Object.keys(rstar).sort(byPath)
  for (const tag of tags) {
    const source = rstar[tag]!
    const index = indexOf.get(tag) ?? addChild(tree, indexOf, tag, source)
    const node = tree.nodes[index]!
    const visits = source.visit_count
    const right = node.answer === null || visits === 0 ? null : grader.equivalent(node.answer, problem.answer)
    tree.stats.visits[index] = visits
    tree.stats.valueSum[index] = source.q_value * visits
    tree.stats.right[index] = right
    tree.stats.reward[index] = node.terminal !== null && visits > 0 ? source.value : null
    tree.stats.settledIn[index] = node.terminal !== null && visits > 0 ? 0 : null
    tree.stats.exhausted[index] = node.terminal !== null
    if (right === true) tree.counts.hits++
  }
  return tree
}

function addChild(tree: Tree, indexOf: Map<string, number>, tag: string, source: OfficialNode): number {
  const parentTag = tag.slice(0, tag.lastIndexOf('.'))
  const parent = indexOf.get(parentTag)
  if (parent === undefined)
    throw new Error(`Expected node ${parentTag} beside ${tag} in the tree of ${tree.problem.id}, got none`)
  const kind = KINDS.get(source.final_answer) ?? null
  const answer = kind === null && source.final_answer !== '' ? source.final_answer : null
  const node: TreeNode = {
    parent,
    depth: tree.nodes[parent]!.depth + 1,
    step: { text: source.text, final: answer !== null },
    proposals: 1,
    logProbability: null,
    failure: kind === 'codeFailed' ? 'error' : null,
    refusal: null,
    failures: kind === 'codeFailed' ? 1 : 0,
    score: null,
    answer,
    terminal: answer !== null ? 'answered' : kind,
    children: null,
  }
  const index = tree.nodes.push(node) - 1
  tree.nodes[parent]!.children = [...(tree.nodes[parent]!.children ?? []), index]
  indexOf.set(tag, index)
  return index
}

/** Parents before children, siblings by number: 0, 0.1, 0.2, 0.10, 0.1.1. */
function byPath(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  if (left.length !== right.length) return left.length - right.length
  const i = left.findIndex((part, at) => part !== right[at])
  return i === -1 ? 0 : left[i]! - right[i]!
}
