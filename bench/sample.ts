// Sampling speed, prefill included: many sequences in one run of the graph, in turn with the same sequences asked for
// one after the other, which is what a caller without batches would get.
import { openEngine } from '../lib/engine/engine.ts'
import type { ModelConfig } from '../lib/model/config.ts'
import { type GenerationRequest, openGenerator } from '../lib/model/generation.ts'
import { initialWeights } from '../lib/model/weights.ts'
import { aimed, type Figure, median, plain } from './figure.ts'
import { embedded, medium } from './train.ts'

interface Shape {
  readonly config: ModelConfig
  readonly prompts: number
  /** Sequences of each prompt. */
  readonly count: number
  readonly promptTokens: number
  readonly newTokens: number
}

const requestsOf = ({ config, prompts, count, promptTokens }: Shape): GenerationRequest[] =>
  Array.from({ length: prompts }, (_, i) => ({
    ids: Array.from({ length: promptTokens }, (_, j) => (i * 31 + j * 7) % config.vocabSize),
    count,
    seed: i,
  }))

/** Tokens a second in a batch and one sequence at a time, round by round, after one batch to warm up. */
async function tokensPerSecond(shape: Shape, rounds: number, spinning: boolean) {
  const engine = await openEngine({ threads: 2, spinning })
  try {
    const generator = await openGenerator(engine, shape.config, initialWeights(shape.config, 1))
    const requests = requestsOf(shape)
    const options = { maxTokens: shape.newTokens }
    await generator.generate(requests, options)
    const batched: number[] = []
    const single: number[] = []
    for (let round = 0; round < rounds; round++) {
      const start = performance.now()
      await generator.generate(requests, options)
      const middle = performance.now()
      await generator.generate([{ ...requests[0]!, count: 1 }], options)
      batched.push((shape.prompts * shape.count * shape.newTokens * 1000) / (middle - start))
      single.push((shape.newTokens * 1000) / (performance.now() - middle))
    }
    return { batched, single }
  } finally {
    await engine.dispose()
  }
}

/** Sampled tokens a second of three batches, idle threads sleeping and spinning, and the gain from batching. */
export async function sampleFigures({ rounds = 5 } = {}): Promise<Figure[]> {
  const oneKeyHead = { ...medium, kvHeads: 1 }
  const shapes: Record<string, Shape> = {
    'batch 64, prompt 100, 41 new': {
      config: oneKeyHead,
      prompts: 64,
      count: 1,
      promptTokens: 100,
      newTokens: 41,
    },
    '8 prompts × 8, prompt 100, 41 new': {
      config: oneKeyHead,
      prompts: 8,
      count: 8,
      promptTokens: 100,
      newTokens: 41,
    },
    'embedded model, 48 × 8, prompt 110, 32 new': {
      config: embedded,
      prompts: 48,
      count: 8,
      promptTokens: 110,
      newTokens: 32,
    },
  }
  const figures: Figure[] = []
  for (const [name, shape] of Object.entries(shapes))
    for (const spinning of [false, true]) {
      const { batched, single } = await tokensPerSecond(shape, rounds, spinning)
      const of = spinning ? 'spinning' : 'sleeping'
      const given = { bench: 'sample', of, how: `${rounds} rounds, 2 threads, with prefill` }
      const gain = median(batched.map((value, round) => value / single[round]!))
      figures.push(plain({ ...given, figure: name, measured: median(batched), unit: 'tokens/s' }))
      if (spinning) continue
      const versus = { ...given, figure: `${name}, to one at a time`, measured: gain, unit: 'ratio' as const }
      figures.push(aimed(versus, 'at least 1 ×', (value) => value >= 1))
    }
  return figures
}
