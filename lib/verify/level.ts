// Chooses how steps are kept from the machine: the best level that this machine grants and that passes a self-test.
// Assumes a Python that runs. Never lowers a level silently: what was chosen, and why not a better one, is in the result.
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InnerLevel, Launch, Reply } from './protocol.ts'
import type { Python } from './python.ts'
import { Zygote } from './zygote.ts'

/**
 * `jail`: Linux namespaces, a uid of its own, a list of system calls, limits. `landlock`: the same without namespaces,
 * files closed by landlock. `rlimit`: limits only, against accidents and not against attackers. `container`: the fork
 * server runs behind a command of the user's, such as `docker run -i --rm --network=none python:3.12-slim`; one that shows a step the machine's own files is refused.
 */
export type Level = 'jail' | 'landlock' | 'rlimit' | 'container'

/** Which level of isolation to take. */
export interface LevelOptions {
  /** `auto`: the best that passes its self-test, `container` where `wrap` is given. @default 'auto' */
  readonly level?: Level | 'auto'
  /**
   * Whether `auto` may end at `rlimit`, which only protects from accidents.
   * @default whether ASTERISM_WEAK_ISOLATION is 1
   */
  readonly allowWeakIsolation?: boolean
  /** Command that starts the interpreter in a container and hands on its standard input and output. @default [] */
  readonly wrap?: readonly string[]
}

/** How steps are isolated, with what, and why not better. */
export interface Isolation {
  readonly level: Level
  /** Level inside the container; equal to `level` otherwise. */
  readonly inner: InnerLevel
  readonly wrap: readonly string[]
  /** Whether each execution has a user id of its own, which needs root. */
  readonly ownUid: boolean
  /** Full version of the interpreter that runs the steps. */
  readonly python: string
  /** Version of the sympy that steps can import; null: none. */
  readonly sympy: string | null
  /** Better levels that this machine refused, best first, each with the reason. */
  readonly refused: readonly { readonly level: Level | InnerLevel; readonly reason: string }[]
}

const ORDER: readonly InnerLevel[] = ['jail', 'landlock', 'rlimit']
const CONTROLS = ['read', 'write', 'fork'] // must work without isolation, else that they fail with it shows nothing
const REACH_HOST = ['read', 'write', 'connect'] // what a container must prevent; inside it the rest is no harm
const TEST_LIMITS = { cpuMs: 5_000, wallMs: 20_000, memoryMb: 512, outputBytes: 65_536 }
const GOOD_STEP = 'import decimal, fractions, statistics\nprint(fractions.Fraction(1, 3) + statistics.median([1, 2]))'
const GOOD_OUTPUT = '1.8333333333333333\n'

const chosen = new Map<string, Promise<Isolation>>()

/** The isolation for these options. Asked once per interpreter and process. Throws one line where none will do. */
export function chooseIsolation(python: Python, options: LevelOptions = {}): Promise<Isolation> {
  const weak = options.allowWeakIsolation ?? process.env.ASTERISM_WEAK_ISOLATION === '1'
  const key = JSON.stringify([python.path, options.level, options.wrap, weak])
  let isolation = chosen.get(key)
  if (!isolation) {
    isolation = choose(python, options, weak)
    chosen.set(key, isolation)
    isolation.catch(() => chosen.delete(key))
  }
  return isolation
}

/** How to start a fork server under `isolation`. */
export function launchOf(python: Python, { inner, wrap }: Isolation, preload: readonly string[]): Launch {
  return { python, level: inner, wrap, preload }
}

