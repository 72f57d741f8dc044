// The qwen2 architecture, once. Training, scoring and generation differ in where the parameters come from and in how a
// layer attends; both are arguments here.
import type { HeadShape } from '../engine/attention.ts'
import type { Graph, Value } from '../engine/graph.ts'
import { type Rotary, rmsNorm, rotate, silu } from '../engine/layers.ts'
import { add, linear, multiply, product, split } from '../engine/ops.ts'
import type { ModelConfig } from './config.ts'
import { parameter, type Weights } from './weights.ts'

/** Where a graph finds its parameters. */
export interface Parameters {
  /** A parameter as a checkpoint stores it. */
  value(name: string): Value
  /** `x Wᵀ + b` for each of several matrices, by the name before `.weight` and `.bias`. x: [..., in]. */
  project(x: Value, names: readonly string[]): Value[]
}

/** Turns the queries, keys and values of one layer, still [rows, columns, heads · headSize], into its output. */
export type Attend = (layer: number, q: Value, k: Value, v: Value) => Value

export interface NetworkOptions {
  readonly positions: Value
  readonly rotary: Rotary
  readonly attend: Attend
  /** Picks the rows that are read after the last layer has attended; what follows is computed for them only. */
  readonly read?: (x: Value) => Value
}

/** Runs the layers and the last norm. x: embedded tokens [rows, columns, hidden]. Result: hidden states of what is read. */
export function network(
  g: Graph,
  config: ModelConfig,
  parameters: Parameters,
  x: Value,
  options: NetworkOptions,
): Value {
  const { positions, rotary, attend, read = (rows) => rows } = options
  const norm = (stream: Value, name: string) =>
    rmsNorm(g, stream, parameters.value(`${name}.weight`), config.rmsNormEps)
  let stream = x
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`
    const attention = `${at}.self_attn`
    const inputs = ['q', 'k', 'v'].map((letter) => `${attention}.${letter}_proj`)
    const [q, k, v] = parameters.project(norm(stream, `${at}.input_layernorm`), inputs)
    const turned = attend(layer, rotate(g, q!, positions, rotary), rotate(g, k!, positions, rotary), v!)
    stream = add(g, stream, parameters.project(turned, [`${attention}.o_proj`])[0]!)
    if (layer === config.layers - 1) stream = read(stream)
    const [gate, up] = parameters.project(norm(stream, `${at}.post_attention_layernorm`), [
      `${at}.mlp.gate_proj`,
      `${at}.mlp.up_proj`,
    ])
    stream = add(g, stream, parameters.project(multiply(g, silu(g, gate!), up!), [`${at}.mlp.down_proj`])[0]!)
  }
  return norm(stream, 'model.norm')
}

/** The matrix of the LM head: the token table itself when they are tied. */
export const headName = (config: ModelConfig): string => (config.tied ? 'model.embed_tokens' : 'lm_head')

export const headShape = ({ heads, kvHeads, headSize }: ModelConfig): HeadShape => ({ heads, kvHeads, headSize })

/** Parameters that the caller feeds, for training: one input for each, found by its name. */
export function fedParameters(g: Graph, values: ReadonlyMap<string, Value>): Parameters {
  const value = (name: string): Value => {
    const found = values.get(name)
    if (!found) throw new Error(`Expected a parameter ${name} among ${[...values.keys()].join(', ')}`)
    return found
  }
  return {
    value,
    project: (x, names) =>
      names.map((name) => {
        const y = linear(g, x, value(`${name}.weight`))
        const bias = values.get(`${name}.bias`)
        return bias ? add(g, y, bias) : y
      }),
  }
}

/**
 * Parameters that are part of the model, for inference: a function that gives them to the model's graph `root` and to
 * the bodies of its loops. Matrices that read the same input are laid side by side, so that one product serves them all.
 */
export function bakedParameters(root: Graph, weights: Weights): (g: Graph) => Parameters {
  const baked = new Map<string, Value>()
  const find = (name: string) => {
    const found = weights.get(name)
    if (!found) parameter(weights, { name, dims: [] })
    return found!
  }
  const bake = (names: readonly string[]): Value => {
    const key = names.join()
    const known = baked.get(key)
    if (known) return known
    const parts = names.map(find)
    const dims = [parts.reduce((rows, part) => rows + part.dims[0]!, 0), ...parts[0]!.dims.slice(1)]
    const data = new Float32Array(dims.reduce((product, size) => product * size, 1))
    let offset = 0
    for (const part of parts) {
      data.set(part.data, offset)
      offset += part.data.length
    }
    const value = root.constant({ type: 'float32', dims, data })
    baked.set(key, value)
    return value
  }
  return (g) => ({
    value: (name) => bake([name]),
    project: (x, names) => {
      const matrices = names.map((name) => `${name}.weight`)
      const y = product(g, x, bake(matrices), { transposeB: true })
      const biases = names.map((name) => `${name}.bias`)
      const whole = weights.has(biases[0]!) ? add(g, y, bake(biases)) : y
      return names.length === 1
        ? [whole]
        : split(
            g,
            whole,
            -1,
            matrices.map((name) => find(name).dims[0]!),
          )
    },
  })
}

/** A mask as `attend` takes it from a graph's condition: 0 where it holds, -Infinity elsewhere. */
export function maskWhere(g: Graph, condition: Value): Value {
  const zero = g.scalar(0)
  return g.node('Where', [condition, zero, g.scalar(Number.NEGATIVE_INFINITY)], {
    type: 'float32',
    shape: condition.shape,
  })
}
