// `process.stdout` and `process.stderr` of cells: writable streams that lead into the cell's output, whatever a cell does to
// them. One that was ended or destroyed still prints, and is replaced by a fresh one where it is next asked for. They
// answer as terminals do, so that bars, spinners and colours work (display/terminal-line.ts maps the cursor). The console
// keeps streams of its own without colours: what it prints of objects is stored as plain text.
import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import tty, { WriteStream } from 'node:tty'
import type { StreamName } from '../protocol/stream-name.ts'
import { writeStream } from './output.ts'

/** What a page shows in a line of a cell's output, in characters; and rows, which nobody counts. */
const COLUMNS = 80
const ROWS = 24

type Encoding = BufferEncoding | 'buffer'
type Done = (error?: Error | null) => void

const { nextTick } = process
const { getColorDepth: colorDepth } = WriteStream.prototype
const { from: bytesFrom } = Buffer
const decode = Function.prototype.call.bind(StringDecoder.prototype.write) as (
  decoder: StringDecoder,
  bytes: Buffer,
) => string

/** From here on all that code writes to its standard streams, console included, is output of its cell. */
export function installStreams(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const own = new ConsoleStream(name)
    define(name, () => own)
    void (console as unknown as Record<string, unknown>)[`_${name}`] // the console keeps the one it finds first
    let current: CellStream = new CellTerminal(name)
    define(name, () => {
      if (current.destroyed || current.writableEnded) current = new CellTerminal(name)
      return current
    })
  }
  const { isatty } = tty
  const isTerminal = (fd: number): boolean => fd === 1 || fd === 2 || isatty(fd)
  tty.isatty = Object.defineProperty(isTerminal, 'name', { value: 'isatty' })
}

function define(name: StreamName, get: () => CellStream): void {
  Object.defineProperty(process, name, { get, configurable: true, enumerable: true })
}

/** Prints into the current cell. */
class CellStream extends Writable {
  readonly fd: 1 | 2
  readonly #name: StreamName
  readonly #decoder = new StringDecoder('utf8') // a character may come in two pieces

  constructor(name: StreamName) {
    super({ decodeStrings: false })
    this.#name = name
    this.fd = name === 'stdout' ? 1 : 2
  }

  #print(chunk: string | Uint8Array, encoding: unknown): void {
    const isText = typeof chunk === 'string' && (typeof encoding !== 'string' || isUtf8(encoding))
    if (isText) {
      writeStream(this.#name, chunk)
      return
    }
    const bytes = typeof chunk === 'string' ? bytesFrom(chunk, encoding as BufferEncoding) : bytesFrom(chunk)
    writeStream(this.#name, decode(this.#decoder, bytes))
  }

  /** At once, so that text appears while a cell computes; also after the stream's end. */
  override write(chunk: unknown, encoding?: Encoding | Done, done?: Done): boolean {
    this.#print(chunk as string | Uint8Array, encoding)
    const callback = typeof encoding === 'function' ? encoding : done
    if (callback !== undefined) nextTick(callback)
    return true
  }

  /** What is given to `end`. */
  override _write(chunk: string | Uint8Array, encoding: Encoding, done: Done): void {
    this.#print(chunk, encoding)
    done()
  }
}

/** Printing is all that the console asks for: no callback, and somebody who hears of errors, or it adds one each time. */
class ConsoleStream extends CellStream {
  readonly #name: StreamName

  constructor(name: StreamName) {
    super(name)
    this.#name = name
    this.on('error', () => undefined)
  }

  override write(text: string): boolean {
    writeStream(this.#name, text)
    return true
  }
}

const isUtf8 = (encoding: string): boolean =>
  encoding === 'utf8' || encoding === 'utf-8' || encoding === 'UTF-8' || encoding === 'UTF8'

/** The same, for what asks whether it writes to a terminal. */
class CellTerminal extends CellStream {
  readonly isTTY = true
  readonly columns = COLUMNS
  readonly rows = ROWS
  /** As a page shows colours, whatever terminal or CI the kernel was started from; what the person wishes counts. */
  getColorDepth({ TERM, NO_COLOR, FORCE_COLOR, NODE_DISABLE_COLORS }: NodeJS.ProcessEnv = process.env): number {
    return colorDepth.call(this as never, { TERM, NO_COLOR, FORCE_COLOR, NODE_DISABLE_COLORS })
  }

  /** Called as in Node: with a number of colours, an environment, or both. */
  hasColors(count: number | NodeJS.ProcessEnv = 16, env?: NodeJS.ProcessEnv): boolean {
    return typeof count === 'object' ? this.hasColors(16, count) : count <= 2 ** this.getColorDepth(env)
  }

  getWindowSize(): [columns: number, rows: number] {
    return [COLUMNS, ROWS]
  }

  /** `direction`: -1 left of the cursor, 1 right of it, 0 the whole line. */
  clearLine(direction: -1 | 0 | 1, done?: Done): boolean {
    return this.write(`\x1b[${direction < 0 ? 1 : direction > 0 ? 0 : 2}K`, done)
  }

  clearScreenDown(done?: Done): boolean {
    return this.write('\x1b[0J', done)
  }

  cursorTo(x: number, y?: number | Done, done?: Done): boolean {
    return this.write(`\x1b[${x + 1}G`, typeof y === 'function' ? y : done)
  }

  /** Rows stay as they are. */
  moveCursor(dx: number, _dy: number, done?: Done): boolean {
    return this.write(dx === 0 ? '' : `\x1b[${Math.abs(dx)}${dx < 0 ? 'D' : 'C'}`, done)
  }
}
