// The kernels that ours is measured beside, where PATH has them, and the same cells in the language of each.
import { execFileSync } from 'node:child_process'

/** A kernel, and its cells. */
export interface Peer {
  readonly name: string
  /** Command with `{connection_file}`. @default our own kernel */
  readonly argv?: readonly string[]
  readonly cells: Cells
}

/** What is run in each kernel. */
export interface Cells {
  readonly typed: string
  readonly completion: string
  /** Prints 10,000 lines. */
  readonly print: string
  readonly make10MB: string
  readonly show10MB: string
  readonly loop: string
  readonly declare: (i: number) => string
}

/** The top-level loop, which is a program of its own too. */
export const LOOP = 'let sum = 0\nfor (let i = 0; i < 2e7; i++) sum += i % 7\nsum'

const TYPESCRIPT: Cells = {
  typed: Array.from(
    { length: 10 },
    (_, i) => `interface Row${i} { x: number; y?: string }
const rows${i}: Row${i}[] = Array.from({ length: 3 }, (_, x) => ({ x, y: String(x) }))
function total${i}<T extends Row${i}>(list: readonly T[]): number {
  return list.reduce((sum, { x }) => sum + x, 0)
}`,
  ).join('\n'),
  completion: 'Math.ma',
  print: 'for (let i = 0; i < 10_000; i++) console.log("line", i)',
  make10MB: "const big = 'y'.repeat(1e7)",
  show10MB: 'display(html(big))',
  loop: LOOP,
  declare: (i) => `const name${i} = ${i}; function f${i}() { return name${i} }`,
}

const TSLAB: Cells = {
  ...TYPESCRIPT,
  make10MB: "import * as tslab from 'tslab'\nconst big = 'y'.repeat(1e7)",
  show10MB: 'tslab.display.html(big)',
}

const DENO: Cells = { ...TYPESCRIPT, show10MB: "await Deno.jupyter.display({ 'text/html': big }, { raw: true })" }

const PYTHON: Cells = {
  typed: Array.from(
    { length: 10 },
    (_, i) => `class Row${i}:
  x: int
rows${i}: list[dict[str, object]] = [{'x': x, 'y': str(x)} for x in range(3)]
def total${i}(items: list[dict[str, int]]) -> int:
  return sum(one['x'] for one in items)`,
  ).join('\n'),
  completion: 'import math; math.co',
  print: 'for i in range(10_000): print("line", i)',
  make10MB: "from IPython.display import HTML\nbig = 'y' * 10_000_000",
  show10MB: 'display(HTML(big))',
  loop: 'total = 0\nfor i in range(20_000_000): total += i % 7\ntotal',
  declare: (i) => `name${i} = ${i}\ndef f${i}(): return name${i}`,
}

export const OURS: Peer = { name: 'asterism', cells: TYPESCRIPT }

/** The other kernels by name, in the order of the table; null where this machine has none. */
export function otherKernels(): Readonly<Record<string, Peer | null>> {
  const python = ['python3', '/usr/bin/python3'].find((each) => runs(each, ['-c', 'import ipykernel']))
  const peer = (name: string, cells: Cells, argv: readonly string[]): Peer => ({ name, cells, argv })
  return {
    ipykernel: python
      ? peer('ipykernel', PYTHON, [python, '-m', 'ipykernel_launcher', '-f', '{connection_file}'])
      : null,
    tslab: runs('tslab', ['--version'])
      ? peer('tslab', TSLAB, ['tslab', 'kernel', '--config-path', '{connection_file}'])
      : null,
    deno: runs('deno', ['--version'])
      ? peer('deno', DENO, ['deno', 'jupyter', '--kernel', '--conn', '{connection_file}'])
      : null,
  }
}

function runs(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false // not there, or without the package
  }
}
