// Training speed: one optimizer step (forward, backward, clipping, AdamW) of two sizes. Other work on the machine makes
// every figure worse, never better; medians over several rounds.
import { openEngine } from '../lib/engine/engine.ts'
import type { ModelConfig } from '../lib/model/config.ts'
import { openTrainer } from '../lib/model/training.ts'
import { initialWeights } from '../lib/model/weights.ts'

const base = { ropeTheta: 10000, rmsNormEps: 1e-6, tied: false, maxPositions: 512, qkvBias: false }

/** 3.4 M parameters. */
export const medium: ModelConfig = {
  ...base,
  vocabSize: 512,
  hiddenSize: 256,
  intermediateSize: 672,
  layers: 4,
  heads: 4,
  kvHeads: 4,
  headSize: 64,
}

/** The embedded policy, 0.44 M parameters. */
export const small: ModelConfig = {
  ...base,
  vocabSize: 768,
  hiddenSize: 96,
  intermediateSize: 256,
  layers: 3,
  heads: 3,
  kvHeads: 1,
  headSize: 32,
}

export const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

interface Shape {
  config: ModelConfig
  rows: number
  columns: number
  /** Share of positions with a loss. */
  share: number
}

/** Milliseconds of one step, median of `steps` after two to warm up. */
async function stepTime({ config, rows, columns, share }: Shape, steps: number, spinning: boolean): Promise<number> {
  const engine = await openEngine({ threads: 2, spinning })
  const size = rows * columns
  const fill = (value: (place: number) => number) => Int32Array.from({ length: size }, (_, place) => value(place))
  const trainer = await openTrainer(engine, config, initialWeights(config, 1), { rows, columns, objective: 'language' })
  const batch = {
    ids: fill((place) => (place * 7) % config.vocabSize),
    positions: fill((place) => place % columns),
    segments: fill(() => 1),
    parents: fill(() => 0),
    targets: fill((place) => ((place + 1) * 7) % config.vocabSize),
    lossWeights: Float32Array.from({ length: size }, (_, place) => ((place * 0.61803) % 1 < share ? 1 : 0)),
  }
  const times: number[] = []
  for (let step = 0; step < steps + 2; step++) {
    const start = performance.now()
    await trainer.step(batch, 1e-3)
    if (step >= 2) times.push(performance.now() - start)
  }
  await engine.dispose()
  return median(times)
}

/** Figures by name: milliseconds a step and tokens a second, two threads. */
export async function measure({ steps = 12 } = {}): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  const shapes = {
    'train 3.4M 16x192': { config: medium, rows: 16, columns: 192, share: 1 },
    'train embedded 16x160': { config: small, rows: 16, columns: 160, share: 0.5 },
  }
  for (const [name, shape] of Object.entries(shapes)) {
    for (const spinning of [false, true]) {
      const time = await stepTime(shape, steps, spinning)
      const label = spinning ? `${name}, spinning threads` : name
      figures[`${label}: ms/step`] = time
      figures[`${label}: tokens/s`] = (shape.rows * shape.columns * 1000) / time
    }
  }
  return figures
}
