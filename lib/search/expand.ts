// Gives a node its children: the policy proposes, the verifier runs, the PPM scores, what survives becomes nodes.
// The only writer of a tree's contents.

import type { Proposal } from '../policy/contract.ts'
import { parseAnswer } from '../problem/answer.ts'
import type { Step } from '../problem/problem.ts'
import { seedOf } from '../seed/random.ts'
import type { Verdict } from '../verify/verdict.ts'
import type { TerminalKind } from './annotator.ts'
import { backup, inRange, judge, start } from './backup.ts'
import type { SearchSettings } from './options.ts'
import type { SearchParts } from './parts.ts'
import { codeKey, executedStepsTo, isOpen, prefixOf, type Tree, type TreeNode } from './tree.ts'

/** Proposals that are the same step, as one. */
export interface Candidate {
  readonly step: Step
  /** How many proposals it stands for. From 1 up. */
  readonly proposals: number
  /** Of the first of them. */
  readonly logProbability: number | null
}

/** How often a candidate whose sandbox broke is run again before the search gives up. */
const SANDBOX_RETRIES = 2

/**
 * Expands an open node: propose, verify, score, then one child for each distinct candidate that survives. Result: the
 * indices of the new children; when none survives the node itself becomes a terminal (`deadEnd` or `unsupported`).
 * Errors: when the node is not open, a part breaks its contract, or the sandbox itself fails three times in a row.
 */
export async function expand(tree: Tree, node: number, parts: SearchParts): Promise<readonly number[]> {
  if (!isOpen(tree, node)) throw new Error(`Expected an open node, got node ${node}, which is expanded or terminal`)
  const { policy, annotator, grader } = parts
  const { settings, counts } = tree
  const prefix = prefixOf(tree, node)
  const seed = seedOf(settings.seed, tree.problem.id, tree.index, 'expand', node)
  const [proposals] = await policy.propose([{ prefix, count: settings.width, seed }])
  if (!proposals) throw new Error(`Expected one list of proposals for one request, got none from ${policy.name}`)
  checkProposals(proposals, settings.width, policy.name)
  const candidates = distinct(proposals, settings)
  const verdicts = await verify(executedStepsTo(tree, node), candidates, parts)
  counts.expansions++
  counts.proposals += proposals.length
  counts.tokens += proposals.reduce((sum, proposal) => sum + proposal.tokens, 0)
  counts.executions += candidates.length

  const drafts = candidates.flatMap((candidate, i) => draft(tree, node, candidate, verdicts[i]!) ?? [])
  const live = drafts.filter((child) => child.terminal !== 'codeFailed')
  const scores = await score(prefix, live, parts)
  const children = drafts.map((child) => {
    const childScore = scores?.[live.indexOf(child)] ?? null
    start(tree, childScore === null ? null : annotator.initial(childScore))
    return tree.nodes.push({ ...child, score: childScore }) - 1
  })
  if (children.length > 0) tree.nodes[node]!.children = children
  else tree.nodes[node]!.terminal = verdicts.some(({ kind }) => kind === 'unsupported') ? 'unsupported' : 'deadEnd'
  for (const child of children) {
    const { terminal } = tree.nodes[child]!
    const isWorthNow = terminal === 'codeFailed' || (terminal !== null && settings.terminals === 'created')
    if (isWorthNow) backup(tree, child, judge(tree, child, annotator, grader))
  }
  return children
}

function checkProposals(proposals: readonly Proposal[], count: number, name: string): void {
  if (!Array.isArray(proposals) || proposals.length > count)
    throw new Error(`Expected at most the ${count} proposals that ${name} was asked for, got ${proposals?.length}`)
  const unusable = proposals.findIndex((each) => !isProposal(each))
  if (unusable >= 0)
    throw new TypeError(
      `Expected ${name} to propose steps { text, final, tokens, logProbability? }, ` +
        `got ${JSON.stringify(proposals[unusable])?.slice(0, 80)}`,
    )
}

const isProposal = (given: Proposal | undefined): boolean =>
  typeof given?.text === 'string' &&
  typeof given.final === 'boolean' &&
  Number.isFinite(given.tokens) &&
  given.tokens >= 0 &&
  (given.logProbability === undefined || Number.isFinite(given.logProbability))

