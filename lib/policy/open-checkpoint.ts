// From a checkpoint folder to a network that runs: what every model of steps is opened by.
import type { Engine } from '../engine/engine.ts'
import { type Checkpoint, endIds, hasValueHead, loadCheckpoint } from '../model/checkpoint.ts'
import { stopIds } from '../model/step-format.ts'

/** A checkpoint whose network is open, for what is left to know of it. */
export interface OpenedCheckpoint<Network> extends Pick<Checkpoint, 'config' | 'tokenizer'> {
  /** Ids that end a text, by the checkpoint's generation_config.json. */
  readonly ends: readonly number[]
  readonly network: Network
}

/**
 * Opens the network of a checkpoint folder, of a policy or of a PPM.
 * Errors: those of `loadCheckpoint`, a PPM without a value head, a policy with one, a tokenizer without the markers of steps.
 */
export async function openCheckpoint<Network>(
  engine: Engine,
  folder: string,
  kind: 'policy' | 'ppm',
  open: (engine: Engine, config: Checkpoint['config'], weights: Checkpoint['weights']) => Promise<Network>,
): Promise<OpenedCheckpoint<Network>> {
  const checkpoint = await loadCheckpoint(folder)
  const { config, weights, tokenizer } = checkpoint
  if (kind === 'ppm' && !hasValueHead(weights))
    throw new Error(`${folder}: expected a PPM with value_head.safetensors, got a policy. Train a PPM from it first.`)
  if (kind === 'policy' && hasValueHead(weights))
    throw new Error(`${folder}: expected a policy, got a PPM, which scores and writes nothing. Open it with loadPpm.`)
  stopIds(tokenizer) // asked before anything is open that would have to be disposed
  return { config, tokenizer, ends: endIds(checkpoint), network: await open(engine, config, weights) }
}
