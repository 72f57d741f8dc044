// The programs that a grammar has learned, kept small and ready to be counted: for each problem its question, the words of
// its slots, and what each program did with them. What is equal is kept once. counts.ts learns from them.
import type { CountedSlot, Example, Program } from './counts.ts'

/** A problem with its right programs, in the order of their JSON text. */
export interface LearnedProblem extends Example {
  readonly id: string
  readonly question: string
}

/** Grows by `add` alone. */
export interface ProgramStore {
  /** Adds programs of a problem. A program that is known changes nothing. */
  add(id: string, question: string, slots: readonly CountedSlot[], programs: readonly Program[]): void
  /** All problems, in the order of their ids. */
  readonly problems: readonly LearnedProblem[]
}

/** A store without problems. */
export function programStore(): ProgramStore {
  const problems: LearnedProblem[] = []
  const [slotOf, pairOf] = [sharing<CountedSlot>(), sharing<Program[number]>()]
  const sharedSlot = ({ literal, words }: CountedSlot): CountedSlot =>
    slotOf(`${literal === null ? '-' : '#'}${words.join(' ')}`, { literal: literal === null ? null : '', words })
  const sharedProgram = (program: Program): Program => program.map((pair) => pairOf(pair.join(), pair))
  return {
    problems,
    add(id, question, slots, programs) {
      const at = placeOf(problems, id)
      const known = problems[at]?.id === id ? problems[at] : null
      const byText = new Map((known?.programs ?? []).map((program) => [JSON.stringify(program), program]))
      for (const program of programs) {
        const text = JSON.stringify(program)
        if (!byText.has(text)) byText.set(text, sharedProgram(program))
      }
      const all = [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, program]) => program)
      if (known) problems[at] = { ...known, programs: all }
      else problems.splice(at, 0, { id, question, slots: slots.map(sharedSlot), programs: all })
    },
  }
}

/** Where a problem stands, or would. */
function placeOf(problems: readonly LearnedProblem[], id: string): number {
  let [low, high] = [0, problems.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (problems[middle]!.id < id) low = middle + 1
    else high = middle
  }
  return low
}

/** Gives the first value of each key for all that come with it. */
function sharing<T>(): (key: string, value: T) => T {
  const pool = new Map<string, T>()
  return (key, value) => {
    const known = pool.get(key)
    if (known !== undefined) return known
    pool.set(key, value)
    return value
  }
}
