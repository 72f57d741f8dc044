// The shape of a model, as a Hugging Face config.json says it and as we write it back.
// Covered: the qwen2 architecture (Qwen2.5-Math and Qwen2-Math are qwen2) with plain rotary positions and full
// attention. Not covered: other architectures, scaled positions (YaRN and the like), sliding windows; each is refused
// with a line that names it, since running such a model anyway would give wrong numbers without a word.

/** The shape of a qwen2 transformer. All counts are integers from 1 up. */
export interface ModelConfig {
  /** Rows of the token embedding. */
  readonly vocabSize: number
  /** Width of the residual stream. */
  readonly hiddenSize: number
  /** Width inside the gated feed-forward layer. */
  readonly intermediateSize: number
  readonly layers: number
  /** Query heads. A multiple of `kvHeads`. */
  readonly heads: number
  /** Key and value heads, each shared by `heads / kvHeads` query heads. */
  readonly kvHeads: number
  /** Width of one head. Even. Usually `hiddenSize / heads`. */
  readonly headSize: number
  /** Base of the rotary position frequencies. */
  readonly ropeTheta: number
  /** Added to the mean square before the root. */
  readonly rmsNormEps: number
  /** Whether the output layer is the token embedding itself. */
  readonly tied: boolean
  /** Longest sequence in tokens that the model is meant for. */
  readonly maxPositions: number
}

type Json = Readonly<Record<string, unknown>>

/**
 * Reads a Hugging Face config.json of the qwen2 architecture. Reads both spellings of the rotary base: `rope_theta` and
 * `rope_parameters.rope_theta`.
 * @param json the parsed file
 * @param path names the file in errors
 * Errors: another architecture, a missing or impossible number, scaled positions, a sliding window.
 */
export function parseConfig(json: unknown, path = 'config.json'): ModelConfig {
  const config = objectOf(json, `${path}: expected a JSON object`)
  if (config.model_type !== 'qwen2')
    throw new Error(
      `${path}: expected model_type "qwen2" (supported: Qwen2.5-Math, Qwen2-Math and any other qwen2 model), ` +
        `got ${JSON.stringify(config.model_type)}. Choose a checkpoint of that architecture.`,
    )
  if (config.hidden_act !== undefined && config.hidden_act !== 'silu')
    throw new Error(`${path}: expected hidden_act "silu", got ${JSON.stringify(config.hidden_act)}`)
  if (config.use_sliding_window === true)
    throw new Error(`${path}: expected full attention, got use_sliding_window true, which is not supported`)

  const kinds = Array.isArray(config.layer_types) ? config.layer_types : []
  const other = kinds.find((kind) => kind !== 'full_attention')
  if (other !== undefined)
    throw new Error(`${path}: expected full attention in every layer, got ${JSON.stringify(other)}, not supported`)
  const tied = config.tie_word_embeddings ?? false
  if (typeof tied !== 'boolean')
    throw new Error(`${path}: expected tie_word_embeddings to be true or false, got ${JSON.stringify(tied)}`)

  const count = (name: string, fallback?: number): number => {
    const value = config[name] ?? fallback
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
      throw new Error(`${path}: expected ${name} to be an integer from 1 up, got ${JSON.stringify(config[name])}`)
    return value
  }
  const hiddenSize = count('hidden_size')
  const heads = count('num_attention_heads')
  const parsed: ModelConfig = {
    vocabSize: count('vocab_size'),
    hiddenSize,
    intermediateSize: count('intermediate_size'),
    layers: count('num_hidden_layers'),
    heads,
    kvHeads: count('num_key_value_heads', heads),
    headSize: count('head_dim', hiddenSize / heads),
    ropeTheta: ropeTheta(config, path),
    rmsNormEps: positive(config.rms_norm_eps ?? 1e-6, 'rms_norm_eps', path),
    tied,
    maxPositions: count('max_position_embeddings', 32768),
  }
  return checkConfig(parsed, path)
}

/** Checks that the numbers of a config fit each other, and returns it. `path` names the source in errors. */
export function checkConfig(config: ModelConfig, path = 'model config'): ModelConfig {
  if (config.heads % config.kvHeads !== 0)
    throw new Error(
      `${path}: expected the ${config.heads} attention heads to be a multiple of the ${config.kvHeads} key-value heads`,
    )
  if (config.headSize % 2 !== 0)
    throw new Error(`${path}: expected an even head size (rotary positions turn pairs), got ${config.headSize}`)
  return config
}

/** What a config.json needs besides the shape. */
export interface ConfigJsonOptions {
  /** Id of the token that fills a batch. @default null */
  padTokenId?: number | null
  /** Ids of the tokens that end a text. @default null */
  eosTokenId?: number | readonly number[] | null
}

/**
 * A config.json that `transformers` reads as `Qwen2ForCausalLM`. The rotary base is written in both spellings, so that
 * versions before and after 5 read the same number.
 */
export function configJson(config: ModelConfig, options: ConfigJsonOptions = {}): Record<string, unknown> {
  checkConfig(config)
  return {
    architectures: ['Qwen2ForCausalLM'],
    attention_dropout: 0,
    bos_token_id: null,
    dtype: 'float32',
    eos_token_id: options.eosTokenId ?? null,
    head_dim: config.headSize,
    hidden_act: 'silu',
    hidden_size: config.hiddenSize,
    initializer_range: 0.02,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    max_window_layers: config.layers,
    model_type: 'qwen2',
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.kvHeads,
    pad_token_id: options.padTokenId ?? null,
    rms_norm_eps: config.rmsNormEps,
    rope_parameters: { rope_theta: config.ropeTheta, rope_type: 'default' },
    rope_theta: config.ropeTheta,
    sliding_window: null,
    tie_word_embeddings: config.tied,
    torch_dtype: 'float32',
    use_cache: true,
    use_sliding_window: false,
    vocab_size: config.vocabSize,
  }
}

function ropeTheta(config: Json, path: string): number {
  const scaling = config.rope_scaling ?? null
  const parameters = objectOf(config.rope_parameters ?? {}, `${path}: expected rope_parameters to be an object`)
  for (const rope of [
    scaling === null ? {} : objectOf(scaling, `${path}: expected rope_scaling to be an object`),
    parameters,
  ]) {
    const kind = rope.rope_type ?? rope.type ?? 'default'
    if (kind !== 'default')
      throw new Error(
        `${path}: expected rotary positions of type "default", got ${JSON.stringify(kind)}, not supported`,
      )
  }
  return positive(parameters.rope_theta ?? config.rope_theta ?? 10000, 'rope_theta', path)
}

function positive(value: unknown, name: string, path: string): number {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value
  throw new Error(`${path}: expected ${name} to be a number above 0, got ${JSON.stringify(value)}`)
}

function objectOf(value: unknown, expectation: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw new Error(`${expectation}, got ${JSON.stringify(value)?.slice(0, 60)}`)
}
