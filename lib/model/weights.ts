// The parameters of a network: their names, shapes and first values. Names and layout are those of Hugging Face
// checkpoints (a matrix is [out, in]). It reads and writes no file: checkpoint.ts does that.
import { normal, random } from '../seed/random.ts'
import type { ModelConfig } from './config.ts'

/** Parameters by Hugging Face name, e.g. `model.layers.0.self_attn.q_proj.weight`. Not to be changed in place. */
export type Weights = Map<string, { dims: number[]; data: Float32Array }>

/** What a parameter is for: how it starts, and whether weight decay shrinks it (matrices yes, norms and biases no). */
export type ParameterKind = 'embedding' | 'matrix' | 'residual' | 'norm' | 'bias' | 'valueHead'

/** One parameter of the architecture. */
export interface ParameterSpec {
  readonly name: string
  readonly dims: number[]
  readonly kind: ParameterKind
}

/**
 * Every parameter of a qwen2 network in a fixed order. `valueHead` replaces the LM head by the PPM's
 * `value_head.weight` [1, hidden] and `value_head.bias` [1].
 */
export function parametersOf(config: ModelConfig, options: { valueHead?: boolean } = {}): ParameterSpec[] {
  const { hiddenSize, intermediateSize, vocabSize, heads, kvHeads, headSize } = config
  const specs: ParameterSpec[] = []
  const add = (name: string, dims: number[], kind: ParameterKind) => specs.push({ name, dims, kind })
  add('model.embed_tokens.weight', [vocabSize, hiddenSize], 'embedding')
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`
    const outputs = { q: heads * headSize, k: kvHeads * headSize, v: kvHeads * headSize }
    add(`${at}.input_layernorm.weight`, [hiddenSize], 'norm')
    for (const [letter, size] of Object.entries(outputs)) {
      add(`${at}.self_attn.${letter}_proj.weight`, [size, hiddenSize], 'matrix')
      add(`${at}.self_attn.${letter}_proj.bias`, [size], 'bias')
    }
    add(`${at}.self_attn.o_proj.weight`, [hiddenSize, heads * headSize], 'residual')
    add(`${at}.post_attention_layernorm.weight`, [hiddenSize], 'norm')
    add(`${at}.mlp.gate_proj.weight`, [intermediateSize, hiddenSize], 'matrix')
    add(`${at}.mlp.up_proj.weight`, [intermediateSize, hiddenSize], 'matrix')
    add(`${at}.mlp.down_proj.weight`, [hiddenSize, intermediateSize], 'residual')
  }
  add('model.norm.weight', [hiddenSize], 'norm')
  if (options.valueHead) {
    add('value_head.weight', [1, hiddenSize], 'valueHead')
    add('value_head.bias', [1], 'bias')
  } else if (!config.tied) add('lm_head.weight', [vocabSize, hiddenSize], 'embedding')
  return specs
}

/**
 * First values: embeddings N(0, 0.05²), matrices N(0, 1 / inputs), those that write to the residual stream divided by
 * sqrt(2 · layers) so that its variance does not grow with depth, norms 1, biases 0, value head N(0, 0.001²).
 * Each parameter has its own random numbers, so adding one leaves the others as they were.
 */
export function initialWeights(config: ModelConfig, seed: number, options: { valueHead?: boolean } = {}): Weights {
  const depth = Math.sqrt(2 * config.layers)
  return new Map(
    parametersOf(config, options).map(({ name, dims, kind }) => {
      const inputs = dims[1] ?? 1
      const deviation = {
        embedding: 0.05,
        matrix: 1 / Math.sqrt(inputs),
        residual: 1 / Math.sqrt(inputs) / depth,
        norm: 0,
        bias: 0,
        valueHead: 0.001,
      }[kind]
      const rng = random(seed, 'weights', name)
      const data = new Float32Array(dims.reduce((product, size) => product * size, 1))
      if (kind === 'norm') data.fill(1)
      else if (deviation > 0) for (let i = 0; i < data.length; i++) data[i] = normal(rng) * deviation
      return [name, { dims, data }]
    }),
  )
}

/**
 * The parameter of that name, its shape checked.
 * Errors: names the parameter that is missing or has another shape than the configuration says.
 */
export function parameter(weights: Weights, { name, dims }: { name: string; dims: readonly number[] }): Float32Array {
  const found = weights.get(name)
  if (!found) {
    throw new Error(`Expected a parameter ${name}, found none among ${weights.size}. Does config.json fit the weights?`)
  }
  if (found.dims.join() !== dims.join()) {
    throw new Error(
      `Expected ${name} of shape [${dims.join(', ')}], got [${found.dims.join(', ')}]. Does config.json fit the weights?`,
    )
  }
  return found.data
}

/**
 * Every parameter of the architecture is there with its shape, all of finite numbers, and nothing else is.
 * @param source names where the weights are from, or go to, in errors
 * Errors: the tensor that is missing, of another shape, unknown, or not finite, with what was expected.
 */
export function checkWeights(config: ModelConfig, weights: Weights, source: string): void {
  const valueHead = weights.has('value_head.weight')
  const specs = parametersOf(config, { valueHead })
  // A PPM's backbone may bring the output layer of the model it came from.
  if (valueHead && weights.has('lm_head.weight')) specs.push(...parametersOf({ ...config, tied: false }).slice(-1))
  try {
    for (const spec of specs) parameter(weights, spec)
  } catch (error) {
    throw new Error(`${source}: ${(error as Error).message}`, { cause: error })
  }
  const names = new Set(specs.map((spec) => spec.name))
  for (const [name, { data }] of weights) {
    if (!names.has(name))
      throw new Error(
        `${source}: expected only the tensors of a qwen2 model with ${config.layers} layers, got ${name} as well. ` +
          'Does config.json belong to these weights?',
      )
    const place = notFinite(data)
    if (place >= 0)
      throw new Error(
        `${source}: expected finite numbers in ${name}, got ${data[place]} at place ${place}. Was the training that made ` +
          'it unstable, or is the file damaged?',
      )
  }
}

/** Where the first number that is none or infinite stands, or -1. `findIndex` takes several times longer. */
function notFinite(data: Float32Array): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i
  return -1
}
