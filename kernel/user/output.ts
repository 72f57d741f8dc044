// Everything a user-code process says to the protocol process, in one order: a pipe written synchronously, so that output
// appears while a cell computes without a pause, and a reply can never overtake the output before it.
import { writeSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { currentCell, outsideCells } from '../display/current-cell.ts'
import type { StreamName } from '../protocol/stream-name.ts'
import { FRAME_FD, type FrameHead } from './pipes.ts'
import { markText } from './raw-order.ts'

/** Writes that go out at once within a window; beyond it they wait for the end of the window. */
const EAGER_WRITES = 50
const WINDOW_MS = 20
const MAX_PENDING = 1 << 18

let pending: { cell: string; name: StreamName; text: string } | null = null
let windowStart = 0
let eagerWrites = 0
let timer: NodeJS.Timeout | null = null

/** Adds text to the stdout or stderr of the current cell. */
export function writeStream(name: StreamName, text: string): void {
  const cell = currentCell()
  if (cell?.silent || text === '') return
  const id = cell?.id ?? ''
  if (pending !== null && (pending.cell !== id || pending.name !== name)) flushStreams()
  pending = { cell: id, name, text: (pending?.text ?? '') + text }
  const now = performance.now()
  if (now - windowStart > WINDOW_MS) {
    windowStart = now
    eagerWrites = 0
  }
  eagerWrites += 1
  if (eagerWrites <= EAGER_WRITES || pending.text.length > MAX_PENDING) flushStreams()
  else timer ??= outsideCells(() => setTimeout(flushStreams, WINDOW_MS))
}

/** Sends the text that waits. */
export function flushStreams(): void {
  if (timer !== null) clearTimeout(timer)
  timer = null
  if (pending === null) return
  const { cell, name, text } = pending
  pending = null
  writeFrame({ type: 'stream', cell, name }, Buffer.from(text))
}

/** Sends a frame after all text written before it. */
export function send(
  head: FrameHead,
  content: Record<string, unknown> = {},
  buffers: readonly Uint8Array[] = [],
): void {
  flushStreams()
  const json = Buffer.from(JSON.stringify(content))
  writeFrame(head, buffers.length === 0 ? json : Buffer.concat([json, ...buffers])) // a page of 10 MB is not copied
}

let mark = 0
let hasRaw = true

/** Lets raw text that was written until now arrive before what is said from now on. */
export function awaitRaw(): void {
  if (!hasRaw) return
  mark += 1
  try {
    for (const fd of [1, 2]) writeAll(Buffer.from(markText(mark)), fd)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error
    hasRaw = false // a cell closed them
  }
  send({ type: 'raw', mark })
}

function writeFrame(head: FrameHead, body: Buffer): void {
  const headBytes = Buffer.from(JSON.stringify(head))
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32LE(headBytes.length, 0)
  lengths.writeUInt32LE(body.length, 4)
  // One write for small frames; large bodies are not copied again.
  if (body.length < 1 << 16) writeAll(Buffer.concat([lengths, headBytes, body]))
  else {
    writeAll(Buffer.concat([lengths, headBytes]))
    writeAll(body)
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4))

function writeAll(bytes: Buffer, fd = FRAME_FD): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN') Atomics.wait(pause, 0, 0, 1)
      // The protocol process has gone: nobody is left to hear.
      else if (code === 'EPIPE') process.exit(1)
      else throw error
    }
  }
}

/** Sends what code writes to process.stdout and process.stderr, console included, through the cell's streams. */
export function captureStreams(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new StringDecoder('utf8') // a character may come in two pieces
    const write = (
      chunk: string | Uint8Array,
      encoding?: BufferEncoding | ((error?: Error) => void),
      done?: (error?: Error) => void,
    ): boolean => {
      const isText = typeof chunk === 'string' && (typeof encoding !== 'string' || /^utf-?8$/i.test(encoding))
      const bytes = (): Buffer =>
        typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : Buffer.from(chunk)
      writeStream(name, isText ? chunk : decoder.write(bytes()))
      const callback = typeof encoding === 'function' ? encoding : done
      if (callback !== undefined) process.nextTick(callback)
      return true
    }
    process[name].write = write as typeof process.stdout.write
  }
}
