// A policy that is a language model on this machine: it reads question and steps as token ids and samples the next step.
// It knows the step format and the sampling settings; the network is behind the generator. Text that is no step (no
// end marker within the limit, a marker in its middle) is dropped and not repaired.

import type { Engine } from '../engine/engine.ts'
import { openGenerator } from '../model/generation.ts'
import { decodeStep, encodePrefix, type StepFormatOptions, splitSteps, stopIds } from '../model/step-format.ts'
import type { Tokenizer } from '../model/tokenizer.ts'
import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import type { Prefix, Step } from '../problem/problem.ts'
import type { Policy, Proposal } from './contract.ts'
import { openCheckpoint } from './open-checkpoint.ts'

/** What the policy needs of a language model. `openGenerator` gives one; so does a fake of ten lines. */
export interface StepGenerator {
  /**
   * `count` continuations for each request, in order. Each holds its ids with the stop token, its log-probability at
   * temperature 1, and whether it stopped. A continuation depends on its own request alone.
   */
  generate(
    requests: { ids: number[]; count: number; seed: number }[],
    options: { maxTokens: number; temperature: number; topP: number; topK: number; stop: number[] },
  ): Promise<{ ids: number[]; logProbability: number; stopped: boolean }[][]>
  dispose(): Promise<void>
}

export interface LocalPolicyOptions extends StepFormatOptions {
  /** Names the policy in reports. @default 'local' */
  name?: string
  /** Divides the logits before sampling; 0 takes the likeliest token. Range: from 0 up. @default 1 */
  temperature?: number
  /** Samples among the likeliest tokens that hold this share of the probability. Range: (0, 1]. @default 1 */
  topP?: number
  /** Samples among this many likeliest tokens; 0 for all. @default 0 */
  topK?: number
  /** Longest step in tokens, its marker included. Minimum: 2. @default 24 */
  maxStepTokens?: number
  /** Longest prefix and step together, in tokens; a prefix with no room for a step gets no proposals. @default Infinity */
  maxPositions?: number
  /** Requests that one call serves best. Minimum: 1. @default 32 */
  batchSize?: number
  /** Ids after which the model has no more to say, besides the markers of steps. @default [] */
  endIds?: readonly number[]
}

export interface SolveOptions {
  /** Longest solution in tokens, its markers included. @default 200 */
  maxTokens?: number
  /** As the policy's; 0 is greedy. @default 0 */
  temperature?: number
  /** Solutions for each prefix. @default 1 */
  count?: number
  /** One seed for each prefix: same prefix, count and seed, same solutions. */
  seeds: readonly number[]
}

/** A whole solution, generated in one go. */
export interface Solution {
  /** Its steps after those of the prefix, up to the first that is none. */
  readonly steps: Step[]
  /** Whether it ended with a final step within the limit and every step is one. */
  readonly complete: boolean
  /** Tokens that were generated for it. */
  readonly tokens: number
  /** Log-probability of all its tokens at temperature 1, natural log. */
  readonly logProbability: number
}

/** A policy that can also write whole solutions. */
export interface LocalPolicy extends Policy {
  /**
   * Solutions in one go, without search or execution between steps: for pass@k and best-of-N. One list per prefix;
   * an empty one if the prefix alone fills `maxPositions`.
   */
  solve(prefixes: readonly Prefix[], options: SolveOptions): Promise<Solution[][]>
}

/**
 * A policy from a generator and its tokenizer. It owns the generator and disposes it. Errors: a RangeError for a setting out
 * of range; a tokenizer without the markers of steps.
 */
