// The reference answer of a row: out of which field, and what is done when several of them could be it.
import { numericGrader } from '../numeric-grader.ts'
import { parseRational } from '../rational.ts'
import { choicesOf, chosen } from './choices.ts'
import { WrittenNumber } from './exact-json.ts'
import { fieldsOf, isEmpty, type Named, shown } from './fields.ts'
import { type FinalAnswer, finalAnswer } from './final-answer.ts'

/** Fields that hold an answer, first those that count first. Names are in lower case without signs. */
const OWN = [
  ...['answer', 'finalanswer', 'answers', 'groundtruth', 'groundtruthanswer', 'gt', 'gtanswer', 'gold', 'golden'],
  ...[
    'goldanswer',
    'goldenanswer',
    'expectedanswer',
    'correctanswer',
    'answernumber',
    'numericanswer',
    'referenceanswer',
  ],
]
/** Fields that hold an answer where none of those does; beside one of them they may be anything. */
const ELSE = ['target', 'result', 'lsolutions', 'outputanswer', 'answerkey', 'correctoption']
/** Fields that hold an answer only beside options. */
const OF_CHOICES = ['correct', 'label', 'answeridx', 'answerindex', 'correctindex', 'correctidx', 'correctchoice']
/** Fields that hold a worked solution. */
const WORKED = ranked([
  ...['solution', 'solutions', 'rationale', 'response', 'output', 'completion', 'explanation', 'cot', 'reasoning'],
  ...['generatedsolution', 'workedsolution'],
])
const ANSWERS = ranked([...OWN, ...ELSE])
const CHOSEN = ranked([...OWN, ...OF_CHOICES, ...ELSE])
/** ASDiv's answers: a number and what is counted. */
const COUNTED = /^([-+]?[\d.,/]+)\s*\([A-Za-z][A-Za-z .\-/]*\)$/

/** A reference, and the work that led to it where the field holds it; or why there is none. */
export type Reference =
  | { readonly answer: string; readonly work: string; readonly isHashed: boolean; readonly options?: Options }
  | { readonly reason: string }

type Options = Parameters<typeof chosen>[1]
type Candidate = { readonly name: string } & Exclude<FinalAnswer, { reason: string }>

/**
 * The reference of a row. `reply`: the end of a conversation, a worked answer. `hasFacts`: the row keeps the facts apart
 * from the question, as ASDiv does, whose answers are `17 (mugs)`.
 */
export function referenceOf(
  row: Readonly<Record<string, unknown>>,
  reply: string | undefined,
  hasFacts: boolean,
): Reference {
  const fields = [...fieldsOf(row), ...rewardFields(row)]
  const options = choicesOf(fields)
  if (options !== null && 'reason' in options) return options
  const names = options === null ? ANSWERS : CHOSEN
  const given = fields.filter(({ key, value }) => names.has(key) && value !== undefined && value !== null)
  const sure = given.filter(({ key }) => !ELSE.includes(key))
  const own = (sure.length > 0 ? sure : given).sort((a, b) => names.get(a.key)! - names.get(b.key)!)
  const read = own.filter(({ value }) => !isEmpty(value)).map((field) => readOwn(field, options?.choices))
  const fault = read.find((each) => 'reason' in each)
  if (fault !== undefined && 'reason' in fault) return fault
  const candidates = read as Candidate[]
  const rival = candidates.find(({ answer }) => !agree(answer, candidates[0]!.answer))
  if (rival !== undefined) return disagreement(candidates[0]!, rival)
  const worked = workedIn(fields, reply)
  const [first] = candidates
  if (first === undefined) return fromWork(own, worked, fields)
  const contradiction = options === null ? contradictionOf(first, worked) : undefined
  if (contradiction !== undefined) return disagreement(first, contradiction)
  const answer = hasFacts ? first.answer.replace(COUNTED, '$1') : first.answer
  return { answer, work: first.work, isHashed: first.shownBy === 'hash', ...(options && { options: options.choices }) }
}

