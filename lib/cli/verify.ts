// `asterism verify`: programs come in as lines, verdicts go out as lines, in the same order. Holds a bounded number of
// programs at a time, so that neither a long input nor a slow reader costs memory.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { addAbortSignal, type Readable } from 'node:stream'
import { type InputLine, linesOf } from '../file/lines.ts'
import { durationCell } from '../show/draw/cells.ts'
import { bar, secondsLeft } from '../show/draw/progress.ts'
import type { Level } from '../verify/level.ts'
import { type NamedProgram, readProgram, type VerdictLine, verdictLine } from '../verify/program-lines.ts'
import { openVerifier, type PythonVerifier } from '../verify/verifier.ts'
import { interruptible } from './interrupt.ts'

export interface VerifyFlags {
  readonly level?: Level | 'auto'
  readonly concurrency?: number
  readonly wrap?: string
  readonly twice?: boolean
}

/** Longest line that is read, in bytes: above it the code would be refused anyway. */
const LONGEST_LINE = 8 << 20

/** Verdicts that may wait for an earlier one, for each program that runs at once. */
const AHEAD = 8

/** What `--help` says beside the options. */
export const VERIFY_HELP = `
Example:
  $ echo '{"id": 1, "steps": ["x = 2", "print(x / 0)"]}' | asterism verify -
  {"id":1,"verdict":"error","errorType":"ZeroDivisionError","message":"division by zero",
   "line":1,"failedStep":1,"stdout":"","cpuMs":4.1,"wallMs":5.2,…,"level":"jail",…}

  verdict   ok, error, timeout, memory, output (printed too much), died, refused (too long), or
            unsupported (a module that this machine lacks; message says how to install it)
  refusal   why no model should learn from the program, e.g. it looks at the interpreter; or null

Levels, each with limits on time, memory and output:
  jail       no file, network or other process of this machine to be seen (Linux namespaces)
  landlock   the same by other means, for machines that refuse namespaces
  rlimit     limits alone: for code of your own, not for attackers
  container  behind --wrap, e.g. --wrap "docker run -i --rm --network=none python:3.12-slim"
  auto       jail, else landlock, else an error: never limits alone, whatever the environment says

Which of them this machine grants, and which Python and sympy run: asterism doctor

Exit code:
  0    every line was read and has its verdict, whatever the verdict is
  1    nothing was run: no such file, no Python, no such level
  2    some line could not be read, or the sandbox failed on it; stderr names file and line
  130  Ctrl-C; every line that was written is whole
`

/** Reads a file, or stdin for `-`, and prints the verdicts. Result: the exit code. */
export async function verifyCommand(path: string, flags: VerifyFlags): Promise<number> {
  const total = path === '-' ? null : await sizeOf(path)
  const { concurrency = availableParallelism(), level = 'auto', twice = false, wrap } = flags
  const processes = Math.min(concurrency, availableParallelism())
  return interruptible(async (signal) => {
    const verifier = await openVerifier({
      level,
      allowWeakIsolation: false, // nobody knows who wrote the programs: limits alone must be asked for by name
      wrap: wrap?.split(/\s+/).filter(Boolean) ?? [],
      processes,
      singlesPerProcess: Math.ceil(concurrency / processes),
      cacheEntries: 0,
    })
    const input: Readable = addAbortSignal(signal, path === '-' ? process.stdin : createReadStream(path))
    const screen = progressLine(total)
    const stop = () => void verifier.dispose() // what runs now need not end first
    signal.addEventListener('abort', stop)
    try {
      const faults = await judgeLines(linesOf(input, { longest: LONGEST_LINE }), {
        verifier,
        concurrency,
        twice,
        signal,
        write: (line) => screen.around(() => print(JSON.stringify(line))),
        onFault: ({ number, fault }) => screen.around(() => console.error(`${nameOf(path)}:${number}: ${fault}`)),
        onDone: screen.done,
      })
      return faults === 0 ? 0 : 2
    } finally {
      screen.end()
      input.destroy()
      await verifier.dispose()
    }
  }, 'Stopped. Every line that was written is whole.')
}

