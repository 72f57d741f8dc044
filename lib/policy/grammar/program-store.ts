// The programs that a grammar has learned, kept small: for each problem its question, the words of its slots (shared
// with every other problem that has the same), and each program as a short string. counts.ts learns from them.
import type { CountedSlot, Example, Program } from './counts.ts'

/** Programs by problem, in the order of ids; those of one problem in the order of their JSON text. */
export interface LearnedPrograms {
  /** Adds programs of a problem. A program that is known changes nothing. */
  add(id: string, question: string, slots: readonly CountedSlot[], programs: readonly Program[]): void
  /** What the counts are made from. */
  examples(): Example[]
  entries(): { readonly id: string; readonly question: string; readonly programs: readonly Program[] }[]
}

interface Entry {
  readonly question: string
  readonly slots: readonly CountedSlot[]
  programs: readonly string[]
}

export function learnedPrograms(): LearnedPrograms {
  const byId = new Map<string, Entry>()
  const pool = new Map<string, CountedSlot>()
  const shared = ({ literal, words }: CountedSlot): CountedSlot => {
    const slot = { literal: literal === null ? null : '', words }
    const key = `${literal === null ? '-' : '#'}${words.join(' ')}`
    const known = pool.get(key)
    if (known) return known
    pool.set(key, slot)
    return slot
  }
  const inOrder = (): [string, Entry][] => [...byId].sort(([a], [b]) => compare(a, b))
  return {
    add(id, question, slots, programs) {
      const entry = byId.get(id) ?? { question, slots: slots.map(shared), programs: [] }
      const texts = new Set([...entry.programs, ...programs.map(packed)])
      entry.programs = [...texts].sort((a, b) => compare(JSON.stringify(unpacked(a)), JSON.stringify(unpacked(b))))
      byId.set(id, entry)
    },
    examples: () => inOrder().map(([, { slots, programs }]) => ({ slots, programs: programs.map(unpacked) })),
    entries: () =>
      inOrder().map(([id, { question, programs }]) => ({ id, question, programs: programs.map(unpacked) })),
  }
}

/** Slots and actions as characters: a question has few of either. */
const packed = (program: Program): string => String.fromCharCode(...program.flat())

function unpacked(text: string): Program {
  const pairs: [number, number][] = []
  for (let i = 0; i < text.length; i += 2) pairs.push([text.charCodeAt(i), text.charCodeAt(i + 1)])
  return pairs
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
