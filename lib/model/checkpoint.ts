// A model as a folder in the Hugging Face layout: config.json, generation_config.json, model.safetensors,
// tokenizer.json, tokenizer_config.json. `transformers` loads it as Qwen2ForCausalLM. A PPM keeps its scalar head in a
// second file, value_head.safetensors, so that its backbone loads there too (as Qwen2Model). One writer per folder.
// AutoTokenizer of `transformers` 5 cuts words its own way for every qwen2 model, whatever tokenizer.json says: read a
// tokenizer that bpe.ts made with PreTrainedTokenizerFast.from_pretrained(folder).
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { writeAtomic, writeError } from '../file/atomic.ts'
import { endOfCode } from './bpe.ts'
import { configJson, type ModelConfig, parseConfig } from './config.ts'
import { readSafetensors, readWeights, writeSafetensors } from './safetensors.ts'
import { loadTokenizer, type Tokenizer } from './tokenizer.ts'
import { parameter, parametersOf, type Weights } from './weights.ts'

/** A model with what is needed to read and write its text: what a checkpoint folder holds. */
export interface Checkpoint {
  readonly config: ModelConfig
  /** By Hugging Face name; those of a PPM include `value_head.weight` [1, hidden] and `value_head.bias` [1]. */
  readonly weights: Weights
  readonly tokenizer: Tokenizer
}

/** Whether a checkpoint scores (a PPM) instead of proposing (a policy). */
export const hasValueHead = (weights: Weights): boolean => weights.has('value_head.weight')

const headFile = 'value_head.safetensors'

/**
 * Reads a checkpoint folder in the Hugging Face layout (qwen2); the weights may be in parts
 * (model.safetensors.index.json) and of 16 bits, and come out as 32. With value_head.safetensors it is a PPM, without a
 * policy.
 * Errors: one line that names the file, what was expected and what to do: a folder or file missing or cut off, another
 * architecture, a tensor that is missing, too many, or of another shape than config.json says, token ids beyond the
 * vocabulary.
 * @example
 * await loadCheckpoint('nowhere') // Error: Expected a checkpoint folder at nowhere, there is none. Check the path…
 */
export async function loadCheckpoint(folder: string): Promise<Checkpoint> {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new Error(
      `Expected a checkpoint folder at ${folder}, there is none. Check the path, or train the model first.`,
    )
  const config = parseConfig(readJson(join(folder, 'config.json')), join(folder, 'config.json'))
  const weights = await readWeights(folder)
  const headPath = join(folder, headFile)
  if (existsSync(headPath)) for (const [name, tensor] of await readSafetensors(headPath)) weights.set(name, tensor)
  // Some writers repeat the tied output layer, and older ones store the rotary frequencies: both follow from config.json.
  for (const name of [...weights.keys()])
    if (name.endsWith('rotary_emb.inv_freq') || (config.tied && name === 'lm_head.weight')) weights.delete(name)
  checkWeights(config, weights, folder)
  const tokenizer = loadTokenizer(folder)
  if (tokenizer.vocabSize > config.vocabSize)
    throw new Error(
      `${join(folder, 'tokenizer.json')}: expected ids below the vocab_size ${config.vocabSize} of config.json, ` +
        `got ${tokenizer.vocabSize - 1}. Copy both files from the same checkpoint.`,
    )
  return { config, weights, tokenizer }
}

/**
 * Writes a checkpoint folder. It appears whole or not at all: the files are written beside it and the folder is renamed
 * at the end. An older checkpoint of that name is replaced. Equal checkpoints give equal bytes.
 * Errors: weights that do not fit the config, with the name of the tensor; a failed write, with the file and what to
 * do. An older checkpoint is then untouched.
 */
export function saveCheckpoint(folder: string, checkpoint: Checkpoint): void {
  const { config, weights, tokenizer } = checkpoint
  checkWeights(config, weights, folder)
  const target = resolve(folder)
  const [next, previous] = [`${target}.next`, `${target}.previous`]
  try {
    for (const leftover of [next, previous]) rmSync(leftover, { recursive: true, force: true })
    mkdirSync(next, { recursive: true })
  } catch (error) {
    throw writeError(dirname(target), error)
  }
  try {
    const ids = tokenIds(tokenizer)
    writeJson(join(next, 'config.json'), configJson(config, { padTokenId: ids.pad, eosTokenId: ids.eos[0] ?? null }))
    writeJson(join(next, 'generation_config.json'), {
      do_sample: false,
      eos_token_id: ids.eos.length > 1 ? ids.eos : (ids.eos[0] ?? null),
      pad_token_id: ids.pad,
    })
    writeJson(join(next, 'tokenizer.json'), tokenizer.files.json)
    writeJson(join(next, 'tokenizer_config.json'), tokenizer.files.config)
    const part = (head: boolean): Weights =>
      new Map([...weights].filter(([name]) => name.startsWith('value_head.') === head))
    writeSafetensors(join(next, 'model.safetensors'), part(false))
    if (hasValueHead(weights)) writeSafetensors(join(next, headFile), part(true))
    if (existsSync(target)) renameSync(target, previous)
    renameSync(next, target)
  } catch (error) {
    rmSync(next, { recursive: true, force: true })
    if (existsSync(previous) && !existsSync(target)) renameSync(previous, target)
    throw error
  }
  rmSync(previous, { recursive: true, force: true })
}

/** Every parameter of the architecture is there with its shape, and nothing else. */
function checkWeights(config: ModelConfig, weights: Weights, folder: string): void {
  const specs = parametersOf(config, { valueHead: hasValueHead(weights) })
  const names = new Set(specs.map((spec) => spec.name))
  // A PPM's backbone may bring the output layer of the model it came from.
  if (hasValueHead(weights)) names.add('lm_head.weight')
  try {
    for (const spec of specs) parameter(weights, spec)
  } catch (error) {
    throw new Error(`${folder}: ${(error as Error).message}`, { cause: error })
  }
  for (const name of weights.keys())
    if (!names.has(name))
      throw new Error(
        `${folder}: expected only the tensors of a qwen2 model with ${config.layers} layers, got ${name} as well. ` +
          'Does config.json belong to these weights?',
      )
}

/** Ids that end a text (the tokenizer's own end token first) and the id that fills a batch. */
function tokenIds(tokenizer: Tokenizer): { eos: number[]; pad: number | null } {
  const { eos_token: eos, pad_token: pad } = tokenizer.files.config
  const idOf = (token: unknown): number | null => {
    const text = typeof token === 'object' && token !== null ? (token as { content?: unknown }).content : token
    return typeof text === 'string' ? tokenizer.idOf(text) : null
  }
  const ends = [idOf(eos), tokenizer.idOf(endOfCode)].filter((id) => id !== null)
  return { eos: [...new Set(ends)], pad: idOf(pad) }
}

const writeJson = (path: string, value: unknown): void => writeAtomic(path, `${JSON.stringify(value, null, 2)}\n`)

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const got = missing ? 'there is no such file' : `got ${(error as Error).message}`
    throw new Error(
      `${path}: expected the JSON file of a Hugging Face checkpoint, ${got}. Copy or download it again.`,
      {
        cause: error,
      },
    )
  }
}
