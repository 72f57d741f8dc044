// The qwen2 architecture, once. Training, scoring and generation differ in where the parameters come from and in how a
// layer attends; both are arguments here.
import { attend, joinHeads, keyHeads, type MaskBlock, queryGroups, UNSEEN } from '../engine/attention.ts'
import type { Graph, Value } from '../engine/graph.ts'
import { type Rotary, rmsNorm, rotate, silu } from '../engine/layers.ts'
import { add, linear, multiply } from '../engine/ops.ts'
import type { ModelConfig } from './config.ts'
import { parameter, parametersOf, type Weights } from './weights.ts'

/** A parameter of the graph by its checkpoint name; undefined for a bias that the architecture does not have. */
export type Parameters = (name: string) => Value | undefined

/** Turns the queries, keys and values of one layer, still [rows, columns, heads · headSize], into its output. */
export type Attend = (layer: number, q: Value, k: Value, v: Value) => Value

export interface NetworkOptions {
  readonly positions: Value
  readonly rotary: Rotary
  readonly attend: Attend
  /** Picks the rows that are read after the last layer has attended; what follows is computed for them only. */
  readonly read?: (x: Value) => Value
}

/** A parameter that every network of this configuration has. */
export function required(parameters: Parameters, name: string): Value {
  const value = parameters(name)
  if (!value) throw new Error(`Expected a parameter ${name}, found none. Does config.json fit the weights?`)
  return value
}

/** `x Wᵀ + b`, without b where there is none. */
function project(g: Graph, parameters: Parameters, x: Value, name: string): Value {
  const y = linear(g, x, required(parameters, `${name}.weight`))
  const bias = parameters(`${name}.bias`)
  return bias ? add(g, y, bias) : y
}

/** Runs the layers and the last norm. x: embedded tokens [rows, columns, hidden]. Result: hidden states of what is read. */
export function network(
  g: Graph,
  config: ModelConfig,
  parameters: Parameters,
  x: Value,
  { positions, rotary, attend, read = (rows) => rows }: NetworkOptions,
): Value {
  const norm = (stream: Value, name: string) =>
    rmsNorm(g, stream, required(parameters, `${name}.weight`), config.rmsNormEps)
  let stream = x
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`
    const normed = norm(stream, `${at}.input_layernorm`)
    const q = project(g, parameters, normed, `${at}.self_attn.q_proj`)
    const k = project(g, parameters, normed, `${at}.self_attn.k_proj`)
    const v = project(g, parameters, normed, `${at}.self_attn.v_proj`)
    const seen = attend(layer, rotate(g, q, positions, rotary), rotate(g, k, positions, rotary), v)
    stream = add(g, stream, project(g, parameters, seen, `${at}.self_attn.o_proj`))
    if (layer === config.layers - 1) stream = read(stream)

    const inner = norm(stream, `${at}.post_attention_layernorm`)
    const gate = project(g, parameters, inner, `${at}.mlp.gate_proj`)
    const up = project(g, parameters, inner, `${at}.mlp.up_proj`)
    stream = add(g, stream, project(g, parameters, multiply(g, silu(g, gate), up), `${at}.mlp.down_proj`))
  }
  return norm(stream, 'model.norm')
}

/** Embeds, runs packed or causal rows through the network, every layer attending under the same masks. */
export function rowNetwork(
  g: Graph,
  config: ModelConfig,
  parameters: Parameters,
  embedded: Value,
  { masks, ...options }: Omit<NetworkOptions, 'attend'> & { masks: readonly MaskBlock[] },
): Value {
  return network(g, config, parameters, embedded, {
    ...options,
    attend: (_layer, q, k, v) =>
      joinHeads(g, attend(g, queryGroups(g, q, config), keyHeads(g, k, config), keyHeads(g, v, config), masks), config),
  })
}

/** The matrix of the LM head: the token table itself when they are tied. */
export const headName = (config: ModelConfig): string => (config.tied ? 'model.embed_tokens.weight' : 'lm_head.weight')

/**
 * Parameters that are part of the model, for inference.
 * Errors: a parameter that is missing or has another shape than the configuration says.
 */
export function bakedParameters(
  g: Graph,
  config: ModelConfig,
  weights: Weights,
  options?: { valueHead?: boolean },
): Parameters {
  const values = new Map(
    parametersOf(config, options).map((spec) => {
      const tensor = { type: 'float32', dims: spec.dims, data: parameter(weights, spec) } as const
      return [spec.name, g.constant(tensor)]
    }),
  )
  return (name) => values.get(name)
}

/** A mask as `attend` takes it from a graph's condition: 0 where it holds, `UNSEEN` elsewhere. */
export function maskWhere(g: Graph, condition: Value): Value {
  const zero = g.scalar(0)
  return g.node('Where', [condition, zero, g.scalar(UNSEEN)], {
    type: 'float32',
    shape: condition.shape,
  })
}
