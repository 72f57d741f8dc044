// Runs the hostile snippets in one verifier and prints a line of JSON for each: what came of it and what it left behind.
// A program of its own, so that hostile.test.ts can start it as another user and inside a pid namespace.
// Arguments: a JSON object { file, level, python, ids }.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Level } from '../../lib/verify/level.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'
import { openVerifier, type PythonVerifier } from '../../lib/verify/verifier.ts'

export interface Snippet {
  readonly id: string
  readonly code: string
  /** `contained`: any verdict, as long as nothing around it is harmed. */
  readonly must: 'ok' | 'error' | 'timeout' | 'contained'
  readonly alt?: readonly string[]
  /** Whether a second run must come out the same. */
  readonly deterministic?: boolean
}

export interface Outcome {
  readonly id: string
  readonly verdict: Verdict
  /** Of a second run where that matters, else the same. */
  readonly again: Verdict
  /** Everything that went wrong around the snippet; must be empty. */
  readonly harm: readonly string[]
}

/** In the environment of this program from its start, so that /proc shows it too. */
const SECRET = process.env.HOSTILE_SECRET ?? ''
/** A file that every user may read and that is nobody's business. */
const CANARY = '/tmp/HOSTILE_CANARY'
const WRITTEN = [
  `${CANARY}2`,
  'HOSTILE_PWNED',
  join(tmpdir(), 'HOSTILE_PWNED'),
  '/tmp/HOSTILE_PWNED',
  '/state.txt',
  '/big.bin',
  'state.txt',
  'big.bin',
]
const step = (text: string) => ({ text, final: false })

async function main(): Promise<void> {
  const { file, level, python, ids } = JSON.parse(process.argv[2]!) as {
    file: string
    level: Level
    python: string
    ids: string[]
  }
  if (!SECRET) throw new Error('Expected HOSTILE_SECRET in the environment')
  const snippets = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Snippet)
  rmSync(CANARY, { force: true })
  writeFileSync(CANARY, SECRET, { mode: 0o666 })
  let verifier: PythonVerifier
  try {
    const limits = { cpuMs: 300, wallMs: 3_000, memoryMb: 256 }
    verifier = await openVerifier({ python, level, processes: 1, singlesPerProcess: 2, cache: false, limits })
  } catch (error) {
    console.log(JSON.stringify({ refused: (error as Error).message }))
    return
  }
  try {
    console.log(JSON.stringify({ isolation: verifier.stats().isolation, uid: process.getuid?.() }))
    await verifier.verify([], [step('import sympy')]) // a server that starts later would look like one that is left
    for (const snippet of snippets.filter(({ id }) => ids.includes(id))) {
      console.log(JSON.stringify(await tryOut(verifier, snippet)))
    }
  } finally {
    await verifier.dispose()
    rmSync(CANARY, { force: true })
  }
}

async function tryOut(verifier: PythonVerifier, { id, code, deterministic }: Snippet): Promise<Outcome> {
  const harm: string[] = []
  const expectGood = async (when: string, n: number) => {
    const verdicts = await verifier.verify(
      [step('a = 40')],
      [step(`print(a + ${n})`), step(`for i in [a]: print(i + ${n})`)],
    )
    for (const verdict of verdicts) {
      if (verdict.kind !== 'ok' || verdict.stdout !== String(40 + n)) harm.push(`${when}: ${JSON.stringify(verdict)}`)
    }
  }
  await expectGood('a good step before', 2)
  const servers = verifier.stats().pids
  const processes = countProcesses()
  const beside = verifier.verify([], [step('import time\nfor i in range(20):\n    time.sleep(0.01)\nprint("beside")')])
  const [verdict] = await verifier.verify([step('a = 40')], [step(code)])
  const isRepeated = deterministic || id === 'write_cwd_state'
  const [again] = isRepeated ? await verifier.verify([step('a = 40')], [step(code)]) : [verdict]
  const [other] = await beside
  if (other!.kind !== 'ok' || other!.stdout !== 'beside') harm.push(`a good step beside it: ${JSON.stringify(other)}`)
  await expectGood('a good step after', 3)
  if (code.includes('sympy')) {
    const [sum] = await verifier.verify([], [step('import sympy\nprint(sympy.Integer(1) + 1)')])
    const isWell = sum!.kind === 'unsupported' || (sum!.kind === 'ok' && sum!.stdout === '2')
    if (!isWell) harm.push(`sympy after it: ${JSON.stringify(sum)}`)
  }
  if (JSON.stringify(verifier.stats().pids) !== JSON.stringify(servers)) harm.push('its fork server had to be replaced')
  for (let tries = 0; countProcesses() > processes && tries < 50; tries++) await sleep(20) // the last ones are being reaped
  if (countProcesses() > processes) harm.push(`${countProcesses() - processes} processes are left`)
  for (const path of WRITTEN.filter((path) => existsSync(path))) {
    harm.push(`it wrote ${path}`)
    rmSync(path, { force: true, recursive: true })
  }
  if (!existsSync(CANARY) || readFileSync(CANARY, 'utf8') !== SECRET) {
    harm.push('it changed or removed a file')
    writeFileSync(CANARY, SECRET, { mode: 0o666 })
  }
  if (JSON.stringify([verdict, again]).includes(SECRET)) harm.push('it read the environment of its server, or a file')
  return { id, verdict: verdict!, again: again!, harm }
}

/** Processes that can be seen; inside a pid namespace these are the ones of the test alone. */
function countProcesses(): number {
  return existsSync('/proc/self') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length : 0
}

await main()
