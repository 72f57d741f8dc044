// Sampling speed, prefill included: many sequences in one run of the graph, against the same sequences asked for one
// after the other, which is what a caller without batches would get.
import { openEngine } from '../lib/engine/engine.ts'
import type { ModelConfig } from '../lib/model/config.ts'
import { type GenerationRequest, openGenerator } from '../lib/model/generation.ts'
import { initialWeights } from '../lib/model/weights.ts'
import { median, medium, small } from './train.ts'

interface Shape {
  config: ModelConfig
  prompts: number
  /** Sequences of each prompt. */
  count: number
  promptTokens: number
  newTokens: number
}

const requestsOf = ({ config, prompts, count, promptTokens }: Shape): GenerationRequest[] =>
  Array.from({ length: prompts }, (_, i) => ({
    ids: Array.from({ length: promptTokens }, (_, j) => (i * 31 + j * 7) % config.vocabSize),
    count,
    seed: i,
  }))

async function tokensPerSecond(shape: Shape, rounds: number, spinning: boolean) {
  const engine = await openEngine({ threads: 2, spinning })
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
  await engine.dispose()
  return { batched: median(batched), single: median(single) }
}

/** Figures by name: sampled tokens a second, two threads. */
export async function measure({ rounds = 5 } = {}): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  const oneKeyHead = { ...medium, kvHeads: 1 }
  const shapes: Record<string, Shape> = {
    'sample 64 prompts of 100, 41 new': { config: oneKeyHead, prompts: 64, count: 1, promptTokens: 100, newTokens: 41 },
    'sample 8 prompts of 100 x 8, 41 new': {
      config: oneKeyHead,
      prompts: 8,
      count: 8,
      promptTokens: 100,
      newTokens: 41,
    },
    'sample embedded 48 prompts of 110 x 8, 32 new': {
      config: small,
      prompts: 48,
      count: 8,
      promptTokens: 110,
      newTokens: 32,
    },
  }
  for (const [name, shape] of Object.entries(shapes)) {
    for (const spinning of [false, true]) {
      const { batched, single } = await tokensPerSecond(shape, rounds, spinning)
      const label = spinning ? `${name}, spinning threads` : name
      figures[`${label}: tokens/s`] = batched
      if (!spinning) figures[`${label}, one sequence at a time: tokens/s`] = single
    }
  }
  return figures
}
