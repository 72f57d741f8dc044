// `asterism doctor`: what of this machine the loop uses, what is missing, and which command installs it. Changes nothing.
import { builtDevices } from '../engine/devices.ts'
import { onnxruntimeVersion } from '../engine/onnxruntime.ts'
import { wrapped } from '../show/draw/characters.ts'
import { type Paint, painter, type Style } from '../show/views/terminal.ts'
import { chooseIsolation, type Isolation } from '../verify/level.ts'
import { adviceFor } from '../verify/outcome.ts'
import { findPython, type Python } from '../verify/python.ts'
import { DEFAULT_LIMITS } from '../verify/verifier.ts'

/** An installed kernelspec, as the kernel lists it. */
export interface Kernelspec {
  readonly name: string
  readonly folder: string
  readonly displayName: string
  /** Starts a kernel of this package. */
  readonly isOurs: boolean
}

/** `weaker`: the loop runs, with less than it could have. `missing`: the loop does not run without it. */
export type State = 'ok' | 'weaker' | 'missing'

export interface Check {
  readonly name: string
  readonly state: State
  /** One line for a person. */
  readonly text: string
  /** More lines. */
  readonly details: readonly string[]
  /** Commands, or what else to do, that put it right. Empty where nothing is wrong. */
  readonly fix: readonly string[]
  /** The same for a program; null where nothing was found. */
  readonly found: unknown
}

export interface Diagnosis {
  /** Whether the four rounds can run. */
  readonly canRun: boolean
  readonly checks: readonly Check[]
}

export interface DoctorOptions {
  readonly json: boolean
  kernels(): readonly Kernelspec[]
}

/** Prints the diagnosis. Result: the exit code. */
export async function doctorCommand({ json, kernels }: DoctorOptions): Promise<number> {
  const diagnosis = await diagnose(kernels)
  const paint = painter({ stream: process.stdout, env: process.env })
  console.log(json ? JSON.stringify(diagnosis, null, 2) : diagnosisText(diagnosis, paint))
  return diagnosis.canRun ? 0 : 1
}

/** Looks at everything; what is missing is told, never thrown. */
export async function diagnose(kernels: () => readonly Kernelspec[]): Promise<Diagnosis> {
  const python = await findPython().catch((error: Error) => error)
  const isolation = python instanceof Error ? python : await isolationOf(python)
  const checks = [
    check('Node', 'ok', `${process.versions.node} at ${process.execPath}`, {
      found: { version: process.versions.node, path: process.execPath },
    }),
    pythonCheck(python, isolation),
    ...(python instanceof Error ? [] : [sympyCheck(python, isolation), levelCheck(isolation)]),
    check('limits', 'ok', limitsText(), { found: DEFAULT_LIMITS }),
    deviceCheck(),
    kernelCheck(kernels),
  ]
  return { canRun: checks.every(({ state }) => state !== 'missing'), checks }
}

/** What the loop gets: its own code may run under limits alone. */
const isolationOf = (python: Python): Promise<Isolation | Error> =>
  chooseIsolation(python, { allowWeakIsolation: true }).catch((error: Error) => error)

function pythonCheck(python: Python | Error, isolation: Isolation | Error): Check {
  if (python instanceof Error) {
    const install = process.platform === 'darwin' ? 'brew install python' : 'apt-get install python3'
    return check('Python', 'missing', oneLine(python).split('. ')[0]!, {
      fix: [install, 'export ASTERISM_PYTHON=/path/to/python3, where it is not in PATH'],
    })
  }
  const version = isolation instanceof Error ? python.version.join('.') : isolation.python
  return check('Python', 'ok', `${version} at ${python.path}`, { found: { version, path: python.path } })
}

function sympyCheck(python: Python, isolation: Isolation | Error): Check {
  if (isolation instanceof Error) return check('sympy', 'weaker', 'not looked for: no step can run here')
  if (isolation.sympy) return check('sympy', 'ok', isolation.sympy, { found: { version: isolation.sympy } })
  return check('sympy', 'weaker', 'none: steps that import it are left out of the search, not counted as wrong', {
    fix: adviceFor('sympy', python.path).split(', or: '),
  })
}