export interface JudgeOptions {
  readonly verifier: Pick<PythonVerifier, 'examine'>
  /** Programs that run at once. Minimum: 1. */
  readonly concurrency: number
  /** Whether each runs twice, see `examine`. @default false */
  readonly twice?: boolean
  readonly signal?: AbortSignal
  /** Gets the verdicts in the order of the input; the next one waits for it. */
  write(line: VerdictLine): void | Promise<void>
  /** Gets the lines without a verdict, in their place among the others. */
  onFault(line: { readonly number: number; readonly fault: string }): void | Promise<void>
  /** Gets each line that is dealt with, in order. */
  onDone?(line: InputLine): void
}

/**
 * Judges every line. Blank ones are passed over. Result: how many have no verdict, because they cannot be read or the
 * sandbox itself failed on them. Errors: those of the input and of `write`; the signal's reason, after which nothing
 * more is written.
 */
export async function judgeLines(lines: AsyncIterable<InputLine>, options: JudgeOptions): Promise<number> {
  const { verifier, concurrency, twice = false, signal, write, onFault, onDone } = options
  const running = new Set<Promise<unknown>>()
  const unwritten: Promise<void>[] = [] // in order; each ends after the one before it
  let faults = 0
  const settle = async (line: InputLine, verdict: Promise<VerdictLine>, before: Promise<void>): Promise<void> => {
    const [outcome] = await Promise.allSettled([verdict, before])
    await before
    signal?.throwIfAborted()
    if (outcome.status === 'fulfilled') await write(outcome.value)
    else {
      faults++
      await onFault({ number: line.number, fault: (outcome.reason as Error).message })
    }
    onDone?.(line)
  }
  let last: Promise<void> = Promise.resolve()
  for await (const line of lines) {
    if (line.text?.trim() === '') continue
    while (running.size >= concurrency) await Promise.race(running)
    while (unwritten.length >= concurrency * AHEAD) await unwritten.shift()
    signal?.throwIfAborted()
    const verdict = judge(line, verifier, twice)
    const run = verdict.catch(() => undefined).finally(() => running.delete(run))
    running.add(run)
    last = settle(line, verdict, last)
    last.catch(() => undefined) // reported below, or by the next line that waits
    unwritten.push(last)
  }
  await last
  return faults
}

async function judge(line: InputLine, verifier: JudgeOptions['verifier'], twice: boolean): Promise<VerdictLine> {
  if (line.text === null) throw new Error(line.fault)
  const { id, steps }: NamedProgram = readProgram(line.text)
  const execution = await verifier.examine(steps, { twice })
  if (execution.verdict.kind === 'infra') throw new Error(`the sandbox failed: ${execution.verdict.message}`)
  return verdictLine(id, execution)
}

async function sizeOf(path: string): Promise<number | null> {
  const { size, isFile, isDirectory } = await stat(path).then(
    (found) => ({ size: found.size, isFile: found.isFile(), isDirectory: found.isDirectory() }),
    (error: NodeJS.ErrnoException) => {
      const got = error.code === 'ENOENT' ? 'found none' : `got ${error.code}`
      throw new Error(`Expected a file of programs at ${path}, ${got}. Use - to read them from stdin`)
    },
  )
  if (isDirectory) throw new Error(`Expected a file of programs at ${path}, got a folder`)
  return isFile ? size : null // a pipe has no size
}

const nameOf = (path: string): string => (path === '-' ? 'stdin' : path)

/** One line on stdout; resolves when there is room for the next. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.write(`${text}\n`)) resolve()
    else process.stdout.once('drain', resolve)
  })
}

/** A line at the foot of the terminal, if stderr is one. `total`: bytes to read, null if nobody knows. */
function progressLine(total: number | null) {
  const isShown = process.stderr.isTTY === true
  const began = performance.now()
  let count = 0
  const wipe = () => void (isShown && process.stderr.write('\r\x1b[2K'))
  return {
    /** Prints something else than this line. */
    around<T>(work: () => T): T {
      wipe()
      return work()
    },
    done({ end }: InputLine): void {
      count++
      const now = performance.now()
      if (!isShown) return
      const seconds = (now - began) / 1000
      const left = total === null ? undefined : secondsLeft(end, total, seconds)
      const parts = [
        'verify',
        ...(total === null ? [] : [bar(end, total), `${Math.floor((100 * end) / Math.max(1, total))} %`.padStart(5)]),
        `${count} ${count === 1 ? 'program' : 'programs'}`,
        durationCell(seconds) + (left ? `, ${durationCell(left)} left` : ''),
      ]
      wipe()
      process.stderr.write(parts.join('  '))
    },
    end: wipe,
  }
}
