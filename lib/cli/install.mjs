// Makes a fresh clone ready: installs the locked dependencies when they are missing or others, then builds. Plain
// JavaScript without dependencies, because it runs before any is there. Says what it does on stderr: stdout belongs to
// the command that follows.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** Installs (only if needed) and builds. Ends the process with one clear line when either fails. */
export async function install() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 11))
    stop(`Expected Node 20.11 or later, got ${process.versions.node}. Install a newer one from nodejs.org.`)
  if (!isInstalled(root)) {
    console.error('Installing dependencies (once, about half a minute) …')
    const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', process.stderr, process.stderr],
      shell: process.platform === 'win32',
    })
    if (npm.status !== 0)
      stop('npm ci failed (see above). Check the network and the free disk space, then run the same command again.')
  }
  removeForeignBinaries(join(root, 'node_modules'))
  const { build } = await import('./build.mjs')
  const { errors } = await build()
  if (errors.length > 0) stop(errors.join('\n'))
}

/**
 * Whether node_modules holds what the lockfile asks for, whoever put it there: npm writes what it installed into a
 * lockfile of its own. Optional packages of other platforms may be missing.
 */
export function isInstalled(root) {
  const [wanted, found] = [join(root, 'package-lock.json'), join(root, 'node_modules', '.package-lock.json')].map(
    (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : null),
  )
  if (wanted === null) return true
  if (found === null) return false
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const there = found[path]
    if (path === '') return true
    if (there === undefined) return optional === true
    return there.version === version && there.integrity === integrity
  })
}

/** ONNX Runtime's npm package brings the binaries of all platforms, more than half of what is installed. */
export function removeForeignBinaries(modules) {
  const binaries = join(modules, 'onnxruntime-node', 'bin', 'napi-v6')
  if (!existsSync(join(binaries, process.platform, process.arch))) return
  for (const platform of readdirSync(binaries))
    for (const arch of readdirSync(join(binaries, platform)))
      if (platform !== process.platform || arch !== process.arch)
        rmSync(join(binaries, platform, arch), { recursive: true, force: true })
}

function stop(message) {
  console.error(message)
  process.exit(1)
}
