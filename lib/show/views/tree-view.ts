// A search tree as people read it: steps under each other with Q, visits and what became of them, the best path marked,
// the least visited branches folded away. A step reads as its code, what its comment says behind it. Shows what is there;
// chooses nothing and changes nothing.

import { codeOf, commentOf } from '../../model/step-format.ts'
import { expectOptions } from '../../options/expect-known.ts'
import type { Tree } from '../../search/tree.ts'
import { cut, wrapped } from '../draw/characters.ts'
import { escapeHtml, type Shown, shown } from '../draw/display.ts'

/** A node as the view needs it. */
export interface ViewNode {
  /** Index of the parent in `nodes`, -1 for the root. A parent comes before its children. */
  readonly parent: number
  /** The step's text; the question at the root. */
  readonly text: string
  readonly visits: number
  readonly valueSum: number
  /** Why the trajectory ends here, e.g. 'answered', 'codeFailed'. Absent for a node that goes on. */
  readonly terminal?: string | null
  /** ±1 of a terminal against the reference, where it was known. */
  readonly reward?: number | null
  /** The PPM's score, in [-1, 1]. */
  readonly score?: number | null
  /** The answer of an answered terminal. */
  readonly answer?: string | null
}

/** What `treeView` shows: a tree of anything that has visits and values. */
export interface ViewTree {
  readonly title?: string
  readonly nodes: readonly ViewNode[]
}

/** How much of a tree is shown. */
export interface TreeViewOptions {
  /** Nodes shown at most, the most visited first; the best path always. Minimum: 1. @default 60 */
  maxNodes?: number
  /** Nodes with fewer visits are folded away. Minimum: 0. @default 0 */
  minVisits?: number
  /** Longest line of the text form, in characters. At least 40 is wise. @default 100 */
  width?: number
}

/** A tree that shows itself. */
export interface TreeView extends Shown {
  readonly title: string
  readonly html: string
}

/** What the view needs of a search tree. A terminal that nobody compared with the reference has no reward here. */
export function viewOf({ problem, nodes, stats }: Tree): ViewTree {
  const reward = (right: boolean | null) => (right === null ? null : right ? 1 : -1)
  return {
    title: `${problem.id} (${problem.level})`,
    nodes: nodes.map(({ parent, step, terminal, score, answer }, i) => ({
      parent,
      text: parent < 0 ? problem.question : step.text,
      visits: stats.visits[i]!,
      valueSum: stats.valueSum[i]!,
      reward: reward(stats.right[i]!),
      terminal,
      score,
      answer,
    })),
  }
}

/**
 * Shows a tree, Q-values in [-1, 1]. Legend: `✓` right, `✗` wrong or failed, `?` answered without a reference, `★` on
 * the best path: that of the answered terminal with the highest reward, then PPM score, then Q, then visits.
 * Errors: a RangeError for `maxNodes` below 1; a TypeError for an option that it does not have.
 * @example
 * const [problem] = generateProblems({ seed: 3, counts: [1] })
 * treeView(newTree(problem!)).title // 'p1-0000-collecting (easy)'
 */
export function treeView(tree: ViewTree | Tree, options: TreeViewOptions = {}): TreeView {
  expectOptions('treeView', options, ['maxNodes', 'minVisits', 'width'])
  const { maxNodes = 60, minVisits = 0, width = 100 } = options
  if (!Number.isInteger(maxNodes) || maxNodes < 1)
    throw new RangeError(`Expected \`maxNodes\` to be an integer from 1 up, got \`${maxNodes}\``)
  const { nodes, title = '' } = 'stats' in tree ? viewOf(tree) : tree
  const best = bestPath(nodes)
  const kept = keptNodes(nodes, best, maxNodes, minVisits)
  const children: number[][] = nodes.map(() => [])
  for (const [i, { parent }] of nodes.entries()) if (parent >= 0) children[parent]!.push(i)
  const drawing: Drawing = { nodes, best, kept, children }
  const legend = `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}. ✓ right, ✗ wrong or failed, ? no reference, ★ best path`
  const text = [...(title ? [cut(title, width)] : []), wrapped(legend, width), ...textLines(drawing, width)].join('\n')
  const name = `Search tree${title ? ` of ${title}` : ''}, ${nodes.length} nodes`
  const html = `<div class="tree" role="group" aria-label="${escapeHtml(name)}"><p>${title ? `<strong>${escapeHtml(title)}</strong>. ` : ''}<small>${legend}</small></p>${htmlNodes(drawing, rootsOf(nodes))}</div>`
  return Object.assign(
    shown(text, () => ({ 'text/html': html })),
    { title, html },
  )
}

interface Drawing {
  readonly nodes: readonly ViewNode[]
  readonly best: ReadonlySet<number>
  readonly kept: ReadonlySet<number>
  readonly children: readonly (readonly number[])[]
}

const rootsOf = (nodes: readonly ViewNode[]) => nodes.flatMap(({ parent }, i) => (parent < 0 ? [i] : []))
/** As `qOf`: clipped where an initial value is in the sum and not among the visits. */
const q = ({ visits, valueSum }: ViewNode) => (visits === 0 ? 0 : Math.max(-1, Math.min(1, valueSum / visits)))