/** Merges proposals that are the same step, in the order in which each first came. */
export function distinct(
  proposals: readonly Proposal[],
  { sameCandidate, answeredCandidates }: Pick<SearchSettings, 'sameCandidate' | 'answeredCandidates'>,
): Candidate[] {
  const merged = new Map<string, { step: Step; proposals: number; logProbability: number | null }>()
  for (const { text, final, logProbability } of proposals) {
    const step = { text, final }
    const key = sameCandidate === 'code' ? codeKey(step) : `${final ? 'final' : 'step'} ${text}`
    const same = merged.get(key)
    if (same) same.proposals++
    else merged.set(key, { step, proposals: 1, logProbability: logProbability ?? null })
  }
  const candidates = [...merged.values()]
  const answered = answeredCandidates === 'first' ? candidates.find(({ step }) => step.final) : undefined
  return answered ? [answered] : candidates
}

/** Runs the candidates after the steps that ran; those for which the sandbox itself failed are run again. */
async function verify(
  steps: readonly Step[],
  candidates: readonly Candidate[],
  { verifier }: SearchParts,
): Promise<Verdict[]> {
  if (candidates.length === 0) return []
  const verdicts = await verifier.verify(
    steps,
    candidates.map(({ step }) => step),
  )
  expectCount('verdicts', verdicts.length, candidates.length)
  for (let retry = 0; ; retry++) {
    const broken = verdicts.flatMap(({ kind }, i) => (kind === 'infra' ? [i] : []))
    if (broken.length === 0) return verdicts
    if (retry === SANDBOX_RETRIES) {
      const first = verdicts[broken[0]!] as Extract<Verdict, { kind: 'infra' }>
      throw new Error(`The sandbox failed ${retry + 1} times on the same step: ${first.message}. Start again to go on`)
    }
    const again = await verifier.verify(
      steps,
      broken.map((i) => candidates[i]!.step),
    )
    for (const [k, i] of broken.entries()) verdicts[i] = again[k]!
  }
}

/** The child that a verified candidate becomes; null if the settings drop it. */
function draft(tree: Tree, parent: number, candidate: Candidate, verdict: Verdict): TreeNode | null {
  const { settings, nodes } = tree
  if (verdict.kind === 'unsupported') return null
  const ran = verdict.kind === 'ok'
  const depth = nodes[parent]!.depth + 1
  const failures = ran ? 0 : nodes[parent]!.failures + 1
  const answer = ran && candidate.step.final ? parseAnswer(verdict.stdout) : null
  let terminal: TerminalKind | null = null
  if (failures >= settings.errorTolerance) terminal = 'codeFailed'
  else if (ran && candidate.step.final) terminal = answer === null ? 'unparsable' : 'answered'
  else if (depth >= settings.maxDepth) terminal = 'tooDeep'
  if (terminal === 'codeFailed' && settings.failedSteps === 'drop') return null
  const failure = ran ? null : verdict.kind
  // A final step that failed but may be repaired does not end the solution.
  const step = terminal === null ? { ...candidate.step, final: false } : candidate.step
  const refusal = nodes[parent]!.refusal ?? verdict.refusal ?? null // a process is shared with the steps before
  return {
    parent,
    depth,
    ...candidate,
    step,
    failure,
    refusal,
    failures,
    score: null,
    answer,
    terminal,
    children: null,
  }
}

/** One score for each child, or null without a PPM. */
async function score(
  prefix: ReturnType<typeof prefixOf>,
  children: readonly TreeNode[],
  { annotator: { ppm } }: SearchParts,
): Promise<readonly number[] | null> {
  if (ppm === null || children.length === 0) return null
  const [scores] = await ppm.score([
    { prefix, candidates: children.map(({ step }) => step), printed: children.map(({ answer }) => answer) },
  ])
  expectCount('scores', scores?.length ?? 0, children.length)
  return scores!.map((value) => inRange(value, `a score of ${ppm.name}`))
}

function expectCount(what: string, got: number, expected: number): void {
  if (got !== expected) throw new Error(`Expected ${expected} ${what}, one for each candidate in order, got ${got}`)
}
