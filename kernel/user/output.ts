// Everything a user-code process says to the protocol process, in one order: a pipe written synchronously, so that output
// appears while a cell computes without a pause, and a reply can never overtake the output before it. Printing runs in the
// realm as cells have left it (own-realm.ts), since it is too frequent to look at the realm each time: it uses what was
// there when the process started, and no method of a list, a text or a map.
import { fstatSync, writeSync } from 'node:fs'
import { type CellContext, currentCell, outsideCells } from '../display/current-cell.ts'
import { inOwnRealm, whereObjectsAreBare } from '../display/own-realm.ts'
import { createTerminalLine, type TerminalLine } from '../display/terminal-line.ts'
import type { StreamName } from '../protocol/stream-name.ts'
import { FRAME_FD, type FrameHead, LENGTH_BASE, MARK_VARIABLE } from './pipes.ts'
import { markText } from './raw-order.ts'

/** Writes that go out at once within a window; beyond it they wait for the end of the window. */
const EAGER_WRITES = 50
const WINDOW_MS = 20
const MAX_PENDING = 1 << 18
/** Longer bodies are not copied once more to go out with their head, in characters. */
const MAX_JOINED = 1 << 14

const { stringify } = JSON
const { from: bytesFrom, byteLength } = Buffer
const { kill, pid } = process
const [write, stat, startTimer, stopTimer] = [writeSync, fstatSync, setTimeout, clearTimeout]
const clock = performance.now.bind(performance)
const wait = Atomics.wait.bind(Atomics)

/** The mark of this process, which its frames and what it starts carry. */
export const MARK = String(process.env[MARK_VARIABLE])

let pending: { cell: string; name: StreamName; text: string } | null = null
let windowStart = 0
let eagerWrites = 0
let timer: NodeJS.Timeout | null = null

/** Adds text to the stdout or stderr of the current cell. */
export function writeStream(name: StreamName, text: string): void {
  const cell = currentCell()
  if (cell?.silent || text === '') return
  const id = cell?.id ?? ''
  const shown = lineOf(name, cell).write(text)
  if (pending !== null && (pending.cell !== id || pending.name !== name)) flushStreams()
  pending = { cell: id, name, text: (pending?.text ?? '') + shown }
  const now = clock()
  if (now - windowStart > WINDOW_MS) {
    windowStart = now
    eagerWrites = 0
  }
  eagerWrites += 1
  if (eagerWrites <= EAGER_WRITES || pending.text.length > MAX_PENDING) flushStreams()
  else timer ??= outsideCells(() => startTimer(flushStreams, WINDOW_MS))
}

const lines = { stdout: { cell: '', line: createTerminalLine() }, stderr: { cell: '', line: createTerminalLine() } }

/** The line that a cell is printing: each cell begins its own. */
function lineOf(name: StreamName, cell: CellContext | null): TerminalLine {
  const id = cell?.id ?? ''
  if (lines[name].cell !== id) lines[name] = { cell: id, line: createTerminalLine() }
  return lines[name].line
}

/** What the current cell has printed since the last line break, without colours. */
export const openLine = (name: StreamName): string => lineOf(name, currentCell()).text()

/** Sends the text that waits. */
export function flushStreams(): void {
  if (timer !== null) stopTimer(timer)
  timer = null
  if (pending === null) return
  const { cell, name, text } = pending
  pending = null
  writeFrame(`{"type":"stream","cell":${stringify(cell)},"name":"${name}"}`, text)
}

/** Sends a frame after all text written before it. */
export function send(
  head: FrameHead,
  content: Record<string, unknown> = {},
  buffers: readonly Uint8Array[] = [],
): void {
  flushStreams()
  inOwnRealm(() => writeFrame(stringify(head), stringify(content), buffers))
}

/** The reply of a cell that went well: no look at the realm is needed for it. */
export function sendPlainReply(request: string, count: number): void {
  flushStreams()
  const reply = `{"status":"ok","payload":[],"user_expressions":{},"execution_count":${count}}`
  writeFrame(`{"type":"reply","request":${stringify(request)}}`, reply)
}

let mark = 0
const streams = (['stdout', 'stderr'] as const).map((name, i) => ({ name, fd: i + 1, identity: identityOf(i + 1) }))

/** Lets raw text that was written until now arrive before what is said from now on. */
export const awaitRaw = (): void => whereObjectsAreBare(markRaw)

function markRaw(): void {
  mark += 1
  let marked = ''
  for (let i = 0; i < streams.length; i++) {
    const { name, fd, identity } = streams[i] as (typeof streams)[number]
    // A cell may have closed it, and the number may be that of another file by now.
    if (identity === null || identityOf(fd) !== identity || !tryWrite(fd, bytesFrom(markText(mark)))) continue
    marked += `${marked === '' ? '' : ','}"${name}"`
  }
  if (marked === '') return
  flushStreams()
  writeFrame(`{"type":"raw","mark":${mark},"streams":[${marked}]}`, '')
}

/** What a descriptor stands for; null where it is closed. */
function identityOf(fd: number): string | null {
  try {
    const { dev, ino } = stat(fd)
    return `${dev}:${ino}`
  } catch {
    return null
  }
}

const writeFrame = (head: string, body: string, buffers: readonly Uint8Array[] = []): void =>
  whereObjectsAreBare(() => writeParts(head, body, buffers))

function writeParts(head: string, body: string, buffers: readonly Uint8Array[]): void {
  let size = byteLength(body)
  for (let i = 0; i < buffers.length; i++) size += (buffers[i] as Uint8Array).length
  const start = `${MARK}${LENGTH_BASE + byteLength(head)}${LENGTH_BASE + size}${head}`
  if (buffers.length === 0 && body.length < MAX_JOINED) {
    writeAll(bytesFrom(start + body + MARK))
    return
  }
  writeAll(bytesFrom(start))
  writeAll(bytesFrom(body))
  for (let i = 0; i < buffers.length; i++) writeAll(buffers[i] as Uint8Array) // a page of 10 MB is not copied
  writeAll(bytesFrom(MARK))
}

function writeAll(bytes: Uint8Array): void {
  // The protocol process has gone, or a cell closed the pipe: nobody is left to hear.
  if (!tryWrite(FRAME_FD, bytes)) kill(pid, 'SIGKILL')
}

const pause = new Int32Array(new SharedArrayBuffer(4))

/** False where the pipe is closed. */
function tryWrite(fd: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += write(fd, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false
      wait(pause, 0, 0, 1)
    }
  }
  return true
}
