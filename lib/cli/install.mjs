// Makes a fresh clone ready: installs the locked dependencies when they are missing or the lockfile changed, then
// builds. Plain JavaScript without dependencies, because it runs before any is there.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** Installs (only if needed) and builds. Ends the process with one clear line when either fails. */
export async function install() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 11))
    stop(`Expected Node 20.11 or later, got ${process.versions.node}. Install a newer one from nodejs.org.`)
  const lockfile = join(root, 'package-lock.json')
  if (existsSync(lockfile)) {
    const stamp = join(root, 'node_modules', '.asterism-lock')
    const wanted = createHash('sha256').update(readFileSync(lockfile)).digest('hex')
    if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
      console.log('Installing dependencies (once, about half a minute) …')
      const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
        shell: process.platform === 'win32',
      })
      if (npm.status !== 0)
        stop('npm ci failed (see above). Check the network and the free disk space, then run the same command again.')
      writeFileSync(stamp, wanted)
    }
  }
  const { build } = await import('./build.mjs')
  const { errors } = await build()
  if (errors.length > 0) stop(errors.join('\n'))
}

function stop(message) {
  console.error(message)
  process.exit(1)
}
