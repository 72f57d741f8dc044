// The training rows of the released code, in and out: SFT `{ query, response }` and PPM `{ prompt, pos, neg, neg_count,
// pos_count }`. A solution there is `<code> … <end_of_step> … <end_of_code><output>…<end_of_output><answer>…\boxed{}…`;
// here it is its steps and the answer in the box. Other words of the answer sentence and of the output are not kept.
import type { Step } from '../problem/problem.ts'
import type { PreferencePair } from './preference-pairs.ts'
import type { SftExample } from './sft-examples.ts'

export interface OfficialSftRow {
  readonly query: string
  readonly response: string
}

export interface OfficialPpmRow {
  readonly prompt: string
  readonly pos: string
  readonly neg: string
  readonly neg_count: number
  readonly pos_count: number
}

/** Steps as the released format holds them. */
export interface ReadSolution {
  readonly steps: readonly Step[]
  /** Content of the last `\boxed{}`; null where there is none. */
  readonly answer: string | null
}

/** A PPM row, read. */
export interface ReadPair
  extends Pick<PreferencePair, 'kind' | 'prefix' | 'chosen' | 'rejected' | 'positives' | 'negatives'>,
    Pick<PreferencePair, 'chosenAnswer' | 'rejectedAnswer'> {
  readonly question: string
}

const USER = '<|user|>:\n'
const ASSISTANT = '\n<|assistant|>: '
const INVITATION = "Let's think step by step and solve the problem with code."
const CODE = '<code>'
const STEP_END = '<end_of_step>'
const CODE_END = '<end_of_code>'

/** One example as the released SFT script reads it. */
export const toSftRow = (example: Pick<SftExample, 'steps' | 'answer'>, question: string): OfficialSftRow => ({
  query: question,
  response: `${CODE}${chunks(example.steps, example.answer)}`,
})

/** The steps and the answer of an SFT row. */
export const fromSftRow = ({ query, response }: OfficialSftRow): ReadSolution & { readonly question: string } => ({
  question: query,
  ...readChunks(response),
})

/** One pair as the released PPM script reads it. */
export function toPpmRow(pair: PreferencePair, question: string): OfficialPpmRow {
  const opening = `${ASSISTANT}${INVITATION}${CODE}`
  const isStep = pair.kind === 'step'
  const side = (steps: readonly Step[], answer: string | null): string => {
    const text = chunks(steps, answer)
    return isStep ? (pair.prefix.length > 0 ? `\n${text}` : text) : `${opening}${text}`
  }
  return {
    prompt: `${USER}${question}${isStep ? `${opening}${chunks(pair.prefix, null)}` : ''}`,
    neg: side(pair.rejected, pair.rejectedAnswer),
    pos: side(pair.chosen, pair.chosenAnswer),
    neg_count: pair.negatives,
    pos_count: pair.positives,
  }
}

/** The pair of a PPM row. Errors: a prompt that does not begin as the released ones do. */
export function fromPpmRow({ prompt, pos, neg, neg_count, pos_count }: OfficialPpmRow): ReadPair {
  if (!prompt.startsWith(USER))
    throw new Error(
      `Expected the prompt of a PPM row to begin with ${JSON.stringify(USER)}, got ${JSON.stringify(prompt.slice(0, 40))}`,
    )
  const body = prompt.slice(USER.length)
  const at = body.indexOf(ASSISTANT)
  const [chosen, rejected] = [readChunks(pos), readChunks(neg)]
  return {
    question: at === -1 ? body : body.slice(0, at),
    kind: at === -1 ? 'trajectory' : 'step',
    prefix: at === -1 ? [] : readChunks(body.slice(at + ASSISTANT.length)).steps,
    chosen: chosen.steps,
    rejected: rejected.steps,
    chosenAnswer: chosen.answer,
    rejectedAnswer: rejected.answer,
    positives: pos_count,
    negatives: neg_count,
  }
}

function chunks(steps: readonly Step[], answer: string | null): string {
  return steps
    .map(({ text, final }, i) => {
      const opening = i === 0 ? '\n' : '\n\n'
      if (!final) return `${opening}${text}\n${STEP_END}`
      const end = answer === null ? '' : `\n<answer>The answer is \\boxed{${answer}}.<end_of_answer>`
      return `${opening}${text}\n${CODE_END}\n<output>${answer ?? ''}<end_of_output>${end}`
    })
    .join('')
}

function readChunks(text: string): ReadSolution {
  const steps: Step[] = []
  // Without an opening marker the text goes on inside a code block.
  const blocks = text.includes(CODE) ? text.split(CODE).slice(1) : [text]
  for (const block of blocks) {
    const end = block.indexOf(CODE_END)
    const code = end === -1 ? block : block.slice(0, end)
    for (const chunk of code.split(STEP_END)) {
      const step = chunk.replace(/^\s*\n/, '').trimEnd()
      if (step !== '') steps.push({ text: step, final: false })
    }
  }
  if (text.includes(CODE_END) && steps.length > 0) steps.push({ ...steps.pop()!, final: true })
  return { steps, answer: lastBoxed(text) }
}

/** What stands in the last `\boxed{}`, its braces balanced. */
function lastBoxed(text: string): string | null {
  const start = text.lastIndexOf('\\boxed{')
  if (start === -1) return null
  let depth = 0
  for (let i = start + '\\boxed'.length; i < text.length; i++) {
    if (text[i] === '{') depth++
    if (text[i] === '}' && --depth === 0) return text.slice(start + '\\boxed{'.length, i)
  }
  return null
}
