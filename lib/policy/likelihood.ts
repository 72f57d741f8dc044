// How likely a policy on this machine is to write a whole solution: what it thinks of solutions that it, or anybody
// else, has proposed.
import type { Engine } from '../engine/engine.ts'
import { openLikelihood } from '../model/likelihood.ts'
import { encodePrefix, encodeStep, type StepFormatOptions } from '../model/step-format.ts'
import type { Prefix, Step } from '../problem/problem.ts'
import { openCheckpoint } from './open-checkpoint.ts'

/** Asks for solutions, or pieces of them, that share a prefix. */
export interface LikelihoodRequest {
  readonly prefix: Prefix
  /** Each of at least one step. */
  readonly continuations: readonly (readonly Step[])[]
}

/** A policy as a reader: it writes nothing, it tells how likely it would write what others wrote. */
export interface Likelihood {
  /** For each request the log-probability of each continuation at temperature 1, natural log: at most 0. */
  logProbabilities(requests: readonly LikelihoodRequest[]): Promise<number[][]>
  dispose(): Promise<void>
}

/** Opens a policy's checkpoint folder to read with. Errors: those of `openCheckpoint`. */
export async function loadLikelihood(
  engine: Engine,
  folder: string,
  options: StepFormatOptions = {},
): Promise<Likelihood> {
  const { network: reader, tokenizer } = await openCheckpoint(engine, folder, 'policy', openLikelihood)
  return {
    logProbabilities: (requests) =>
      reader.logProbabilities(
        requests.map(({ prefix, continuations }) => ({
          prefix: encodePrefix(tokenizer, prefix, options),
          candidates: continuations.map((steps) => steps.flatMap((step) => encodeStep(tokenizer, step, options))),
        })),
      ),
    dispose: () => reader.dispose(),
  }
}
