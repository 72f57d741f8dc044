// A process preference model on this machine: it reads question, steps and a candidate as token ids; the network's
// scalar at the candidate's last token becomes its score. The network is behind the scorer.

import type { Engine } from '../engine/engine.ts'
import { openScorer } from '../model/scoring.ts'
import { encodeExecuted, encodePrefix, type StepFormatOptions, stopIds } from '../model/step-format.ts'
import type { Tokenizer } from '../model/tokenizer.ts'
import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import { openCheckpoint } from './open-checkpoint.ts'
import type { Ppm } from './ppm-contract.ts'

/** What the PPM needs of a network. `openScorer` gives one; so does a fake of ten lines. */
export interface StepScorer {
  /** The raw scalar for each candidate read after its prefix, as unbounded as the head leaves it. */
  score(requests: { prefix: number[]; candidates: number[][] }[]): Promise<number[][]>
  dispose(): Promise<void>
}

export interface LocalPpmOptions extends StepFormatOptions {
  /** Names the PPM in reports. @default 'local' */
  name?: string
  /**
   * Score = tanh(raw / scale). 1 is the paper's head (section 3.3: linear and tanh); the released code divides by 5.
   * Range: above 0. @default 1
   */
  scale?: number
  /** Requests that one call serves best. Minimum: 1. @default 32 */
  batchSize?: number
}

/**
 * A PPM from a scorer and its tokenizer: score = tanh(raw / scale), in [-1, 1]. It owns the scorer and disposes it. Errors: a
 * RangeError for a scale that is not above 0; a tokenizer without the markers of steps.
 */
export function localPpm(options: LocalPpmOptions & { scorer: StepScorer; tokenizer: Tokenizer }): Ppm {
  const { scorer, tokenizer, name = 'local', scale = 1, batchSize = 32 } = options
  if (!(scale > 0)) throw new RangeError(`Expected \`scale\` above 0, got \`${scale}\``)
  stopIds(tokenizer)
  let disposed = false
  return {
    name,
    batchSize,
    async score(requests) {
      const raw = await scorer.score(
        requests.map(({ prefix, candidates, printed }) => ({
          prefix: encodePrefix(tokenizer, prefix, options),
          candidates: candidates.map((step, i) => encodeExecuted(tokenizer, step, printed?.[i] ?? null, options)),
        })),
      )
      return raw.map((scores) => scores.map((value) => Math.tanh(value / scale)))
    },
    async dispose() {
      if (disposed) return
      disposed = true
      await scorer.dispose()
    },
  }
}

/** Opens a checkpoint folder as a PPM. Errors: those of `openCheckpoint`. */
export async function loadPpm(engine: Engine, folder: string, options: LocalPpmOptions = {}): Promise<Ppm> {
  expectKnown('loadPpm', options, LOCAL_PPM_OPTIONS)
  const { network, tokenizer } = await openCheckpoint(engine, folder, 'ppm', openScorer)
  return localPpm({ name: folder, ...options, scorer: network, tokenizer })
}

const LOCAL_PPM_OPTIONS: OptionNames<LocalPpmOptions> = { comments: true, name: true, scale: true, batchSize: true }
