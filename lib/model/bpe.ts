// Byte-level byte-pair encoding trained from texts: a small vocabulary for the embedded model, written as a Hugging Face
// tokenizer.json that every reader of that format understands. Nothing random: equal texts give equal files.
// Made for short English questions and short Python: a digit is always a token of its own (with or without the space
// before it), so that a number the model has never seen is read digit by digit, like every other.

/** What a tokenizer is on disk, in the Hugging Face format: its two files, parsed. */
export interface TokenizerFiles {
  /** tokenizer.json */
  readonly json: Readonly<Record<string, unknown>>
  /** tokenizer_config.json */
  readonly config: Readonly<Record<string, unknown>>
}

/** Names of the special tokens of the embedded model; the paper's three markers after two of ours. */
export const pad = '<|pad|>'
/** Stands for a word of the question that training hides. */
export const blank = '<|blank|>'
export const codeStart = '<code>'
export const endOfStep = '<end_of_step>'
export const endOfCode = '<end_of_code>'

/** Ids 0 to 4 of a tokenizer that `trainTokenizer` made with its defaults. */
export const defaultSpecialTokens: readonly string[] = [pad, blank, codeStart, endOfStep, endOfCode]

/**
 * Cuts text into pieces; tokens never cross a cut. In this order: word, one digit, newlines with the indentation that
 * follows, operator of one or two characters, any other character, spaces. All but newlines and digits' neighbours may
 * carry one space in front. Without shorthand classes, whose meaning differs between regular-expression engines.
 * Example: `now = (start + 13) // 2` gives `now| =| (|start| +| 1|3|)| //| 2`.
 */
export const splitPattern = ' ?[\\p{L}_]+| ?\\p{N}|\\n+ *| ?[=<>!*/+%&|^~-]{1,2}| ?[^\\n \\p{L}\\p{N}_]| +'

const splitter = new RegExp(splitPattern, 'gu')

/** The pieces of a text, in order; joined they are the text. */
export const pieces = (text: string): readonly string[] => text.match(splitter) ?? []

/** Whether a tokenizer.json cuts its text as `pieces` does, and changes nothing before. */
export function isOwnTokenizer(json: Readonly<Record<string, unknown>>): boolean {
  return (json.normalizer ?? null) === null && JSON.stringify(json.pre_tokenizer) === JSON.stringify(preTokenizer)
}

/** What `trainTokenizer` learns. */
export interface TrainTokenizerOptions {
  /**
   * Tokens in all, special ones, the 256 bytes and ten digits with a space included. The result has fewer when the
   * texts give no more. Integer from `specialTokens.length` + 266 up. @default 1024
   */
  vocabSize?: number
  /** They get the ids from 0 up, in this order. @default defaultSpecialTokens */
  specialTokens?: readonly string[]
  /** A pair of tokens is merged while it occurs at least this often in the texts. Minimum: 1. @default 2 */
  minFrequency?: number
}

/**
 * Trains a byte-level BPE (Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units", on bytes).
 * Ids: special tokens, the 256 bytes, a space with each digit, then merges, the commonest pair first; of equally common
 * pairs the one with the smaller left id, then the smaller right id. Equal texts in any order give equal files.
 * Result: tokenizer.json and tokenizer_config.json as values, to be given to a checkpoint.
 * Errors: a RangeError for a vocabulary too small for special tokens, bytes and digits, for `minFrequency` below 1, and
 * for special tokens that are equal to each other or to a single byte.
 * @example
 * const { json } = trainTokenizer(['now = start * 2', 'now = now + 13'], { vocabSize: 300 })
 * Object.keys(json) // [ 'version', 'truncation', 'padding', 'added_tokens', 'normalizer', …
 * trainTokenizer([], { vocabSize: 10 }) // RangeError: Expected `vocabSize` to be an integer from 271 up, got `10`
 */
