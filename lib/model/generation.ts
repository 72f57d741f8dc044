// Generates token sequences: many requests become few runs of the generation graph. A sequence is decided by the
// weights, its prompt, its seed, its number within the request and the options, to the last bit, whatever else is
// generated beside it.
import type { Engine, Session, Tensors } from '../engine/engine.ts'
import { lazySession } from '../engine/lazy-session.ts'
import { random } from '../seed/random.ts'
import type { ModelConfig } from './config.ts'
import { generationGraph } from './decoding.ts'
import { logitsGraph } from './reading.ts'
import type { Choice } from './sampling.ts'
import type { Weights } from './weights.ts'

/** One prompt, and how many sequences are to follow it. */
export interface GenerationRequest {
  /** Prompt tokens, at least one. */
  readonly ids: readonly number[]
  /** How many sequences. Minimum: 1. */
  readonly count: number
  /** Decides the sequences: sequence i draws from `random(seed, i)`. */
  readonly seed: number
}

/** How sequences are sampled; the same for all requests of a call. */
export interface GenerationOptions {
  /** Most tokens of a sequence. Minimum: 1. */
  maxTokens: number
  /** Divides the logits; 0 takes the most probable token. Minimum: 0. @default 1 */
  temperature?: number
  /** Smallest share of probability that the kept tokens hold together, in (0, 1]. @default 1 */
  topP?: number
  /** How many of the most probable tokens are kept; 0 for all. Integer from 0 up. @default 0 */
  topK?: number
  /** Tokens that end a sequence; the one that did is its last. @default [] */
  stop?: readonly number[]
}

/** One sequence that was generated. */
export interface Generated {
  /** Tokens after the prompt, with the stop token. */
  readonly ids: number[]
  /** Sum of the tokens' log-probabilities at temperature 1, without top-p and top-k, natural logarithm. */
  readonly logProbability: number
  /** Whether a stop token ended it, rather than `maxTokens`. */
  readonly stopped: boolean
}

/** Generates from one set of weights. It owns graphs of the engine: `dispose()` frees them, not the engine. */
export interface Generator {
  /**
   * One list of `count` sequences for each request, in order: [requests][count]. Errors: a RangeError for options or
   * requests out of range, an empty prompt, ids outside the vocabulary, and prompts that leave no room for `maxTokens`.
   */
  generate(requests: readonly GenerationRequest[], options: GenerationOptions): Promise<Generated[][]>
  /** Logits after each token of one sequence: [tokens · vocabulary], row by row. Natural scale, before softmax. */
  logits(ids: readonly number[]): Promise<Float32Array>
  dispose(): Promise<void>
}

/** Sequences of one run: enough to fill the matrix products, little enough to stay in a desktop's cache. */
const RUN_SEQUENCES = 384
/** Most sequences that share one copy of their prompt's keys and values. */
const GROUP = 32
/** Least columns of the prompts: a product of one row would take another path, see `logits`. */
const LEAST_COLUMNS = 2

/**
 * Opens a generator for weights with an LM head. A run's graph is built when its kind is first asked for. A sequence is
 * decided by weights, prompt, seed, its number within the request and the options, to the last bit.
 * Errors: `generate` throws a RangeError for requests and options out of range (see there), and, as does `logits`, when
 * the weights lack a tensor or the engine was disposed.
 */
export async function openGenerator(engine: Engine, config: ModelConfig, weights: Weights): Promise<Generator> {
  const generating = (choice: Choice): Session => lazySession(engine, () => generationGraph(config, weights, choice))
  const sessions: Readonly<Record<Choice, Session>> = {
    greedy: generating('greedy'),
    plain: generating('plain'),
    filtered: generating('filtered'),
  }
  const reading = lazySession(engine, () => logitsGraph(config, weights))
  return {
    generate: async (requests, options) => {
      checkRequests(requests, options, config)
      const results: Generated[][] = requests.map(({ count }) => new Array<Generated>(count))
      for (const rows of runs(requests, config)) {
        const output = await sessions[choiceOf(options)].run(feeds(requests, rows, options, config))
        collect(rows, output, options, (request, index, generated) => {
          results[request]![index] = generated
        })
      }
      return results
    },
    logits: async (ids) => {
      // Two rows at least: one row alone takes another path through the matrix product, with other last bits.
      const padded = Int32Array.from({ length: Math.max(2, ids.length) }, (_, i) => ids[i] ?? 0)
      const output = await reading.run({ ids: { type: 'int32', dims: [1, padded.length], data: padded } })
      return (output.logits!.data as Float32Array).slice(0, ids.length * config.vocabSize)
    },
    dispose: async () => {
      for (const session of [...Object.values(sessions), reading]) await session.dispose()
    },
  }
}

function choiceOf({ temperature = 1, topP = 1, topK = 0 }: GenerationOptions): Choice {
  if (temperature === 0) return 'greedy'
  return topP < 1 || topK > 0 ? 'filtered' : 'plain'
}

function checkRequests(requests: readonly GenerationRequest[], options: GenerationOptions, config: ModelConfig): void {
  const { maxTokens, temperature = 1, topP = 1, topK = 0 } = options
  const expect = (holds: boolean, what: string, got: unknown) => {
    if (!holds) throw new RangeError(`Expected ${what}, got ${got}`)
  }
  expect(Number.isInteger(maxTokens) && maxTokens >= 1, '`maxTokens` to be an integer from 1 up', maxTokens)
  expect(temperature >= 0, '`temperature` to be a number from 0 up', temperature)
  expect(topP > 0 && topP <= 1, '`topP` to be in (0, 1]', topP)
  expect(Number.isInteger(topK) && topK >= 0, '`topK` to be an integer from 0 up', topK)
  for (const { ids, count } of requests) {
    expect(Number.isInteger(count) && count >= 1, '`count` to be an integer from 1 up', count)
    expect(ids.length > 0, 'a prompt of at least one token', 'none')
    const longest = `prompt and new tokens to fit the model's ${config.maxPositions} positions`
    expect(ids.length + maxTokens <= config.maxPositions, longest, `${ids.length} + ${maxTokens}`)
    expect(
      ids.every((id) => id >= 0 && id < config.vocabSize),
      `token ids in [0, ${config.vocabSize})`,
      ids.join(' '),
    )
  }
}

