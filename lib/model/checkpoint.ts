// A model as a folder in the Hugging Face layout: config.json, generation_config.json, model.safetensors,
// tokenizer.json, tokenizer_config.json. `transformers` loads it as Qwen2ForCausalLM. A PPM keeps its scalar head in a
// second file, value_head.safetensors, so that its backbone loads there too (as Qwen2Model). One writer per folder.
// Reward models of `transformers` with one label (Qwen2ForSequenceClassification) are read as PPMs.
// AutoTokenizer of `transformers` 5 cuts words its own way for every qwen2 model, whatever tokenizer.json says: read a
// tokenizer that bpe.ts made with PreTrainedTokenizerFast.from_pretrained(folder).
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { writeAtomic, writeError } from '../file/atomic.ts'
import { endOfCode } from './bpe.ts'
import { configJson, type ModelConfig, parseConfig } from './config.ts'
import { readSafetensors, readWeights, writeSafetensors } from './safetensors.ts'
import { loadTokenizer, type Tokenizer } from './tokenizer.ts'
import { checkWeights, type Weights } from './weights.ts'

/** A model with what is needed to read and write its text: what a checkpoint folder holds. */
export interface Checkpoint {
  readonly config: ModelConfig
  /** By Hugging Face name; those of a PPM include `value_head.weight` [1, hidden] and `value_head.bias` [1]. */
  readonly weights: Weights
  readonly tokenizer: Tokenizer
  /** generation_config.json whole, as it was read. Only its end tokens are used, see `endIds`. @default what the tokenizer says */
  readonly generation?: Readonly<Record<string, unknown>>
}

/** Whether a checkpoint scores (a PPM) instead of proposing (a policy). */
export const hasValueHead = (weights: Weights): boolean => weights.has('value_head.weight')

const headFile = 'value_head.safetensors'

/**
 * Reads a checkpoint folder in the Hugging Face layout (qwen2); the weights may be in parts
 * (model.safetensors.index.json) and of 16 bits, and come out as 32. With value_head.safetensors or `score.weight` it is a
 * PPM, without a policy. As in `transformers`, an output layer that differs from the embedding is used although
 * `tie_word_embeddings` is true: the config then says that they are not tied.
 * Errors: one line that names the file, what was expected and what to do: a folder or file missing, cut off or damaged,
 * another architecture, a tensor that is missing, too many, of another shape than config.json says or not finite, token
 * ids beyond the vocabulary.
 * @example
 * await loadCheckpoint('nowhere') // Error: Expected a checkpoint folder at nowhere, there is none. Check the path…
 */
export async function loadCheckpoint(folder: string): Promise<Checkpoint> {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new Error(
      `Expected a checkpoint folder at ${folder}, there is none. Check the path, or train the model first.`,
    )
  const json = readJson(join(folder, 'config.json'))
  const weights = await readWeights(folder)
  await readHead(folder, weights)
  const config = untied(parseConfig(json, join(folder, 'config.json')), weights)
  checkWeights(config, weights, folder)
  const tokenizer = loadTokenizer(folder)
  if (tokenizer.vocabSize > config.vocabSize)
    throw new Error(
      `${join(folder, 'tokenizer.json')}: expected ids below the vocab_size ${config.vocabSize} of config.json, ` +
        `got ${tokenizer.vocabSize - 1}. Copy both files from the same checkpoint.`,
    )
  const generation = readGeneration(folder, json as Record<string, unknown>, config)
  return { config, weights, tokenizer, ...(generation && { generation }) }
}