/** The level that the loop gets, and why no better one. */
export function levelCheck(isolation: Isolation | Error): Check {
  if (isolation instanceof Error)
    return check('level', 'missing', oneLine(isolation), { fix: ['use Linux, or a container on another system'] })
  const { level, refused, ownUid } = isolation
  const details = refused.map((better) => `${better.level} refused: ${better.reason}`)
  const found = { level, ownUid, refused }
  if (level === 'jail') {
    const own = ownUid ? ', and as a user of its own' : ''
    return check('level', 'ok', `jail: each step runs without files, network or other processes to reach${own}`, {
      found,
      details,
    })
  }
  const text =
    level === 'landlock'
      ? 'landlock: each step runs without files, network or other processes to reach, but in plain sight of them'
      : 'rlimit: limits alone, against accidents and not against attackers; asterism verify wants --level rlimit for it'
  return check('level', 'weaker', text, { found, details, fix: betterLevel() })
}

function betterLevel(): string[] {
  if (process.platform !== 'linux') return ['run the steps on Linux, or give `wrap`, a command that starts a container']
  return [
    'sudo sysctl -w kernel.unprivileged_userns_clone=1 (Debian)',
    'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu 24.04 or later)',
    'in a container: start it with user namespaces allowed, or run as root',
  ]
}

function limitsText(): string {
  const { cpuMs, wallMs, memoryMb, outputBytes } = DEFAULT_LIMITS
  return `${cpuMs / 1000} s CPU, ${wallMs / 1000} s wall, ${memoryMb} MB, ${outputBytes / 1024} KB of output, for each step with those before it`
}

function deviceCheck(): Check {
  try {
    const devices = builtDevices()
    const version = onnxruntimeVersion()
    const others = devices.filter((device) => device !== 'cpu')
    const found = { version, devices }
    if (!devices.includes('cpu')) throw new Error(`it was built for ${devices.join(', ') || 'no device'}, not for cpu`)
    return check('ONNX Runtime', 'ok', `${version}, cpu`, {
      found,
      details: others.length === 0 ? [] : [`built for, and opened when asked for: ${others.join(', ')}`],
    })
  } catch (error) {
    return check('ONNX Runtime', 'missing', `does not load: ${oneLine(error as Error)}`, {
      fix: ['npm ci in a checkout, npm install of this package elsewhere'],
    })
  }
}

function kernelCheck(kernels: () => readonly Kernelspec[]): Check {
  const ours = kernels().filter(({ isOurs }) => isOurs)
  if (ours.length === 0)
    return check('Jupyter kernel', 'weaker', 'not installed (asterism run needs none)', {
      fix: ['npx asterism kernel install'],
    })
  const [first, ...others] = ours.map(({ displayName, folder }) => `${displayName} in ${folder}`)
  const found = ours.map(({ name, displayName, folder }) => ({ name, displayName, folder }))
  return check('Jupyter kernel', 'ok', first!, { details: others, found })
}

function check(
  name: string,
  state: State,
  text: string,
  { details = [], fix = [], found = null }: Partial<Pick<Check, 'details' | 'fix' | 'found'>> = {},
): Check {
  return { name, state, text, details, fix, found }
}

const oneLine = (error: Error): string => error.message.split('\n')[0]!

const MARKS: Record<State, [mark: string, style: Style]> = {
  ok: ['✓', 'green'],
  weaker: ['!', 'yellow'],
  missing: ['✗', 'red'],
}

/** The diagnosis in aligned lines of at most 100 columns; a command keeps its line whole, to be copied. */
export function diagnosisText({ canRun, checks }: Diagnosis, paint: Paint = (text) => text): string {
  const margin = Math.max(...checks.map(({ name }) => name.length))
  const indent = ' '.repeat(margin + 4)
  const hung = (text: string) => wrapped(text, 96 - margin).replaceAll('\n', `\n${indent}`)
  const lines = checks.flatMap(({ name, state, text, details, fix }) => [
    `${paint(...MARKS[state])} ${paint(name.padEnd(margin), 'bold')}  ${hung(text)}`,
    ...details.map((detail) => indent + hung(detail)),
    ...fix.map(
      (command, i) => `${indent}${i === 0 ? 'to change that: ' : '            or: '}${paint(command, 'cyan')}`,
    ),
  ])
  const end = canRun
    ? 'The loop can run: npx asterism evolve'
    : 'The loop cannot run here until what is marked ✗ is there.'
  return [...lines, '', paint(end, canRun ? 'green' : 'red')].join('\n')
}