async function choose(python: Python, options: LevelOptions, weak: boolean): Promise<Isolation> {
  const { wrap = [] } = options
  const wanted = options.level ?? 'auto'
  if ((wanted === 'container') !== wrap.length > 0 && !(wanted === 'auto' && wrap.length > 0)) {
    throw new RangeError(`Expected \`wrap\` to be given with level container and only with it, got level ${wanted}`)
  }
  const isContainer = wrap.length > 0
  const levels = isContainer
    ? ORDER
    : wanted === 'auto'
      ? ORDER.filter((level) => level !== 'rlimit' || weak)
      : [wanted]
  const refused: { level: Level | InnerLevel; reason: string }[] = []
  for (const inner of levels as InnerLevel[]) {
    try {
      const tested = await test(python, inner, wrap)
      return { level: isContainer ? 'container' : inner, inner, wrap, ...tested, refused }
    } catch (error) {
      refused.push({ level: inner, reason: (error as Error).message })
    }
  }
  const reasons = refused.map(({ level, reason }) => `${level}: ${reason}`).join('; ')
  const advice = wanted !== 'auto' || isContainer ? '' : adviceOn(options.allowWeakIsolation === false)
  throw new Error(`Expected a way to isolate the steps, this machine refuses: ${reasons}.${advice}`)
}

/** What to do where nothing better than limits is granted. `mustBeAsked`: no option but the level itself lets them do. */
function adviceOn(mustBeAsked: boolean): string {
  const how = mustBeAsked ? 'Ask for level rlimit' : 'Set ASTERISM_WEAK_ISOLATION=1 (or allowWeakIsolation: true)'
  return ` ${how} to run steps under limits alone, which protects from accidents, not from attackers; or give \`wrap\`, a command that starts Python in a container.`
}

/** Starts a fork server at `level` and lets a good step and the probe run in it. Throws the reason where it will not do. */
async function test(python: Python, level: InnerLevel, wrap: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'asterism-probe-'))
  const listener = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  let zygote: Zygote | null = null
  try {
    await once(listener, 'listening')
    listener.unref()
    const file = join(folder, 'file')
    writeFileSync(file, 'not for steps')
    chmodSync(folder, 0o777) // only isolation keeps a step out
    const probe = { file, port: (listener.address() as { port: number }).port }
    const isProbed = level !== 'rlimit' || wrap.length > 0
    zygote = await Zygote.start({ python, level, wrap, preload: [], ...(isProbed && { probe }) })
    rmSync(`${file}.written`, { force: true })
    const { hello } = zygote
    expectOutput(await zygote.ask({ steps: ['import math', GOOD_STEP] }, TEST_LIMITS), GOOD_OUTPUT, 'a good step')
    if (isProbed) {
      const lacking = CONTROLS.filter((name) => !hello.reached?.includes(name))
      if (wrap.length === 0 && lacking.length > 0) {
        throw new Error(`the self-test proves nothing here: not even without isolation could it ${lacking.join(', ')}`)
      }
      const source = readFileSync(join(import.meta.dirname, 'python', 'probe.py'), 'utf8')
      const call = `print(*[name for name in reach(${JSON.stringify(probe)})])`
      const reply = await zygote.ask({ steps: [source, call] }, TEST_LIMITS)
      const reached = reply.status === 'ok' ? reply.stdout.split(/\s+/).filter(Boolean) : null
      if (!reached) throw new Error(`the self-test ended with ${JSON.stringify(reply)}`)
      // a container may give a step files of its own to write; only one that this side sees was the machine's
      const isHarm = (name: string) => REACH_HOST.includes(name) && (name !== 'write' || existsSync(`${file}.written`))
      const forbidden = wrap.length > 0 ? reached.filter(isHarm) : reached
      if (forbidden.length > 0) throw new Error(`a step could still ${forbidden.join(', ')}`)
    }
    return { python: hello.python, sympy: hello.sympy, ownUid: hello.ownUid }
  } finally {
    await zygote?.dispose()
    listener.close()
    rmSync(folder, { recursive: true })
  }
}

function expectOutput(reply: Reply, expected: string, what: string): void {
  if (reply.status === 'ok' && reply.stdout === expected) return
  throw new Error(`${what} did not run: ${JSON.stringify(reply)}`)
}