/** Adds the PPM's head to the weights of its backbone, under our names. */
async function readHead(folder: string, weights: Weights): Promise<void> {
  const path = join(folder, headFile)
  if (existsSync(path))
    for (const [name, tensor] of await readSafetensors(path)) {
      if (weights.has(name) || !name.startsWith('value_head.'))
        throw new Error(`${path}: expected value_head.weight and value_head.bias, got ${name}. Save the PPM again.`)
      weights.set(name, tensor)
    }
  const scores = [...weights.keys()].filter((name) => name.startsWith('score.'))
  if (scores.length === 0) return
  const [score, bias] = [weights.get('score.weight'), weights.get('score.bias')]
  const shape = score ? `score.weight of shape [${score.dims.join(', ')}]` : scores.join(', ')
  if (score?.dims[0] !== 1 || scores.some((name) => name !== 'score.weight' && name !== 'score.bias'))
    throw new Error(
      `${folder}: expected a reward model with one label, whose score.weight is [1, hidden], got ${shape}. ` +
        'Classifiers and heads of several layers are not supported.',
    )
  if (hasValueHead(weights))
    throw new Error(`${folder}: expected one head, got score.weight and value_head.weight. Remove one of them.`)
  weights.set('value_head.weight', score)
  weights.set('value_head.bias', bias ?? { dims: [1], data: new Float32Array(1) })
  for (const name of scores) weights.delete(name)
}

/**
 * Drops what follows from config.json: an output layer that repeats the embedding, rotary frequencies that older writers
 * store. An output layer of its own stays, whatever config.json says; one without an embedding is the embedding.
 */
function untied(config: ModelConfig, weights: Weights): ModelConfig {
  for (const name of [...weights.keys()]) if (name.endsWith('rotary_emb.inv_freq')) weights.delete(name)
  const [head, table] = [weights.get('lm_head.weight'), weights.get('model.embed_tokens.weight')]
  if (!config.tied || !head) return config
  if (table && !sameTensor(head, table)) return { ...config, tied: false }
  weights.delete('lm_head.weight')
  weights.set('model.embed_tokens.weight', head)
  return config
}

type Tensor = Weights extends Map<string, infer Value> ? Value : never

function sameTensor(a: Tensor, b: Tensor): boolean {
  if (a.dims.join() !== b.dims.join()) return false
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false
  return true
}

/** generation_config.json, or what config.json says of it as older writers have it; undefined if neither says anything. */
function readGeneration(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  { vocabSize }: ModelConfig,
): Readonly<Record<string, unknown>> | undefined {
  const path = join(folder, 'generation_config.json')
  const { bos_token_id, eos_token_id, pad_token_id } = config
  const [from, generation] = existsSync(path)
    ? [path, readJson(path)]
    : [join(folder, 'config.json'), eos_token_id === undefined ? {} : { bos_token_id, eos_token_id, pad_token_id }]
  if (typeof generation !== 'object' || generation === null || Array.isArray(generation))
    throw new Error(`${from}: expected a JSON object, got ${JSON.stringify(generation).slice(0, 40)}`)
  const ends = [(generation as { eos_token_id?: unknown }).eos_token_id ?? []].flat()
  const wrong = ends.find((id) => !(Number.isInteger(id) && Number(id) >= 0 && Number(id) < vocabSize))
  if (wrong !== undefined)
    throw new Error(
      `${from}: expected eos_token_id to be a token id below the vocab_size ${vocabSize} or a list of them, got ` +
        `${JSON.stringify(wrong)}. Copy the file from the same checkpoint.`,
    )
  return Object.keys(generation).length === 0 ? undefined : (generation as Record<string, unknown>)
}

/** Ids that end a text, as the checkpoint's generation_config.json lists them. Without one, those of its tokenizer. */
export function endIds({ generation, tokenizer }: Pick<Checkpoint, 'generation' | 'tokenizer'>): number[] {
  return generation ? [(generation.eos_token_id ?? []) as number | number[]].flat() : tokenIds(tokenizer).eos
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
    const { pad, eos } = tokenIds(tokenizer)
    const eosTokenId = checkpoint.generation ? oneOrList(endIds(checkpoint)) : (eos[0] ?? null)
    writeJson(join(next, 'config.json'), configJson(config, { padTokenId: pad, eosTokenId }))
    const generation = checkpoint.generation ?? { do_sample: false, eos_token_id: oneOrList(eos), pad_token_id: pad }
    writeJson(join(next, 'generation_config.json'), generation)
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

const oneOrList = (ids: number[]): number | number[] | null => (ids.length > 1 ? ids : (ids[0] ?? null))

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
