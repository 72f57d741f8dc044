// Whether a device computes a graph as the CPU does, and which operator does not. Kernels of other devices have been wrong
// without an error: what is only right on one device must not be found out by its results.
import { type Engine, openEngine, type Tensors } from './engine.ts'
import type { Graph } from './graph.ts'

/**
 * Largest difference that is allowed, as a share of the largest number of a tensor. Ten times what products in 19-bit
 * numbers (TF32, the default of CUDA) lose; a wrong formula is off by far more.
 */
const TOLERANCE = 5e-3

/** The worst disagreement of one tensor. */
interface Difference {
  readonly name: string
  readonly got: number
  readonly expected: number
  readonly allowed: number
}

/**
 * Runs a graph on the device of `engine` and on the CPU and compares every output. Only if one differs, both run again
 * with every value in between as an output, which tells the operator.
 * @param graph builds it; asked again for the second look
 * @param feeds inputs, asked anew for each run
 * @param what the graph is, for the error
 * Errors: an output that differs by more than 5e-3 of its largest number, with the operator, both numbers and what to do.
 */
export async function expectAgreement(
  engine: Engine,
  graph: () => Graph,
  feeds: () => Tensors,
  what: string,
): Promise<void> {
  const cpu = await openEngine({ threads: engine.threads })
  try {
    const compare = async (build: () => Graph): Promise<Difference | undefined> =>
      firstDifference(await outputs(engine, build(), feeds()), await outputs(cpu, build(), feeds()))
    const difference = await compare(graph)
    if (!difference) return
    const inner = await compare(() => withEveryValue(graph()))
    throw disagreement(engine.device, what, inner ?? difference, inner?.name.split(' ')[0])
  } finally {
    await cpu.dispose()
  }
}

const short = (number: number): string => String(Number(number.toPrecision(4)))

function disagreement(device: string, what: string, difference: Difference, operator: string | undefined): Error {
  const { name, got, expected, allowed } = difference
  const where = operator
    ? `its operator ${operator} gives ${short(got)} where the CPU's gives ${short(expected)}`
    : `its output \`${name}\` has ${short(got)} where the CPU's has ${short(expected)}, and no operator differs alone: one is fused wrongly`
  return new Error(
    `Expected the device ${device} to compute ${what} as the CPU does, but ${where} (allowed: a difference of ` +
      `${short(allowed)}). To train on it would give wrong weights without a word. Choose cpu, or try again with ` +
      `a newer driver or onnxruntime-node.`,
  )
}

async function outputs(engine: Engine, graph: Graph, feeds: Tensors): Promise<Tensors> {
  const session = await engine.session(graph)
  try {
    return await session.run(feeds)
  } finally {
    await session.dispose()
  }
}

/** The graph with each value that an operator gives as an output, named by the operator first and in their order. */
function withEveryValue(graph: Graph): Graph {
  graph.outputs.length = 0
  for (const { operator, outputs } of graph.nodes)
    for (const value of outputs) graph.output(`${operator} ${value.name}`, value)
  return graph
}

/** The worst number of the first tensor that differs, in the order of the CPU's outputs. */
function firstDifference(got: Tensors, expected: Tensors): Difference | undefined {
  for (const [name, { data }] of Object.entries(expected)) {
    const numbers = Array.from<number | bigint, number>(data, Number)
    const others = Array.from<number | bigint, number>(got[name]?.data ?? [], Number)
    const largest = numbers.reduce(
      (most, number) => (Number.isFinite(number) ? Math.max(most, Math.abs(number)) : most),
      0,
    )
    const allowed = TOLERANCE * largest + 1e-6
    // Not a number is a difference too.
    const place = numbers.findIndex((number, i) => number !== others[i] && !(Math.abs(number - others[i]!) <= allowed))
    if (place >= 0) return { name, got: others[place]!, expected: numbers[place]!, allowed }
  }
  return undefined
}
