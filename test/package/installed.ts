// The package as people get it: packed from a copy of this checkout, so that nothing here changes under the tests beside
// this one, and installed into a project of its own. npm may read its cache, and nothing runs at install.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { packageRoot } from '../fixtures.ts'

const FOLDERS = ['kernel', 'lib', 'datasets', 'notebooks', 'test/contracts', 'bench', 'docs']
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json', '.npmrc', 'README.md', 'CHANGELOG.md', 'LICENSE']

export interface Installed {
  /** The tarball. */
  readonly archive: string
  /** Its files, without the folder that all are in. */
  readonly files: readonly string[]
  /** Folder of the project. */
  readonly project: string
  /** Writes a file of the project. */
  write(path: string, text: string): void
  /** Runs a program in the project. Result: stdout. Errors: it failed; the message holds what it printed. */
  run(command: string, ...args: string[]): string
  dispose(): void
}

/** Packs and installs, under the name `asterism`. */
export function installPackage(): Installed {
  const scratch = mkdtempSync(join(tmpdir(), 'asterism-package-'))
  const copy = join(scratch, 'checkout')
  for (const path of [...FOLDERS, ...FILES]) cpSync(join(packageRoot, path), join(copy, path), { recursive: true })
  symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'))
  const name = npm(copy, 'pack', '--silent', '--prefer-offline', '--pack-destination', scratch)
    .trim()
    .split('\n')
    .at(-1)!
  rmSync(copy, { recursive: true })
  const archive = join(scratch, name)
  const files = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' })
  const project = join(scratch, 'project')
  mkdirSync(project)
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), text)
  }
  write('package.json', '{ "private": true, "type": "module" }')
  npm(project, 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', `asterism@file:${archive}`)
  return {
    archive,
    files: files
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, '')),
    project,
    write,
    run: (command, ...args) => checked(command, args, project),
    dispose: () => rmSync(scratch, { recursive: true, force: true }),
  }
}

const npm = (cwd: string, ...args: string[]): string => checked('npm', args, cwd)

function checked(command: string, args: readonly string[], cwd: string): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|ASTERISM_|NODE_)/i.test(name)))
  const cache = process.env.npm_config_cache
  try {
    return execFileSync(command, args, {
      cwd,
      env: { ...env, ...(cache && { npm_config_cache: cache }) },
      encoding: 'utf8',
      stdio: 'pipe',
    })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
  }
}
