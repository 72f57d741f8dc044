// What a tokenizer is on disk, in the Hugging Face format. bpe.ts writes it, tokenizer.ts reads it.

/** The two files of a tokenizer, parsed. */
export interface TokenizerFiles {
  /** tokenizer.json */
  readonly json: Readonly<Record<string, unknown>>
  /** tokenizer_config.json */
  readonly config: Readonly<Record<string, unknown>>
}
