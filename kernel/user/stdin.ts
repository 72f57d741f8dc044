// Standard input of cells: whoever reads a line asks the person at the notebook for it. Covered: `process.stdin` as a stream
// (`on('data')`, `once`, `for await`, pipes), and readline on it: `question` asks with its own text, `on('line')` and
// `for await` ask for line after line, until the interface is closed. A cell goes on while a question is open. Not covered:
// reading without waiting (`readFileSync(0)`), which fails and names `prompt`; keys, a terminal, `new readline.Interface`.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import readline from 'node:readline'
import readlinePromises from 'node:readline/promises'
import { Readable } from 'node:stream'
import { openLine, writeStream } from './output.ts'

/** The way to the person. */
export interface Questions {
  /** Why nobody can be asked now; null where somebody can. */
  refusal(): Error | null
  ask(question: string): Promise<string>
  /** The current cell does not end before this has settled, and fails with it. */
  hold(work: Promise<unknown>): void
}

type Interface = readline.Interface
type Create = (...args: unknown[]) => Interface

/** From here on reading standard input asks. */
export function installStdin(questions: Questions): void {
  let current = streamOf(questions)
  const get = (): CellInput => {
    if (current.destroyed || current.readableEnded) current = streamOf(questions)
    return current
  }
  Object.defineProperty(process, 'stdin', { get, configurable: true, enumerable: true })
  for (const module of [readline, readlinePromises] as unknown as Record<'createInterface', Create>[]) {
    const native = module.createInterface
    const createInterface: Create = (...args) => {
      const [input, output, completer] = args
      const options = input instanceof Readable ? { input, output, completer } : { ...(input as object) }
      if (!((options as { input: unknown }).input instanceof CellInput)) return native(...args)
      return lineReader(native, options, questions)
    }
    module.createInterface = createInterface
  }
  refuseWithoutWaiting()
  syncBuiltinESMExports()
}

/** `process.stdin` itself asks while somebody listens. */
function streamOf(questions: Questions): CellInput {
  const input: CellInput = new CellInput(questions, {
    isRead: () => input.listenerCount('data') + input.listenerCount('readable') > 0,
    isWatched: () => input.listenerCount('error') > 0,
  })
  input.on('newListener', (event) => void ((event === 'data' || event === 'readable') && input.consider()))
  return input
}

/** A readline interface on an input of its own: it asks with its prompt, and for lines only where somebody hears them. */
function lineReader(native: Create, options: object, questions: Questions): Interface {
  const input = new CellInput(questions, {
    isRead: () => reader.listenerCount('line') > 0,
    isWatched: () => reader.listenerCount('error') > 0, // it passes on what its input tells
  })
  const reader = native({ ...options, input, terminal: false })
  reader.prompt = () => {
    const refusal = questions.refusal()
    if (refusal !== null) throw refusal
    reader.resume()
    input.ask(reader.getPrompt())
  }
  reader.on('newListener', (event) => void (event === 'line' && input.consider()))
  reader.once('close', () => input.destroy())
  input.once('close', () => reader.close())
  return reader
}

/** Who reads. */
interface Reader {
  isRead(): boolean
  /** Whether it hears of errors; else the cell fails with them. */
  isWatched(): boolean
}

/** Text of a person, a line at a time. */
class CellInput extends Readable {
  readonly fd = 0
  readonly #questions: Questions
  readonly #reader: Reader
  #isAsking = false
  #isConsidering = false
  /** The stream has room for a line. */
  #isEmpty = false

  constructor(questions: Questions, reader: Reader) {
    super({ encoding: 'utf8' })
    this.#questions = questions
    this.#reader = reader
  }

  override _read(): void {
    this.#isEmpty = true
    this.consider()
  }

  /** Asks where somebody reads, unless a question with a text of its own comes at once. */
  consider(): void {
    if (this.#isConsidering || this.#isAsking) return
    this.#isConsidering = true
    const turn = new Promise((resolve) => setImmediate(resolve))
    this.#questions.hold(
      turn.then(() => {
        this.#isConsidering = false
        if (this.#isEmpty && !this.#isAsking && !this.destroyed && this.#reader.isRead())
          return this.#ask(openLine('stdout'))
      }),
    )
  }

  /** Asks now. Where a question is open already, its answer counts for this one too. */
  ask(question: string): void {
    if (this.#isAsking) writeStream('stdout', question)
    else this.#questions.hold(this.#ask(question))
  }

  async #ask(question: string): Promise<void> {
    this.#isAsking = true
    this.#isEmpty = false
    try {
      const refusal = this.#questions.refusal()
      if (refusal !== null) throw refusal
      const answer = await this.#questions.ask(question)
      this.#isAsking = false
      this.push(`${answer}\n`)
      this.consider() // before the cell finds nothing left to wait for
    } catch (error) {
      const isWatched = this.#reader.isWatched()
      this.destroy(isWatched ? (error as Error) : undefined)
      if (!isWatched) throw error
    }
  }
}

const STDIN: ReadonlySet<unknown> = new Set([0, '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'])

/** What would wait for a person and block everything meanwhile, or find an empty file, fails. */
function refuseWithoutWaiting(): void {
  const guard = (module: object, names: readonly string[]): void => {
    const functions = module as Record<string, (...args: unknown[]) => unknown>
    for (const name of names) {
      const native = functions[name] as (...args: unknown[]) => unknown
      const guarded = function (this: unknown, ...args: unknown[]): unknown {
        if (!STDIN.has(args[0])) return native.apply(this, args)
        throw new Error(
          `Expected a question in place of fs.${name} on stdin: a line of text comes from \`await prompt()\``,
        )
      }
      functions[name] = Object.assign(Object.defineProperty(guarded, 'name', { value: name }), native)
    }
  }
  guard(fs, ['readSync', 'read', 'readFileSync', 'readFile', 'openSync', 'open', 'createReadStream'])
  guard(fs.promises, ['readFile', 'open'])
}
