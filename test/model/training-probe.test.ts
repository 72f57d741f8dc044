// The gradient probe against devices that compute one operator wrongly: the CPU under another name, with that operator's
// results changed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Engine, openEngine } from '../../lib/engine/engine.ts'
import type { Graph, Node, Value } from '../../lib/engine/graph.ts'
import { add, multiply } from '../../lib/engine/ops.ts'
import type { ModelConfig } from '../../lib/model/config.ts'
import { openTrainer, type TrainerOptions } from '../../lib/model/training.ts'
import { initialWeights } from '../../lib/model/weights.ts'
import { embedded, multiHead, tiny } from './network-fixtures.ts'

let cpu: Engine
before(async () => {
  cpu = await openEngine({ threads: 1 })
})
after(() => cpu.dispose())

/** A device that changes the nodes of each graph before it runs them. */
const device = (change: (graph: Graph) => void): Engine => ({
  ...cpu,
  device: 'webgpu',
  session: (graph, options) => {
    change(graph)
    return cpu.session(graph, options)
  },
})

const trainings: [config: ModelConfig, options: TrainerOptions][] = [
  [tiny, { rows: 2, columns: 24, objective: 'language' }],
  [multiHead, { rows: 2, columns: 24, objective: 'language', optimizer: { weightDecay: 0.1, clipNorm: Infinity } }],
  [embedded, { rows: 1, columns: 9, objective: 'preference', dropout: 0.2, optimizer: { decayAll: true } }],
]
const open = async (engine: Engine, [config, options]: (typeof trainings)[number]) => {
  const weights = initialWeights(config, 1, { valueHead: options.objective === 'preference' })
  await (await openTrainer(engine, config, weights, options)).dispose()
}

/** The nodes of a training's own graph. */
async function nodesOf(training: (typeof trainings)[number]): Promise<readonly Node[]> {
  const graphs: Graph[] = []
  await open({ ...device((graph) => void graphs.push(graph)), device: 'cpu' }, training)
  return graphs[0]!.nodes
}

test('a device that computes as the CPU does may train', async () => {
  for (const training of trainings) await open({ ...cpu, device: 'webgpu' }, training)
})

test('the probe runs every operator that the training itself runs', async () => {
  for (const training of trainings) {
    const graphs: Graph[] = []
    await open(
      device((graph) => void graphs.push(graph)),
      training,
    )
    const names = (nodes: readonly Node[]) => [...new Set(nodes.map(({ operator }) => operator))].sort()
    assert.equal(graphs.length, 2, 'the probe and the training')
    assert.deepEqual(names(graphs[0]!.nodes), names(await nodesOf(training)))
  }
})

/** Appends operators behind each of one kind that turn its first output x into something else, where these are numbers. */
const altered = (operator: string, alter: (graph: Graph, x: Value) => Value) =>
  device((graph) => {
    // Read before they are changed: what is appended has operators of the same kinds.
    const places = graph.nodes.flatMap((node, place) =>
      node.operator === operator && node.outputs[0]!.type === 'float32' ? [place] : [],
    )
    for (const place of places.reverse()) {
      const node = graph.nodes[place]!
      const [first, ...others] = node.outputs as [Value, ...Value[]]
      const right = { ...first, name: `${first.name} right` }
      const count = graph.nodes.length
      const wrong = alter(graph, right)
      const added = graph.nodes.splice(count)
      const named = added.map((one) => (one.outputs[0]!.name === wrong.name ? { ...one, outputs: [first] } : one))
      graph.nodes.splice(place, 1, { ...node, outputs: [right, ...others] }, ...named)
    }
  })

test('whichever operator gives wrong numbers, its device is refused by that name, before anything is trained', async () => {
  const operators = new Set<string>()
  for (const training of trainings) {
    for (const { operator, outputs } of await nodesOf(training)) {
      if (outputs[0]!.type !== 'float32' || operators.has(operator)) continue
      operators.add(operator)
      const tenth = (g: Graph) => g.scalar(0.1)
      const wrong = altered(operator, (g, x) => add(g, multiply(g, g.node('Abs', [x], x), tenth(g)), tenth(g)))
      await assert.rejects(open(wrong, training), (error: Error) => {
        const pattern = `Expected the device webgpu to compute a training step .* but its operator ${operator} gives .* where the CPU's gives .* Choose cpu`
        assert.match(error.message, new RegExp(pattern))
        return true
      })
    }
  }
  assert.ok(operators.size >= 20, `${operators.size} operators`)
})

test('the mean in the place of the inverse deviation, as a device once gave it, is refused by name', async () => {
  const wrong = device((graph) => {
    for (const [place, node] of graph.nodes.entries())
      if (node.operator === 'ReduceSumSquare' && 'axes' in node.attributes)
        graph.nodes[place] = { ...node, operator: 'ReduceMean' }
  })
  await assert.rejects(open(wrong, trainings[0]!), /its operator ReduceSumSquare gives/)
})

test('what is not a number is refused like a wrong one', async () => {
  const wrong = altered('Sqrt', (g, x) => multiply(g, x, g.scalar(Number.NaN)))
  await assert.rejects(open(wrong, trainings[0]!), /its operator Sqrt gives NaN where/)
})

test('an operator that is wrong only together with others is refused by the output that shows it', async () => {
  const wrong = device((graph) => {
    if (graph.outputs.length > 100) return // the second look, at every value, which keeps operators apart
    for (const output of graph.outputs)
      if (output.name === 'loss') output.value = add(graph, output.value, output.value)
  })
  await assert.rejects(open(wrong, trainings[0]!), /its output `loss` has .* no operator differs alone/)
})
