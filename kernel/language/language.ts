// The language service of a kernel: type errors beside the cells or before them, completion and inspection from types
// and live values together. Owns the checker's process, which starts when it is first needed, or somebody is likely to
// need it, and is replaced when it ends. Nothing here delays a cell, but for `error`, which asks before the cell runs;
// who must not miss a type error can wait for all that are still to be told.

import { foreignHint } from '../cell/foreign-notation.ts'
import { type Typecheck, typecheckOf } from '../cell/typecheck.ts'
import type { Failure, Header, Input, Output } from '../protocol/message.ts'
import { within } from '../protocol/patience.ts'
import type { UserOptions } from '../user/user-options.ts'
import { type Checker, startChecker } from './checker.ts'
import { diagnosticText, headlineOf } from './diagnostic-text.ts'
import type { CellDiagnostic } from './diagnostics.ts'
import { mergeCompletions, mergeInspections } from './merge.ts'

type Completion = Output<'complete_request'>
type Inspection = Output<'inspect_request'>

/** A cell about to run. */
export interface LanguageCell {
  /** `cell 3`. */
  readonly name: string
  readonly code: string
  /** Silent cells add their names and are not checked. */
  readonly silent: boolean
  readonly request: Header
}

/** What the language service needs of the kernel. */
export interface LanguageHost {
  /** Shows text with a cell's output, on stderr. */
  tell(request: Header, text: string): void
  /** Names that exist in the running notebook; null while it computes. */
  liveNames(): Promise<readonly string[] | null>
}

export interface Language {
  /** A cell is about to run. Result: why it must not, or null. */
  admit(cell: LanguageCell): Promise<Failure | null>
  /** A cell that was admitted has ended. Cells of several shells may run at once. */
  ended(name: string): void
  /** Resolves when no type error of a cell that ran is still to be told. */
  settled(): Promise<void>
  /** Questions are likely to come: the checker need not wait for the first of them. */
  expectQuestions(): void
  /** Ends every wait for the checker. */
  interrupt(): void
  complete(content: Input<'complete_request'>, live: Promise<Completion | null>): Promise<Completion>
  inspect(content: Input<'inspect_request'>, live: Promise<Inspection | null>): Promise<Inspection>
  /** Holds for the cells from here on. */
  setTypecheck(value: unknown): void
  /** The variables are gone, and with them all that was set. */
  forget(): void
  dispose(): void
}

/** The checker starts when the first cell has ended, or has run for so long, in milliseconds … */
const FIRST_CELL_MS = 1000
/** … and hears of a cell when that has ended, or has run for so long: a short cell has the machine for itself. */
const CELL_MS = 100
/** A live answer comes alone when types need longer than this, in milliseconds, … */
const TYPES_PATIENCE_MS = 700
/** … than this while the checker is starting … */
const STARTING_PATIENCE_MS = 250
/** … or than this where nothing live is known: a checker that starts beside other work has answered by then. */
const TYPES_ALONE_MS = 5000
/** An answer from types waits this long for the live one: a cell that computes gives none. In milliseconds. */
const LIVE_PATIENCE_MS = 60
/** A checker that ends so often before it answered anything is not started again. */
const ATTEMPTS = 3

/** A cell that made so many checkers end is not checked, so that the cells after it are. */
const ATTEMPTS_FOR_CELL = 2

interface KeptCell extends LanguageCell {
  /** Its type errors were asked for, or nobody wants them. */
  isAsked: boolean
  /** Checkers that ended, or failed, before they told its type errors. */
  attempts: number
}