/** Some sequences of one request, side by side in a run. */
interface Row {
  readonly request: number
  /** Number of the row's first sequence within its request. */
  readonly from: number
  readonly count: number
  readonly group: number
  readonly prompt: readonly number[]
}

/** Divides the requests into runs: rows of equal group size, prompts of similar length together. */
function runs(requests: readonly GenerationRequest[], config: ModelConfig): Row[][] {
  // Never a matrix product of one row, see `logits` above: a group's queries of one key head are one product.
  const least = config.heads === config.kvHeads ? 2 : 1
  const rows = requests.flatMap(({ ids, count }, request) => {
    const pieces = Math.ceil(count / GROUP)
    const group = Math.max(least, Math.ceil(count / pieces))
    return Array.from({ length: pieces }, (_, piece) => {
      const from = piece * group
      return { request, from, count: Math.min(group, count - from), group, prompt: ids }
    })
  })
  const ordered = rows.sort((a, b) => a.group - b.group || a.prompt.length - b.prompt.length || a.request - b.request)
  const batches: Row[][] = []
  for (const row of ordered) {
    const batch = batches.at(-1)
    const fits = batch && batch[0]!.group === row.group && (batch.length + 1) * row.group <= RUN_SEQUENCES
    if (fits) batch.push(row)
    else batches.push([row])
  }
  for (const batch of batches) if (batch.length * batch[0]!.group === 1) batch.push({ ...batch[0]!, count: 0 })
  return batches
}

function feeds(
  requests: readonly GenerationRequest[],
  rows: readonly Row[],
  options: GenerationOptions,
  config: ModelConfig,
): Tensors {
  const { maxTokens, temperature = 1, topP = 1, topK = 0, stop = [] } = options
  const group = rows[0]!.group
  const prompts = new Map<string, { place: number; ids: readonly number[] }>()
  const promptOf = rows.map(({ prompt }) => {
    const key = prompt.join()
    const known = prompts.get(key) ?? { place: prompts.size, ids: prompt }
    prompts.set(key, known)
    return known.place
  })
  const columns = Math.max(LEAST_COLUMNS, ...rows.map(({ prompt }) => prompt.length))
  const ids = new Int32Array(prompts.size * columns)
  const last = new Int32Array(Math.max(2, prompts.size))
  for (const { place, ids: tokens } of prompts.values()) {
    ids.set(tokens, place * columns)
    last[place] = place * columns + tokens.length - 1
  }
  const size = rows.length * group
  const owners = new Int32Array(size)
  const idle = new Uint8Array(size)
  const uniforms = new Float32Array(maxTokens * size)
  rows.forEach((row, r) => {
    for (let i = 0; i < group; i++) {
      const place = r * group + i
      owners[place] = promptOf[r]!
      idle[place] = i < row.count ? 0 : 1
      if (i >= row.count) continue
      const rng = random(requests[row.request]!.seed, row.from + i)
      // 23 bits, see sampling.ts.
      for (let step = 0; step < maxTokens; step++) uniforms[step * size + place] = Math.floor(rng() * 2 ** 23) / 2 ** 23
    }
  })
  const ints = (data: Int32Array, ...dims: number[]) => ({ type: 'int32' as const, dims, data })
  const float = (number: number) => ({ type: 'float32' as const, dims: [], data: new Float32Array([number]) })
  const long = (number: number) => ({ type: 'int64' as const, dims: [], data: new BigInt64Array([BigInt(number)]) })
  return {
    ids: ints(ids, prompts.size, columns),
    last: ints(last, last.length),
    owners: ints(owners, rows.length, group),
    firsts: ints(Int32Array.from(promptOf), rows.length),
    lengths: ints(
      Int32Array.from(rows, ({ prompt }) => prompt.length),
      rows.length,
      1,
    ),
    idle: { type: 'bool', dims: [rows.length, group], data: idle },
    uniforms: { type: 'float32', dims: [maxTokens, rows.length, group], data: uniforms },
    stops: ints(Int32Array.from(stop.length > 0 ? stop : [-1]), Math.max(1, stop.length)),
    trips: long(maxTokens - 1),
    temperature: float(temperature === 0 ? 1 : temperature),
    topP: float(topP),
    topK: long(topK === 0 ? config.vocabSize : topK),
  }
}

function collect(
  rows: readonly Row[],
  output: Tensors,
  { stop = [], maxTokens }: GenerationOptions,
  found: (request: number, index: number, generated: Generated) => void,
): void {
  const group = rows[0]!.group
  const size = rows.length * group
  const first = output.first!.data
  const rest = output.rest!.data
  const sums = output.logProbabilities!.data
  const steps = Math.min(maxTokens, 1 + rest.length / size)
  const ends = new Set(stop)
  rows.forEach((row, r) => {
    for (let i = 0; i < row.count; i++) {
      const place = r * group + i
      const ids: number[] = []
      for (let step = 0; step < steps && !ends.has(ids.at(-1)!); step++) {
        ids.push(Number(step === 0 ? first[place] : rest[(step - 1) * size + place]))
      }
      found(row.request, row.from + i, { ids, logProbability: Number(sums[place]), stopped: ends.has(ids.at(-1)!) })
    }
  })
}
