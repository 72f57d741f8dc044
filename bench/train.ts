// Training speed: one optimizer step (forward, backward, clipping, AdamW) at two sizes, in turn with a plain graph of
// the same network (plain-train.ts). Other work on the machine makes every figure worse, never better; compare ratios.
import { openEngine } from '../lib/engine/engine.ts'
import type { ModelConfig } from '../lib/model/config.ts'
import { openTrainer } from '../lib/model/training.ts'
import { initialWeights } from '../lib/model/weights.ts'
import { defaultSettings } from '../lib/run/settings.ts'
import { aimed, type Figure, median, plain } from './figure.ts'
import { openPlainTrainer } from './plain-train.ts'

export { median } from './figure.ts'

const base = { ropeTheta: 10000, rmsNormEps: 1e-6, tied: false, maxPositions: 512 }

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

/** The embedded policy, as the default settings have it. */
export const embedded: ModelConfig = {
  ...base,
  ...defaultSettings.model,
  vocabSize: defaultSettings.tokenizer.vocabSize,
  headSize: defaultSettings.model.hiddenSize / defaultSettings.model.heads,
}

interface Shape {
  readonly config: ModelConfig
  readonly rows: number
  readonly columns: number
  /** Share of positions with a loss. */
  readonly share: number
}

type Stepper = (step: number) => Promise<{ loss: number }>

/** What a step of one kind took, medians over its steps. */
interface StepTime {
  readonly ms: number
  /** Processor milliseconds of the whole process, all threads. */
  readonly cpuMs: number
}

/** Opens an engine, makes `steps` steps after two to warm up, and closes it. Errors: a loss that does not fall. */
async function stepTime(shape: Shape, kind: 'ours' | 'plain', spinning: boolean, steps: number): Promise<StepTime> {
  const engine = await openEngine({ threads: 2, spinning })
  try {
    const step = await (kind === 'ours' ? ourStepper : plainStepper)(engine, shape)
    const [ms, cpuMs, losses]: [number[], number[], number[]] = [[], [], []]
    for (let i = 0; i < steps + 2; i++) {
      const started = performance.now()
      const cpu = process.cpuUsage()
      losses.push((await step(i)).loss)
      const { user, system } = process.cpuUsage(cpu)
      if (i < 2) continue
      ms.push(performance.now() - started)
      cpuMs.push((user + system) / 1000)
    }
    if (!(losses.at(-1)! < losses[0]!))
      throw new Error(`Expected the loss to fall from ${losses[0]}, got ${losses.at(-1)}: ${kind} does not train`)
    return { ms: median(ms), cpuMs: median(cpuMs) }
  } finally {
    await engine.dispose()
  }
}

const filled = (size: number, value: (place: number) => number) => Int32Array.from({ length: size }, (_, i) => value(i))

async function ourStepper(
  engine: Awaited<ReturnType<typeof openEngine>>,
  { config, rows, columns, share }: Shape,
): Promise<Stepper> {
  const size = rows * columns
  const trainer = await openTrainer(engine, config, initialWeights(config, 1), { rows, columns, objective: 'language' })
  const batch = {
    ids: filled(size, (place) => (place * 7) % config.vocabSize),
    positions: filled(size, (place) => place % columns),
    segments: filled(size, () => 1),
    parents: filled(size, () => 0),
    targets: filled(size, (place) => ((place + 1) * 7) % config.vocabSize),
    lossWeights: Float32Array.from({ length: size }, (_, place) => ((place * 0.61803) % 1 < share ? 1 : 0)),
  }
  return () => trainer.step(batch, 1e-3)
}

async function plainStepper(
  engine: Awaited<ReturnType<typeof openEngine>>,
  { config, rows, columns }: Shape,
): Promise<Stepper> {
  const trainer = await openPlainTrainer(engine, config, rows, columns)
  const ids = filled(rows * columns, (place) => (place * 7) % config.vocabSize)
  const targets = filled(rows * columns, (place) => ((place + 1) * 7) % config.vocabSize)
  return async () => ({ loss: await trainer.step(ids, targets, 1e-3) })
}

const MEDIUM = '3.4 M parameters, 16 × 192'
const EMBEDDED = 'embedded model, 16 × 160'

/** Tokens a second of both sizes, idle threads sleeping and spinning; ratios to the plain graph, round by round. */
export async function trainFigures({ rounds = 3, steps = 5 } = {}): Promise<Figure[]> {
  const shapes: Record<string, Shape> = {
    [MEDIUM]: { config: medium, rows: 16, columns: 192, share: 1 },
    [EMBEDDED]: { config: embedded, rows: 16, columns: 160, share: 0.5 },
  }
  const figures: Figure[] = []
  for (const [name, shape] of Object.entries(shapes)) {
    const kinds = [
      ['ours', false],
      ['plain', false],
      ['ours', true],
      ['plain', true],
    ] as const
    const times = kinds.map((): StepTime[] => [])
    for (let round = 0; round < rounds; round++)
      for (const [i, [kind, spinning]] of kinds.entries()) {
        if (kind === 'plain' && shape.config.heads !== shape.config.kvHeads) continue
        times[i]!.push(await stepTime(shape, kind, spinning, steps))
      }
    const tokens = shape.rows * shape.columns
    for (const spinning of [false, true]) {
      const [ours, peer] = [times[spinning ? 2 : 0]!, times[spinning ? 3 : 1]!]
      const of = spinning ? 'spinning' : 'sleeping'
      const how = `${rounds} rounds of ${steps} steps, 2 threads`
      const given = { bench: 'train', of, how }
      const speed = (tokens * 1000) / median(ours.map(({ ms }) => ms))
      figures.push(
        plain({ ...given, figure: name, measured: speed, unit: 'tokens/s' }),
        plain({
          ...given,
          figure: `${name}, processor time a step`,
          measured: median(ours.map(({ cpuMs }) => cpuMs)),
          unit: 'ms',
        }),
      )
      if (peer.length === 0) continue
      const ratio = median(ours.map(({ ms }, i) => peer[i]!.ms / ms))
      const versus = { ...given, figure: `${name}, to a plain graph`, measured: ratio, unit: 'ratio' as const }
      figures.push(name === MEDIUM ? aimed(versus, 'at least 1 ×', (value) => value >= 1) : plain(versus))
    }
  }
  return figures
}
