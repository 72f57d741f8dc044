// An independent, slow reading of a tree record: everything recomputed from terminals by walking all paths. It shares no
// code with lib/search, lib/annotate or lib/pairs.
import type { TreeRecord } from '../../lib/search/record.ts'

export interface NaiveNode {
  readonly id: number
  readonly text: string
  readonly path: readonly NaiveNode[]
  visits: number
  sum: number
  q: number | null
  readonly children: NaiveNode[]
  right: number
  wrong: number
}

/** Statistics from terminals alone, each reward added to every node of its path (or only to its own). */
export function naive(record: TreeRecord, { self = false, counted = false, ppm = false } = {}): NaiveNode[] {
  const nodes: NaiveNode[] = []
  for (const [id, node] of record.nodes.entries()) {
    const parent = node.parent === undefined ? null : nodes[node.parent]!
    const initial = ppm && node.score !== undefined ? node.score : 0
    const made: NaiveNode = {
      id,
      text: node.text ?? '',
      path: parent ? [...parent.path.filter((at) => at.id !== id), parent] : [],
      visits: ppm && counted && node.score !== undefined ? 1 : 0,
      sum: initial,
      q: null,
      children: [],
      right: 0,
      wrong: 0,
    }
    parent?.children.push(made)
    nodes.push(made)
  }
  for (const [id, node] of record.nodes.entries()) {
    if (node.reward === undefined) continue
    const only = self && node.terminal !== 'answered'
    for (const at of only ? [nodes[id]!] : [...nodes[id]!.path, nodes[id]!]) {
      at.visits += 1
      at.sum += node.right === true ? 1 : -1
    }
    for (const at of [...nodes[id]!.path, nodes[id]!]) {
      if (node.right === true) at.right += 1
      if (node.right === false) at.wrong += 1
    }
  }
  for (const node of nodes) node.q = node.visits === 0 ? null : Math.max(-1, Math.min(1, node.sum / node.visits))
  return nodes
}

/** UCT of a child that was visited. */
export const naiveUct = (child: NaiveNode, parent: NaiveNode, c: number): number =>
  child.sum / child.visits + c * (Math.log(Math.max(parent.visits, 1)) / child.visits) ** 0.5