/**
 * Root to the best terminal: highest reward, then PPM score, then Q, then visits, then first. A trajectory without an
 * answer never counts; with no answer at all the path is empty.
 */
function bestPath(nodes: readonly ViewNode[]): Set<number> {
  const rank = (node: ViewNode) => [node.reward ?? 0, node.score ?? 0, q(node), node.visits]
  const beats = (a: ViewNode, b: ViewNode) => {
    const [left, right] = [rank(a), rank(b)]
    const differs = left.findIndex((value, i) => value !== right[i])
    return differs >= 0 && left[differs]! > right[differs]!
  }
  let leaf = -1
  for (const [i, node] of nodes.entries())
    if (node.terminal === 'answered' && (leaf < 0 || beats(node, nodes[leaf]!))) leaf = i
  const path = new Set<number>()
  for (let at = leaf; at >= 0; at = nodes[at]!.parent) path.add(at)
  return path
}

function keptNodes(
  nodes: readonly ViewNode[],
  best: ReadonlySet<number>,
  maxNodes: number,
  minVisits: number,
): Set<number> {
  const kept = new Set(best)
  for (const root of rootsOf(nodes)) kept.add(root)
  const order = nodes.map((_, i) => i).sort((a, b) => nodes[b]!.visits - nodes[a]!.visits || a - b)
  for (const i of order) {
    if (kept.size >= maxNodes) break
    if (nodes[i]!.visits < minVisits) continue
    const missing: number[] = []
    for (let at = i; at >= 0 && !kept.has(at); at = nodes[at]!.parent) missing.push(at)
    if (kept.size + missing.length <= maxNodes) for (const at of missing) kept.add(at)
  }
  return kept
}

function mark(node: ViewNode): string {
  if (!node.terminal) return ' '
  if (node.terminal !== 'answered' || (node.reward ?? 0) < 0) return '✗'
  return (node.reward ?? 0) > 0 ? '✓' : '?'
}

const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`

function facts(node: ViewNode): string {
  const parts = [node.visits === 0 ? 'Q  –   ' : `Q ${signed(q(node))}`, `N ${node.visits}`]
  if (node.score !== undefined && node.score !== null) parts.push(`ppm ${signed(node.score)}`)
  if (node.answer !== undefined && node.answer !== null) parts.push(`= ${node.answer}`)
  else if (node.terminal && node.terminal !== 'answered') parts.push(node.terminal)
  return parts.join(' ')
}

/** The root's text is a question; a step of nothing but comments reads as them. */
function wordsOf({ parent, text }: ViewNode): { code: string; comment: string } {
  const code = parent < 0 ? '' : codeOf({ text, final: false }).trim()
  return code === '' ? { code: text.trim(), comment: '' } : { code, comment: commentOf({ text, final: false }) }
}

const folded = (hidden: number) => `… ${hidden} more ${hidden === 1 ? 'step' : 'steps'} with few visits`

function textLines(drawing: Drawing, width: number): string[] {
  const { nodes, best, kept, children } = drawing
  const lines: string[] = []
  const write = (i: number, lead: string, below: string) => {
    const node = nodes[i]!
    const head = `${lead}${best.has(i) ? '★' : ' '}${mark(node)} ${facts(node)}  `
    const { code, comment } = wordsOf(node)
    const step = code.replace(/\s*\n\s*/g, ' ↵ ')
    lines.push(cut(`${head}${step}${comment === '' ? '' : `  # ${comment}`}`.trimEnd(), width))
    const shownChildren = children[i]!.filter((child) => kept.has(child))
    const hidden = children[i]!.length - shownChildren.length
    shownChildren.forEach((child, position) => {
      const last = position === shownChildren.length - 1 && hidden === 0
      write(child, `${below}${last ? '└─' : '├─'}`, `${below}${last ? '  ' : '│ '}`)
    })
    if (hidden > 0) lines.push(`${below}└─ ${folded(hidden)}`)
  }
  for (const root of rootsOf(nodes)) write(root, '', '')
  return lines
}

function htmlNodes(drawing: Drawing, list: readonly number[]): string {
  const { nodes, best, kept, children } = drawing
  const items = list
    .filter((i) => kept.has(i))
    .map((i) => {
      const node = nodes[i]!
      const { code, comment } = wordsOf(node)
      const [first = ''] = code.split('\n')
      const said = comment === '' ? '' : ` <small style="opacity:.65">${escapeHtml(comment)}</small>`
      const label = `${best.has(i) ? '★ ' : ''}${mark(node).trim()} <small>${escapeHtml(facts(node))}</small> <code>${escapeHtml(first)}</code>${said}`
      const summary = best.has(i) ? `<strong>${label}</strong>` : label
      const full = code === first ? '' : `<pre>${escapeHtml(node.text.trim())}</pre>`
      const below = htmlNodes(drawing, children[i]!)
      if (full + below === '') return `<li>${summary}</li>`
      return `<li><details${best.has(i) || node.parent < 0 ? ' open' : ''}><summary>${summary}</summary>${full}${below}</details></li>`
    })
  const hidden = list.length - items.length
  if (hidden > 0) items.push(`<li><small>${folded(hidden)}</small></li>`)
  return items.length === 0 ? '' : `<ul style="list-style:none;padding-left:1.2em;margin:0">${items.join('')}</ul>`
}
