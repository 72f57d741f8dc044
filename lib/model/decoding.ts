// The generation graph: prefill of each distinct prompt once, then a Loop whose body is one decoding step of every
// sequence. Sequences of one prompt stand in a group and share its keys and values, which are never copied again; only
// the keys and values of what they generate travel from step to step.
import { attend, type HeadShape, joinHeads, keyHeads, maskBlocks, queryGroups } from '../engine/attention.ts'
import { type Dim, Graph, type Value } from '../engine/graph.ts'
import { rotaryConstants } from '../engine/layers.ts'
import {
  add,
  cast,
  concat,
  counting,
  equal,
  flat,
  gather,
  lengthOf,
  less,
  linear,
  not,
  or,
  product,
  reshape,
  slice,
  softmax,
  transpose,
  where,
} from '../engine/ops.ts'
import { causal } from './batch.ts'
import type { ModelConfig } from './config.ts'
import { bakedParameters, headName, maskWhere, network, required } from './network.ts'
import { type Choice, type Chosen, choose } from './sampling.ts'
import type { Weights } from './weights.ts'

/** Keys and values of one layer. */
interface Cache {
  readonly keys: Value
  readonly values: Value
}

/**
 * Inputs: `ids` [prompts, columns] and `last` [reads ≥ prompts] (place of each prompt's last token in the flattened ids);
 * `owners` [rows, group] (prompt of each sequence, the same along a row), `firsts` [rows] (prompt of each row), `lengths`
 * [rows, 1] (tokens of that prompt), `idle` [rows, group] (places without a sequence); `uniforms` [steps, rows, group];
 * `stops` [count] token ids; `trips` steps after the first; temperature, topP, topK.
 * Outputs: `first` [rows, group] and `rest` [trips done, rows, group] tokens, `logProbabilities` [rows, group].
 */
export function generationGraph(config: ModelConfig, weights: Weights, choice: Choice): Graph {
  const g = new Graph()
  const parameters = bakedParameters(g, config, weights)
  const rotary = rotaryConstants(g, config.maxPositions, config.headSize, config.ropeTheta)
  const table = required(parameters, 'model.embed_tokens.weight')
  const head = required(parameters, headName(config))

  const ids = g.input('ids', 'int32', ['prompts', 'columns'])
  const last = g.input('last', 'int32', ['reads'])
  const owners = g.input('owners', 'int32', ['rows', 'group'])
  const firsts = g.input('firsts', 'int32', ['rows'])
  const lengths = g.input('lengths', 'int32', ['rows', 1])
  const idle = g.input('idle', 'bool', ['rows', 'group'])
  const uniforms = g.input('uniforms', 'float32', ['steps', 'rows', 'group'])
  const stops = g.input('stops', 'int32', ['stops'])
  const trips = g.input('trips', 'int64', [])
  const temperature = g.input('temperature', 'float32', [])
  const topP = g.input('topP', 'float32', [])
  const topK = g.input('topK', 'int64', [])
  const inputs = { temperature, topP, topK }

  // Prompts are padded at the end, so being causal is enough to keep their tokens from seeing padding.
  const promptMasks = maskBlocks(g, maskWhere(g, causal(g, ids)), 1)
  const prompts: Cache[] = []
  const hidden = network(g, config, parameters, gather(g, table, ids), {
    positions: g.ints([0]),
    rotary,
    attend: (_layer, q, k, v) => {
      const cache = { keys: keyHeads(g, k, config), values: keyHeads(g, v, config) }
      prompts.push({ keys: gather(g, cache.keys, firsts), values: gather(g, cache.values, firsts) })
      return joinHeads(g, attend(g, queryGroups(g, q, config), cache.keys, cache.values, promptMasks), config)
    },
    read: (x) => gather(g, flat(g, x), last),
  })
  const order = reshape(g, cast(g, counting(g, lengthOf(g, ids, 1), 'columns'), 'int32'), [1, 1, 1, 1, 'columns'])
  const inPrompt = less(g, order, reshape(g, lengths, ['rows', 1, 1, 1, 1]))
  const seen = maskWhere(g, inPrompt)

  const stopped = (graph: Graph, tokens: Value): Value => {
    const hits = cast(graph, equal(graph, reshape(graph, tokens, ['rows', 'group', 1]), stops), 'float32')
    const attributes = { axes: { ints: [2] }, keepdims: { int: 0 } }
    const any = graph.node('ReduceMax', [hits], { type: 'float32', shape: ['rows', 'group'] }, { attributes })
    return cast(graph, any, 'bool')
  }
  const anyLeft = (graph: Graph, done: Value): Value => {
    const least = graph.node(
      'ReduceMin',
      [cast(graph, done, 'int32')],
      { type: 'int32', shape: [] },
      { attributes: { keepdims: { int: 0 } } },
    )
    return not(graph, cast(graph, least, 'bool'))
  }
  const chooseAt = (graph: Graph, logits: Value, step: Value): Chosen =>
    choose(graph, choice, logits, gather(graph, uniforms, step), inputs)

  const first = chooseAt(g, gather(g, linear(g, hidden, head), owners), g.scalar(0, 'int64'))
  const done = or(g, idle, stopped(g, first.tokens))

  const body = new Graph(g)
  const step = body.input('step', 'int64', [])
  body.input('go', 'bool', [])
  const tokens = body.input('tokens', 'int32', ['rows', 'group'])
  const doneBefore = body.input('done', 'bool', ['rows', 'group'])
  const sum = body.input('sum', 'float32', ['rows', 'group'])
  const cacheShape = (length: Dim): Dim[] => ['rows', config.kvHeads, 'group', length, config.headSize]
  const past: Cache[] = prompts.map((_, layer) => ({
    keys: body.input(`keys ${layer}`, 'float32', cacheShape('past')),
    values: body.input(`values ${layer}`, 'float32', cacheShape('past')),
  }))
  const grown: Cache[] = []
  const state = network(body, config, parameters, gather(body, table, tokens), {
    positions: cast(body, broadcastTo(body, add(body, lengths, cast(body, step, 'int32')), tokens), 'int64'),
    rotary,
    attend: (layer, q, k, v) => {
      const own = {
        keys: concat(body, [past[layer]!.keys, ownHeads(body, k, config)], 3, 'now'),
        values: concat(body, [past[layer]!.values, ownHeads(body, v, config)], 3, 'now'),
      }
      grown.push(own)
      const queries = queryGroups(body, q, config)
      return joinHeads(body, attendBoth(body, queries, { prompt: prompts[layer]!, own, seen }), config)
    },
  })
  const next = body.node('Add', [step, body.scalar(1, 'int64')], { type: 'int64', shape: [] })
  const chosen = chooseAt(body, linear(body, state, head), next)
  const doneNow = or(body, doneBefore, stopped(body, chosen.tokens))
  body.output('go on', anyLeft(body, doneNow))
  body.output('tokens out', chosen.tokens)
  body.output('done out', doneNow)
  body.output('sum out', add(body, sum, where(body, doneBefore, body.scalar(0), chosen.logProbabilities)))
  grown.forEach((cache, layer) => {
    body.output(`keys out ${layer}`, cache.keys)
    body.output(`values out ${layer}`, cache.values)
  })
  body.output('token of step', chosen.tokens)

  const empty = emptyCache(g, owners, config)
  const grid = { type: 'float32', shape: ['rows', 'group'] } as const
  const results = g.nodeOf(
    'Loop',
    [trips, anyLeft(g, done), first.tokens, done, first.logProbabilities, ...past.flatMap(() => [empty, empty])],
    [
      { type: 'int32', shape: ['rows', 'group'] },
      { type: 'bool', shape: ['rows', 'group'] },
      grid,
      ...past.flatMap(() => [
        { type: 'float32' as const, shape: cacheShape('generated') },
        { type: 'float32' as const, shape: cacheShape('generated') },
      ]),
      { type: 'int32', shape: ['taken', 'rows', 'group'] },
    ],
    { attributes: { body: { graph: body } } },
  )
  g.output('first', first.tokens)
  g.output('rest', results.at(-1)!)
  g.output('logProbabilities', results[2]!)
  return g
}

