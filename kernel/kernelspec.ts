// Kernelspecs: the folder that tells Jupyter how to start this kernel. Installs, removes and lists them where Jupyter
// looks. Starts with the Node that installs it, by absolute path, so that several Node versions may live side by side.
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, platform } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Typecheck } from './cell/typecheck.ts'
import { PROTOCOL_VERSION } from './protocol/message.ts'

/** Where a kernelspec goes: the user's own folder, a prefix like /usr/local, or the active Python environment. */
export type Place = { kind: 'user' } | { kind: 'prefix'; prefix: string } | { kind: 'sysPrefix' }

/** An installed kernelspec. */
export interface InstalledKernel {
  readonly name: string
  readonly folder: string
  readonly displayName: string
  /** Starts this package's kernel, of whichever copy. */
  readonly isOurs: boolean
  /** Why it cannot start, with what to do; null where all its files are there. Known of ours only. */
  readonly defect: string | null
}

const ENTRY = join(import.meta.dirname, 'main.js')
const LOGOS = ['logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg']

/** Jupyter's data folder of the user: JUPYTER_DATA_DIR, else the platform's. */
export function userDataFolder(env: NodeJS.ProcessEnv = process.env, system: string = platform()): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR
  if (system === 'darwin') return join(homedir(), 'Library', 'Jupyter')
  if (system === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'jupyter')
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'jupyter')
}

/** The folder that holds the kernelspecs of a place. */
function kernelsFolder(place: Place): string {
  if (place.kind === 'user') return join(userDataFolder(), 'kernels')
  const prefix = place.kind === 'prefix' ? place.prefix : pythonPrefix()
  return join(prefix, 'share', 'jupyter', 'kernels')
}

function pythonPrefix(): string {
  const active = process.env.VIRTUAL_ENV ?? process.env.CONDA_PREFIX
  if (active) return active
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.prefix)'], { encoding: 'utf8' }).trim()
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0]
    throw new Error(`Expected python3 to tell its prefix: ${reason}. Give the folder with --prefix DIR instead`)
  }
}

/** What people choose in Jupyter's menus. */
export const displayName = (name = 'asterism'): string =>
  name === 'asterism' ? 'TypeScript (Asterism)' : `TypeScript (Asterism, ${name})`

/**
 * Writes a kernelspec; one of ours of the same name is replaced, another's is not. `typecheck`: its default, told as an
 * argument, since Jupyter lets the `env` of a kernelspec override what the person has set. Result: its folder.
 */
export function installKernel(place: Place, name = 'asterism', typecheck: Typecheck | null = null): string {
  const folder = join(kernelsFolder(place), checkedName(name))
  const earlier = readKernel(name, folder)
  if (earlier !== null && !earlier.isOurs)
    throw new Error(`The kernelspec ${folder} starts another kernel: not replaced`)
  const spec = {
    argv: [process.execPath, ENTRY, '{connection_file}', ...(typecheck === null ? [] : [`--typecheck=${typecheck}`])],
    display_name: displayName(name),
    language: 'typescript',
    interrupt_mode: 'message',
    kernel_protocol_version: PROTOCOL_VERSION,
    metadata: { debugger: true },
  }
  try {
    makeFolder(folder)
    for (const logo of LOGOS) copyFileSync(join(import.meta.dirname, logo), join(folder, logo))
    writeFileSync(join(folder, 'kernel.json'), `${JSON.stringify(spec, null, 2)}\n`) // last: it makes the folder a kernel
  } catch (error) {
    const reason = (error as Error).message
    throw new Error(`Cannot write the kernelspec ${folder}: ${reason}. Choose another place with --prefix DIR`)
  }
  return folder
}

/** Makes a folder with those above it. Node's own `recursive` never comes back where a system such as /proc refuses. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
}

/** Removes a kernelspec of ours. Throws where there is none, or where it starts another program. */
export function uninstallKernel(place: Place, name = 'asterism'): string {
  const folder = join(kernelsFolder(place), checkedName(name))
  const kernel = readKernel(name, folder)
  if (kernel === null) throw new Error(`No kernelspec \`${name}\` in ${kernelsFolder(place)}`)
  if (!kernel.isOurs) throw new Error(`The kernelspec ${folder} starts another kernel: not removed`)
  rmSync(folder, { recursive: true })
  return folder
}

/** The kernelspecs that Jupyter would find, the user's first. */
export function listKernels(extra: readonly string[] = []): InstalledKernel[] {
  const paths = (process.env.JUPYTER_PATH ?? '').split(delimiter).filter((path) => path !== '')
  const prefixes = [process.env.VIRTUAL_ENV, process.env.CONDA_PREFIX, '/usr/local', '/usr']
  const shared = prefixes.filter((prefix) => prefix !== undefined).map((prefix) => join(prefix, 'share', 'jupyter'))
  const folders = [...new Set([...extra, ...paths, userDataFolder(), ...shared])].map((path) => join(path, 'kernels'))
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => readKernel(name, join(folder, name))))
    .filter((kernel) => kernel !== null)
}

function readKernel(name: string, folder: string): InstalledKernel | null {
  const file = join(folder, 'kernel.json')
  if (!existsSync(file)) return null
  const spec = readSpec(file)
  if (spec === null) return { name, folder, displayName: '(kernel.json is not JSON)', isOurs: false, defect: null }
  const [node = '', entry = '', connection] = spec.argv ?? []
  const isOurs = /[\\/]kernel[\\/]main\.js$/.test(entry) && connection === '{connection_file}'
  return { name, folder, displayName: spec.display_name ?? name, isOurs, defect: isOurs ? defectOf(node, entry) : null }
}

/** A kernelspec of another program may hold anything. */
function readSpec(file: string): { argv?: string[]; display_name?: string } | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { argv?: string[] }
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** The kernelspec names one Node and one copy of this package: either may have been removed since. */
function defectOf(node: string, entry: string): string | null {
  const gone = [
    ...(existsSync(node) ? [] : [`its Node ${node}`]),
    ...(existsSync(entry) ? [] : [`its files ${dirname(entry)}`]),
  ]
  return gone.length === 0 ? null : `cannot start: ${gone.join(' and ')} gone. Install it again from here`
}

function checkedName(name: string): string {
  if (/^[a-z0-9._-]+$/i.test(name)) return name
  throw new Error(`Expected a kernel name of letters, digits, dots, dashes and underscores, got \`${name}\``)
}