/** A language service without cells. Starts nothing. */
export function createLanguage(host: LanguageHost, options: UserOptions = {}): Language {
  const initial = typecheckOf(options.typecheck ?? process.env.ASTERISM_TYPECHECK)
  let mode: Typecheck = initial
  let cells: KeptCell[] = []
  let checker: Checker | null = null
  /** How many of the cells the checker knows. */
  let submitted = 0
  let fruitless = 0
  let timer: NodeJS.Timeout | null = null
  let restart: NodeJS.Immediate | null = null
  let isGivenUp = false
  /** Ends the wait of each cell that waits for the checker. */
  const waiting = new Set<() => void>()
  /** Cells whose type errors are still to be told, and who waits for that. */
  const untold = new Set<KeptCell>()
  let settling: (() => void)[] = []
  const running = new Set<string>()
  /** Called when a running cell ends. */
  let onEnd: (() => void)[] = []

  /** The checker, with all cells in it; null where it cannot be had. */
  const started = (): Checker | null => {
    if (checker?.hasEnded) {
      fruitless = checker.hasAnswered ? 0 : fruitless + 1
      checker = null
    }
    if (checker === null) {
      if (fruitless >= ATTEMPTS) return null
      checker = startChecker(options)
      submitted = 0
    }
    for (const cell of cells.slice(submitted)) submit(checker, cell)
    submitted = cells.length
    return checker
  }

  const submit = (to: Checker, cell: KeptCell): void => {
    if (!cell.isAsked) {
      cell.isAsked = true
      void to
        .ask('check', { source: cell.code })
        .then((found) => (found ? report(cell, found) : unanswered(cell, to)))
        .finally(() => {
          if (cell.isAsked) told(cell)
        })
    }
    to.commit(cell.name, cell.code)
  }

  /** Another checker is asked, with the cells before it as they were. */
  const unanswered = (cell: KeptCell, by: Checker): void => {
    if (mode === 'off' || !cells.includes(cell)) return
    if (!by.hasEnded) {
      tellUnchecked(cell.request, 'failed')
      return
    }
    if (restart === null) cell.attempts += 1 // questions are answered in turn, so that this one ended it
    restart ??= setImmediate(() => {
      restart = null
      wake()
    })
    if (cell.attempts < ATTEMPTS_FOR_CELL) cell.isAsked = false
    else tellUnchecked(cell.request, 'ended')
  }

  const told = (cell: KeptCell): void => {
    untold.delete(cell)
    if (untold.size === 0) settle()
  }
  const settle = (): void => {
    const settled = settling
    settling = []
    for (const one of settled) one()
  }

  const tellUnchecked = (request: Header, how: 'failed' | 'ended' | 'ended again and again'): void => {
    if (isGivenUp) return
    isGivenUp = how === 'ended again and again'
    const what = isGivenUp ? 'cells run unchecked from here on' : 'this cell runs unchecked'
    host.tell(request, `The type checker ${how} before it had an answer: ${what}.\n`)
  }

  const report = async (cell: KeptCell, found: readonly CellDiagnostic[]): Promise<void> => {
    const errors = await withoutLiveNames(found)
    if (errors.length > 0) host.tell(cell.request, `${diagnosticText(cell.name, cell.code, errors)}\n`)
  }

  /** A name without a type is no error where it exists. A notebook that computes is asked when it has ended. */
  const withoutLiveNames = async (found: readonly CellDiagnostic[]): Promise<CellDiagnostic[]> => {
    if (found.every(({ unknown }) => unknown === null)) return [...found]
    let names = await host.liveNames()
    while (names === null && running.size > 0) {
      await new Promise<void>((resolve) => onEnd.push(resolve))
      names = await host.liveNames()
    }
    if (names === null) return found.filter(({ unknown }) => unknown === null)
    const live = new Set(names)
    return found.filter(({ unknown }) => unknown === null || !live.has(unknown))
  }

  const keep = (cell: LanguageCell, isAsked: boolean): void => {
    const kept = { ...cell, isAsked: isAsked || cell.silent, attempts: 0 }
    cells.push(kept)
    running.add(cell.name)
    if (kept.isAsked) return
    untold.add(kept)
    wakeSoon()
  }
  const wakeSoon = (): void => {
    timer ??= setTimeout(wake, checker === null ? FIRST_CELL_MS : CELL_MS).unref()
  }

  const wake = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (started() !== null) return
    for (const cell of cells.filter(({ isAsked }) => !isAsked)) {
      cell.isAsked = true
      tellUnchecked(cell.request, 'ended again and again')
      told(cell)
    }
  }

  /** Type errors of a cell before it runs; `interrupted`: nobody waits any more; null: the checker is not to be had. */
  const errorsBefore = async (cell: LanguageCell): Promise<CellDiagnostic[] | 'interrupted' | null> => {
    let stop: () => void = () => undefined
    const interrupted = new Promise<'interrupted'>((resolve) => {
      stop = () => resolve('interrupted')
    })
    waiting.add(stop)
    const asked = async (): Promise<CellDiagnostic[] | null> => {
      const ask = async () => (await started()?.ask('check', { source: cell.code })) ?? null
      const found = (await ask()) ?? (await ask()) // a checker that has died is replaced
      return found === null ? null : withoutLiveNames(found)
    }
    try {
      return await Promise.race([asked(), interrupted])
    } finally {
      waiting.delete(stop)
    }
  }

  const patience = (): number => (checker?.isWarm ? TYPES_PATIENCE_MS : STARTING_PATIENCE_MS)
  const stopWaiting = (): void => {
    for (const stop of waiting) stop()
  }
  const tellEnd = (): void => {
    const heard = onEnd
    onEnd = []
    for (const tell of heard) tell()
  }
  const stopTelling = (): void => {
    untold.clear()
    settle()
  }

  return {
    async admit(cell) {
      if (mode !== 'error' || cell.silent) {
        keep(cell, mode === 'off')
        return null
      }
      const errors = await errorsBefore(cell)
      if (errors === 'interrupted') return interruption()
      if (errors === null) tellUnchecked(cell.request, started() === null ? 'ended again and again' : 'ended')
      if (errors !== null && errors.length > 0) return typeErrors(cell, errors)
      keep(cell, true)
      return null
    },
    ended(name) {
      running.delete(name)
      tellEnd()
      if (timer !== null) wake()
    },
    settled: () => (untold.size === 0 ? Promise.resolve() : new Promise((resolve) => settling.push(resolve))),
    expectQuestions() {
      if (mode !== 'off' && checker === null) wakeSoon()
    },
    interrupt() {
      stopWaiting()
      settle()
    },
    async complete({ code, cursor_pos: cursor }, live) {
      const asked = mode === 'off' ? null : started()?.ask('complete', { code, cursor })
      const isKnown = (answer: Completion | null): boolean => (answer?.matches.length ?? 0) > 0
      const [types, values] = await together(asked ?? null, live, isKnown, patience())
      return mergeCompletions(cursor, types, values)
    },
    async inspect({ code, cursor_pos: cursor, detail_level: detail = 0 }, live) {
      const asked = mode === 'off' ? null : started()?.ask('inspect', { code, cursor, withSource: detail > 0 })
      const [types, values] = await together(asked ?? null, live, (answer) => answer?.found === true, patience())
      return mergeInspections(types, values)
    },
    setTypecheck(value) {
      mode = typecheckOf(value)
      if (mode !== 'off') return
      checker?.dispose()
      checker = null
      stopTelling()
    },
    forget() {
      mode = initial
      cells = []
      stopTelling()
      submitted = 0
      checker?.forget()
      running.clear()
      tellEnd()
    },
    dispose() {
      if (timer !== null) clearTimeout(timer)
      if (restart !== null) clearImmediate(restart)
      cells = []
      stopWaiting()
      stopTelling()
      checker?.dispose()
    },
  }
}

