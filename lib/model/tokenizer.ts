// Text to token ids and back, for any tokenizer.json of the Hugging Face format, through @huggingface/tokenizers.
// Text is plain unless the caller says otherwise: a question that contains "<end_of_code>" stays a question.
// No begin or end token is added. Tokenizers that bpe.ts made are encoded piece by piece with a cache: pieces repeat,
// and the library needs many times longer for a whole text.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer as Library } from '@huggingface/tokenizers'
import { isOwnTokenizer, pieces, type TokenizerFiles } from './bpe.ts'

export interface EncodeOptions {
  /** Whether the text of a special token stands for that token. False treats it as plain text. @default false */
  readonly specials?: boolean
}

export interface Tokenizer {
  /** One more than the highest id. */
  readonly vocabSize: number
  /** Ids of the special tokens: markers, padding and the like. */
  readonly specialIds: ReadonlySet<number>
  readonly files: TokenizerFiles
  encode(text: string, options?: EncodeOptions): number[]
  /** Special tokens appear as their text, bytes that are no UTF-8 as U+FFFD; ids from `vocabSize` up are left out. */
  decode(ids: readonly number[]): string
  /** Id of a special token or of a token as tokenizer.json spells it; null if there is none. */
  idOf(token: string): number | null
}

/** Pieces kept with their ids. A word set of a training run is far smaller; real text could grow without end. */
const cacheLimit = 100_000

/** One of tokenizer.json's added_tokens, as far as it is read here. */
interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special?: boolean
}

/** A tokenizer from its parsed files. `path` names them in errors. */
export function openTokenizer(files: TokenizerFiles, path = 'tokenizer.json'): Tokenizer {
  const added = Array.isArray(files.json.added_tokens) ? (files.json.added_tokens as AddedToken[]) : []
  const plainTokens = added.filter((token) => !token.special)
  const library = (tokens: readonly AddedToken[]): Library => {
    try {
      return new Library({ post_processor: null, normalizer: null, ...files.json, added_tokens: tokens }, files.config)
    } catch (error) {
      throw new Error(`${path}: expected a Hugging Face tokenizer, got: ${(error as Error).message}`, { cause: error })
    }
  }
  const marked = library(added)
  const plain = library(plainTokens)
  const vocabulary = (files.json.model as { vocab?: Record<string, number> } | undefined)?.vocab ?? {}
  const ids = [...Object.values(vocabulary), ...added.map((token) => token.id)]
  const vocabSize = ids.reduce((most, id) => Math.max(most, id + 1), 0)
  const byLibrary = (text: string): number[] => plain.encode(text, { add_special_tokens: false }).ids
  const encodePlain = isOwnTokenizer(files.json) ? piecewise(byLibrary) : byLibrary

  return {
    vocabSize,
    specialIds: new Set(added.filter((token) => token.special).map((token) => token.id)),
    files,
    encode(text, { specials = false } = {}) {
      if (text === '') return []
      return specials ? marked.encode(text, { add_special_tokens: false }).ids : encodePlain(text)
    },
    decode(list) {
      const known = list.filter((id) => marked.id_to_token(id) !== undefined)
      if (known.length === 0) return ''
      return marked.decode(known, { skip_special_tokens: false, clean_up_tokenization_spaces: false })
    },
    idOf: (token) => marked.token_to_id(token) ?? null,
  }
}

/** The same encoder, called once for each distinct piece. */
function piecewise(encode: (text: string) => number[]): (text: string) => number[] {
  const cache = new Map<string, readonly number[]>()
  return (text) => {
    const ids: number[] = []
    for (const piece of pieces(text)) {
      let known = cache.get(piece)
      if (known === undefined) {
        if (cache.size >= cacheLimit) cache.clear()
        known = encode(piece)
        cache.set(piece, known)
      }
      for (const id of known) ids.push(id)
    }
    return ids
  }
}

/**
 * Reads tokenizer.json and tokenizer_config.json (which may be missing) of a checkpoint folder.
 * Errors: one line that names the file, what was expected and what to do.
 */
export function loadTokenizer(folder: string): Tokenizer {
  const path = join(folder, 'tokenizer.json')
  if (!existsSync(path))
    throw new Error(
      `Expected ${path}, there is no such file. Is ${folder} a checkpoint folder? Save its tokenizer there.`,
    )
  const configPath = join(folder, 'tokenizer_config.json')
  const files = { json: readObject(path), config: existsSync(configPath) ? readObject(configPath) : {} }
  return openTokenizer(files, path)
}

function readObject(path: string): Record<string, unknown> {
  const text = readFileSync(path, 'utf8')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
    throw new Error(`it holds ${JSON.stringify(value).slice(0, 40)}`)
  } catch (error) {
    throw new Error(`${path}: expected a JSON object (${(error as Error).message}). Copy or download it again.`, {
      cause: error,
    })
  }
}
