// The child processes of cells. What they print when a cell lets them inherit its stdout goes to the cell that started
// them, however late it comes, and they carry the mark of that cell, by which an interrupt finds them. Commands that are waited for without a pause (`execSync`) keep the raw pipe, so that it shows while they run.
import { AsyncResource } from 'node:async_hooks'
import childProcess, { ChildProcess } from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import type { Readable } from 'node:stream'
import { currentCell } from '../display/current-cell.ts'
import { inOwnRealm } from '../display/own-realm.ts'
import type { StreamName } from '../protocol/stream-name.ts'
import { markOf } from './marked-processes.ts'
import { awaitRaw, MARK, writeStream } from './output.ts'
import { MARK_VARIABLE } from './pipes.ts'

interface SpawnOptions {
  readonly stdio?: unknown
  /** `NAME=value`. */
  readonly envPairs?: readonly string[]
}

type Spawn = (this: ChildProcess, options: SpawnOptions) => unknown

/** From here on children print into cells. `hold`: the running cell does not end before this has settled. */
export function captureChildren(hold: (work: Promise<unknown>) => void): void {
  const prototype = ChildProcess.prototype as unknown as { spawn: Spawn }
  const { spawn } = prototype
  prototype.spawn = function (options) {
    return inOwnRealm(() => {
      const stdio = asList(options.stdio)
      const targets = stdio.map((one, i) => (i === 1 || i === 2 ? streamFor(one, i) : null))
      const piped = stdio.map((one, i) => (targets[i] ? 'pipe' : one))
      const others = (options.envPairs ?? []).filter((pair) => !pair.startsWith(`${MARK_VARIABLE}=`))
      const envPairs = [...others, `${MARK_VARIABLE}=${ownMark()}`]
      const result = spawn.call(this, { ...options, envPairs, stdio: piped })
      for (const [i, target] of targets.entries()) if (target) forward(this, i as 1 | 2, target, hold)
      return result
    })
  }
  for (const name of ['spawnSync', 'execSync', 'execFileSync'] as const) {
    const native = childProcess[name] as (...args: unknown[]) => unknown
    const ordered = (...args: unknown[]): unknown => {
      const given = inOwnRealm(() => marked(args))
      try {
        return native(...given)
      } finally {
        awaitRaw()
      }
    }
    Object.assign(childProcess, { [name]: Object.defineProperty(ordered, 'name', { value: name }) })
  }
  syncBuiltinESMExports()
}

function ownMark(): string {
  const cell = currentCell()
  return cell === null ? MARK : markOf(MARK, cell.request ?? cell.id)
}

/** Arguments with the mark in their options: the last that is an object and no list. */
function marked(args: readonly unknown[]): unknown[] {
  const at = args.findLastIndex((one) => typeof one === 'object' && one !== null && !Array.isArray(one))
  const options = (at < 0 ? {} : args[at]) as { env?: NodeJS.ProcessEnv }
  const own = { ...options, env: { ...(options.env ?? process.env), [MARK_VARIABLE]: ownMark() } }
  return at < 0 ? [...args, own] : args.with(at, own)
}

function asList(stdio: unknown): unknown[] {
  const list = Array.isArray(stdio) ? [...stdio] : [stdio, stdio, stdio]
  while (list.length < 3) list.push(undefined)
  return list
}

/** Which of our streams a child would inherit at this place. */
function streamFor(one: unknown, place: 1 | 2): StreamName | null {
  const fd = one === 'inherit' ? place : ((one as { fd?: unknown } | null | undefined)?.fd ?? one)
  return fd === 1 ? 'stdout' : fd === 2 ? 'stderr' : null
}

function forward(child: ChildProcess, place: 1 | 2, name: StreamName, hold: (work: Promise<unknown>) => void): void {
  const stream = child.stdio[place] as Readable | null | undefined
  if (!stream) return // it could not be started
  const write = AsyncResource.bind((text: string) => writeStream(name, text))
  stream.setEncoding('utf8').on('data', write)
  const ended = new Promise((resolve) => stream.once('close', resolve))
  child.once(
    'exit',
    AsyncResource.bind(() => hold(ended)),
  )
  // As for a stream that was inherited: there is nothing to read.
  const none = child as unknown as { stdio: unknown[]; stdout: null; stderr: null }
  none.stdio[place] = null
  none[place === 1 ? 'stdout' : 'stderr'] = null
}