const broadcastTo = (g: Graph, x: Value, like: Value): Value => {
  const shape = g.node('Shape', [like], { type: 'int64', shape: [like.shape.length] })
  return g.node('Expand', [x, shape], { type: x.type, shape: like.shape })
}

/** A cache of no tokens yet, [rows, kvHeads, group, 0, headSize]. */
function emptyCache(g: Graph, owners: Value, { kvHeads, headSize }: HeadShape): Value {
  const dims = [lengthOf(g, owners, 0), g.ints([kvHeads]), lengthOf(g, owners, 1), g.ints([0]), g.ints([headSize])]
  const shape = concat(g, dims, 0, 5)
  return g.node('ConstantOfShape', [shape], { type: 'float32', shape: ['rows', kvHeads, 'group', 0, headSize] })
}

/** Keys or values of one new token a sequence: [rows, group, kvHeads · headSize] → [rows, kvHeads, group, 1, headSize]. */
function ownHeads(g: Graph, x: Value, { kvHeads, headSize }: HeadShape): Value {
  return transpose(g, reshape(g, x, ['rows', 'group', kvHeads, 1, headSize]), [0, 2, 1, 3, 4])
}

/** Attention over the shared prompt and over what each sequence generated itself, in one softmax. q as `queryGroups`. */
function attendBoth(g: Graph, q: Value, { prompt, own, seen }: { prompt: Cache; own: Cache; seen: Value }): Value {
  const [rows, kvHeads, group, heads, headSize] = q.shape as [string, number, string, number, number]
  const scale = 1 / Math.sqrt(headSize)
  const joined = [rows, kvHeads, 1, `${group}·${heads}`]
  const onPrompt = product(g, reshape(g, q, [...joined, headSize]), prompt.keys, { transposeB: true, scale })
  const apart = add(g, reshape(g, onPrompt, [rows, kvHeads, group, heads, 'columns']), seen)
  const onOwn = product(g, q, own.keys, { transposeB: true, scale })
  // The prompt stands last, so that its padding lies at the end of each line: a sum over a line adds the same numbers in
  // the same order however much of it there is.
  const weights = softmax(g, concat(g, [onOwn, apart], 4, 'now+columns'))
  const generated = lengthOf(g, own.keys, 3)
  const toOwn = slice(g, weights, 4, g.ints([0]), generated, 'now')
  const toPrompt = slice(g, weights, 4, generated, g.ints([2 ** 31]), 'columns')
  const fromPrompt = product(g, reshape(g, toPrompt, [...joined, 'columns']), prompt.values)
  return add(g, reshape(g, fromPrompt, q.shape), product(g, toOwn, own.values))
}