/** `reward_model.ground_truth`, as VERL has it. */
function rewardFields(row: Readonly<Record<string, unknown>>): Named[] {
  const { reward_model: model } = row
  if (typeof model !== 'object' || model === null || model instanceof WrittenNumber) return []
  return fieldsOf(model as Record<string, unknown>)
    .filter(({ key }) => key === 'groundtruth')
    .map((field) => ({ ...field, name: 'reward_model.ground_truth' }))
}

function readOwn({ name, value }: Named, options: Options | undefined): Candidate | { reason: string } {
  const single = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (options !== undefined) {
    const final = typeof single === 'string' ? finalAnswer(single, name) : null
    const choice = chosen(final !== null && 'answer' in final ? final.answer : single, options, name)
    return 'reason' in choice ? choice : { name, answer: choice.text, shownBy: null, work: '' }
  }
  if (single instanceof WrittenNumber) return { name, answer: single.text, shownBy: null, work: '' }
  if (typeof single === 'boolean') return { name, answer: single ? 'True' : 'False', shownBy: null, work: '' }
  if (typeof single !== 'string') return { reason: `expected text or a number in "${name}", got ${shown(value)}` }
  const final = finalAnswer(single, name)
  return 'reason' in final ? final : { name, ...final }
}

/** The answers that worked solutions end in; those that show none are left out. */
function workedIn(fields: readonly Named[], reply: string | undefined): Candidate[] {
  const texts = fields.filter(({ key }) => WORKED.has(key)).sort((a, b) => WORKED.get(a.key)! - WORKED.get(b.key)!)
  const all = reply === undefined ? texts : [...texts, { name: 'assistant', key: '', value: reply }]
  return all.flatMap(({ name, value }): Candidate[] => {
    const text = Array.isArray(value) && value.length === 1 ? value[0] : value
    if (text instanceof WrittenNumber) return [{ name, answer: text.text, shownBy: null, work: '' }]
    if (typeof text !== 'string') return []
    const final = finalAnswer(text, name)
    if ('reason' in final || (final.shownBy === null && parseRational(final.answer) === null)) return []
    return [{ name, ...final }]
  })
}

function fromWork(own: readonly Named[], worked: readonly Candidate[], fields: readonly Named[]): Reference {
  const [first] = worked
  if (first !== undefined) {
    const rival = worked.find(({ answer }) => !agree(answer, first.answer))
    if (rival !== undefined) return disagreement(first, rival)
    return { answer: first.answer, work: first.work, isHashed: first.shownBy === 'hash' }
  }
  if (own.length > 0) return { reason: `expected text or a number in "${own[0]!.name}", got ${shown(own[0]!.value)}` }
  const solution = fields.find(({ key, value }) => WORKED.has(key) && !isEmpty(value))
  if (solution === undefined)
    return {
      reason: 'expected text or a number in "answer", got nothing (nor in "final_answer", "solution" or the like)',
    }
  const final = typeof solution.value === 'string' ? finalAnswer(solution.value, solution.name) : null
  const broken = final !== null && 'reason' in final && /#### |\\boxed|####/.test(String(solution.value))
  return broken
    ? (final as { reason: string })
    : { reason: `expected \\boxed{…}, #### or "the answer is" in "${solution.name}", got none` }
}

/** A worked solution that ends in another number than the row's own answer. What is no number is not weighed. */
function contradictionOf(own: Candidate, worked: readonly Candidate[]): Candidate | undefined {
  const plain = (text: string) => parseRational(text.replace(/(?<=\d),(?=\d{3}(?!\d))/g, '').replace(/^\\?\$/, ''))
  if (plain(own.answer) === null) return undefined
  return worked.find(({ answer }) => plain(answer) !== null && !agree(answer, own.answer))
}

const agree = (a: string, b: string): boolean => a === b || numericGrader.equivalent(a, b)

const disagreement = (a: Candidate, b: Candidate): { reason: string } => ({
  reason: `expected one answer, got ${shown(a.answer)} in "${a.name}" and ${shown(b.answer)} in "${b.name}"`,
})

function ranked(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, rank) => [name, rank]))
}