export function trainTokenizer(texts: Iterable<string>, options: TrainTokenizerOptions = {}): TokenizerFiles {
  const { vocabSize = 1024, specialTokens = defaultSpecialTokens, minFrequency = 2 } = options
  const smallest = specialTokens.length + 256 + 10
  if (!Number.isInteger(vocabSize) || vocabSize < smallest)
    throw new RangeError(`Expected \`vocabSize\` to be an integer from ${smallest} up, got \`${vocabSize}\``)
  if (!Number.isInteger(minFrequency) || minFrequency < 1)
    throw new RangeError(`Expected \`minFrequency\` to be an integer from 1 up, got \`${minFrequency}\``)

  const tokens = [...specialTokens, ...[...byteCharacters].sort()]
  if (new Set(tokens).size !== tokens.length)
    throw new RangeError(
      `Expected special tokens that differ from each other and from single bytes, got ${specialTokens}`,
    )
  const idOf = new Map(tokens.map((token, id) => [token, id]))
  const words = countWords(texts, idOf)
  const pairs = new PairCounts(words)
  const merges: [string, string][] = []
  const merge = (left: number, right: number): void => {
    merges.push([tokens[left]!, tokens[right]!])
    pairs.merge(left, right, tokens.length)
    tokens.push(tokens[left]! + tokens[right]!)
  }
  // Every digit with a space is a token from the start, however rare it is in the texts: numbers are read alike.
  for (let digit = 0; digit < 10; digit++) merge(idOf.get(byteCharacters[32]!)!, idOf.get(String(digit))!)
  while (tokens.length < vocabSize) {
    const best = pairs.commonest(minFrequency)
    if (best === null) break
    merge(best.left, best.right)
  }
  return tokenizerFiles(tokens, merges, specialTokens)
}

/** Each byte as the printable character that byte-level tokenizers write it with (GPT-2's table). [256] */
const byteCharacters: readonly string[] = (() => {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255)
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
})()

/** A distinct piece of the texts: its current tokens and how often it occurs. */
interface Word {
  ids: number[]
  readonly count: number
}

function countWords(texts: Iterable<string>, idOf: ReadonlyMap<string, number>): Word[] {
  const counts = new Map<string, number>()
  for (const text of texts) for (const piece of pieces(text)) counts.set(piece, (counts.get(piece) ?? 0) + 1)
  return [...counts].map(([piece, count]) => ({
    ids: Array.from(Buffer.from(piece, 'utf8'), (byte) => idOf.get(byteCharacters[byte]!)!),
    count,
  }))
}

/** How often each pair of neighbouring tokens occurs, and where. Only `merge` changes words and counts. */
class PairCounts {
  /** Pair key → occurrences in the texts. */
  private readonly counts = new Map<number, number>()
  /** Pair key → words that hold the pair, or held it once. */
  private readonly holders = new Map<number, Set<Word>>()

  constructor(words: readonly Word[]) {
    for (const word of words) this.add(word, 1)
  }

  /** The pair to merge next, or null when none occurs `least` times. */
  commonest(least: number): { left: number; right: number } | null {
    let best = -1
    let most = 0
    for (const [key, count] of this.counts) {
      if (count > most || (count === most && key < best)) {
        best = key
        most = count
      }
    }
    return most < least || best < 0 ? null : { left: Math.floor(best / radix), right: best % radix }
  }

  /** Replaces the pair by a new token in every word, from left to right. */
  merge(left: number, right: number, merged: number): void {
    for (const word of this.holders.get(left * radix + right) ?? []) {
      this.add(word, -1)
      const ids: number[] = []
      for (let i = 0; i < word.ids.length; i++) {
        const here = word.ids[i] === left && word.ids[i + 1] === right
        ids.push(here ? merged : word.ids[i]!)
        if (here) i++
      }
      word.ids = ids
      this.add(word, 1)
    }
    this.holders.delete(left * radix + right)
  }

  private add(word: Word, sign: 1 | -1): void {
    for (let i = 0; i + 1 < word.ids.length; i++) {
      const key = word.ids[i]! * radix + word.ids[i + 1]!
      const count = (this.counts.get(key) ?? 0) + sign * word.count
      if (count === 0) this.counts.delete(key)
      else this.counts.set(key, count)
      if (sign === 1) {
        const holders = this.holders.get(key)
        if (holders === undefined) this.holders.set(key, new Set([word]))
        else holders.add(word)
      }
    }
  }
}

/** A pair is one number, left × radix + right: exact, and ordered by left id, then right id. */
const radix = 2 ** 24

const preTokenizer = {
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: splitPattern }, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
  ],
}

function tokenizerFiles(
  tokens: readonly string[],
  merges: readonly (readonly [string, string])[],
  specialTokens: readonly string[],
): TokenizerFiles {
  const named = (name: string): string | null => (specialTokens.includes(name) ? name : null)
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: specialTokens.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: preTokenizer,
      post_processor: null,
      decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
      },
    },
    config: {
      clean_up_tokenization_spaces: false,
      eos_token: named(endOfCode),
      model_max_length: 1e30,
      pad_token: named(pad),
      tokenizer_class: 'PreTrainedTokenizerFast',
    },
  }
}