export function localPolicy(
  options: LocalPolicyOptions & { generator: StepGenerator; tokenizer: Tokenizer },
): LocalPolicy {
  const { generator, tokenizer, name = 'local', temperature = 1, topP = 1, topK = 0, batchSize = 32 } = options
  const { maxStepTokens = 24, maxPositions = Infinity, endIds = [] } = options
  if (!(temperature >= 0)) throw new RangeError(`Expected \`temperature\` to be 0 or more, got \`${temperature}\``)
  if (!(topP > 0 && topP <= 1)) throw new RangeError(`Expected \`topP\` above 0 and up to 1, got \`${topP}\``)
  if (!Number.isInteger(maxStepTokens) || maxStepTokens < 2)
    throw new RangeError(`Expected \`maxStepTokens\` to be an integer from 2 up, got \`${maxStepTokens}\``)
  const [endOfStep, endOfCode] = stopIds(tokenizer) as [number, number]
  const endsSolution = [...new Set([endOfCode, ...endIds])]
  const endsStep = [endOfStep, ...endsSolution]
  let disposed = false

  return {
    name,
    batchSize,

    async propose(requests) {
      const ids = requests.map(({ prefix }) => encodePrefix(tokenizer, prefix, options))
      const asked = requests.flatMap(({ count, seed }, i) =>
        ids[i]!.length + maxStepTokens <= maxPositions ? [{ index: i, ids: ids[i]!, count, seed }] : [],
      )
      const proposals: Proposal[][] = requests.map(() => [])
      if (asked.length === 0) return proposals
      const settings = { maxTokens: maxStepTokens, temperature, topP, topK, stop: endsStep }
      const generated = await generator.generate(
        asked.map(({ ids, count, seed }) => ({ ids, count, seed })),
        settings,
      )
      asked.forEach(({ index }, i) => {
        proposals[index] = generated[i]!.flatMap(({ ids, logProbability }) => {
          const step = decodeStep(tokenizer, ids, options)
          return step === null ? [] : [{ ...step, logProbability, tokens: ids.length }]
        })
      })
      return proposals
    },

    async solve(prefixes, { maxTokens = 200, temperature = 0, count = 1, seeds }) {
      if (seeds.length !== prefixes.length)
        throw new RangeError(`Expected one seed for each of ${prefixes.length} prefixes, got ${seeds.length}`)
      const ids = prefixes.map((prefix) => encodePrefix(tokenizer, prefix, options))
      const rooms = ids.map((prefix) => Math.max(0, Math.min(maxTokens, maxPositions - prefix.length)))
      const solutions: Solution[][] = prefixes.map(() => [])
      // A call has one limit for all its sequences, so prefixes with less room go apart: none shortens another's text.
      for (const room of new Set(rooms)) {
        const members = rooms.flatMap((other, index) => (other === room ? [index] : []))
        for (let start = 0; room > 0 && start < members.length; start += batchSize) {
          const batch = members.slice(start, start + batchSize)
          const generated = await generator.generate(
            batch.map((index) => ({ ids: ids[index]!, count, seed: seeds[index]! })),
            { maxTokens: room, temperature, topP, topK, stop: endsSolution },
          )
          generated.forEach((list, i) => {
            solutions[batch[i]!] = list.map(({ ids, logProbability }) => ({
              ...stepsOf(tokenizer, ids, options),
              tokens: ids.length,
              logProbability,
            }))
          })
        }
      }
      return solutions
    },

    async dispose() {
      if (disposed) return
      disposed = true
      await generator.dispose()
    },
  }
}

function stepsOf(
  tokenizer: Tokenizer,
  ids: readonly number[],
  options: StepFormatOptions,
): { steps: Step[]; complete: boolean } {
  const steps: Step[] = []
  for (const part of splitSteps(tokenizer, ids)) {
    const step = decodeStep(tokenizer, part, options)
    if (step === null) break
    steps.push(step)
    if (step.final) return { steps, complete: true }
  }
  return { steps, complete: false }
}

/** Opens a checkpoint folder as a policy; its generation_config.json says which tokens end a text. Errors: those of `openCheckpoint`. */
export async function loadPolicy(
  engine: Engine,
  folder: string,
  options: LocalPolicyOptions = {},
): Promise<LocalPolicy> {
  expectKnown('loadPolicy', options, LOCAL_POLICY_OPTIONS)
  const { network, config, tokenizer, ends } = await openCheckpoint(engine, folder, 'policy', openGenerator)
  const defaults = { name: folder, maxPositions: config.maxPositions, endIds: ends }
  return localPolicy({ ...defaults, ...options, generator: network, tokenizer })
}

const LOCAL_POLICY_OPTIONS: OptionNames<LocalPolicyOptions> = {
  comments: true,
  name: true,
  temperature: true,
  topP: true,
  topK: true,
  maxStepTokens: true,
  maxPositions: true,
  batchSize: true,
  endIds: true,
}