/** Both answers, as far as they come in time. */
async function together<T, L>(
  types: Promise<T | null> | null,
  live: Promise<L | null>,
  isKnown: (answer: L | null) => boolean,
  patienceMs: number,
): Promise<[T | null, L | null]> {
  if (types === null) return [null, await live]
  let typed: T | null = null
  let value: L | null = null
  let isTyped = false
  const typesCame = types.then((answer) => {
    typed = answer
    isTyped = true
  })
  const liveCame = live.then((answer) => {
    value = answer
  })
  await Promise.race([typesCame, liveCame])
  if (isTyped) await within(LIVE_PATIENCE_MS, liveCame)
  else await within(isKnown(value) ? patienceMs : TYPES_ALONE_MS, typesCame)
  return [typed, value]
}

function typeErrors({ name, code }: LanguageCell, errors: readonly CellDiagnostic[]): Failure {
  const text = diagnosticText(name, code, errors)
  const [first] = errors
  const evalue = first === undefined ? '' : (headlineOf(name, first).split('\n')[0] as string)
  const missing = errors.find(({ unknown }) => unknown !== null)?.unknown ?? null
  const hint = missing === null ? null : foreignHint(code, missing)
  const traceback = [...`TypeCheckError: ${text}`.split('\n'), ...(hint === null ? [] : ['', hint])]
  return { status: 'error', ename: 'TypeCheckError', evalue, traceback }
}

function interruption(): Failure {
  const evalue = 'The cell was interrupted before it ran; variables are kept'
  return { status: 'error', ename: 'Interrupted', evalue, traceback: [`Interrupted: ${evalue}`] }
}
