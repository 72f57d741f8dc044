import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '../fixtures.ts'

const { isInstalled, removeForeignBinaries } = (await import(
  pathToFileURL(join(packageRoot, 'lib/cli/install.mjs')).href
)) as { isInstalled(root: string): boolean; removeForeignBinaries(modules: string): void }

const scratch = mkdtempSync(join(tmpdir(), 'asterism-install-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const one = { version: '1.0.0', integrity: 'sha512-a' }

/** A checkout whose lockfile asks for `wanted`, with npm's own record of what it installed. */
function checkout(name: string, wanted: object, found: object | null): string {
  const root = join(scratch, name)
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }))
  if (found !== null) writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: found }))
  return root
}

test('what `npm ci` installed is not installed again, whoever called it', () => {
  assert.ok(isInstalled(packageRoot))
  const optional = { 'node_modules/other-platform': { ...one, optional: true } }
  assert.ok(isInstalled(checkout('same', { 'node_modules/a': one, ...optional }, { 'node_modules/a': one })))
})

test('a missing package, another version and another content are installed', () => {
  const wanted = { 'node_modules/a': one }
  assert.ok(!isInstalled(checkout('nothing', wanted, null)))
  assert.ok(!isInstalled(checkout('missing', wanted, {})))
  assert.ok(!isInstalled(checkout('version', wanted, { 'node_modules/a': { ...one, version: '1.0.1' } })))
  assert.ok(!isInstalled(checkout('content', wanted, { 'node_modules/a': { ...one, integrity: 'sha512-b' } })))
})

test("of ONNX Runtime's binaries those of this platform stay, and all where it has none for it", () => {
  const place = (root: string, platform: string, arch: string) =>
    join(root, 'onnxruntime-node/bin/napi-v6', platform, arch, 'binding.node')
  const put = (path: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, '')
  }
  const here = [process.platform, process.arch] as const
  const modules = join(scratch, 'modules')
  for (const [platform, arch] of [here, ['plan9', 'mips'], [process.platform, 'mips']] as const)
    put(place(modules, platform, arch))
  removeForeignBinaries(modules)
  assert.ok(existsSync(place(modules, ...here)))
  assert.ok(!existsSync(place(modules, 'plan9', 'mips')) && !existsSync(place(modules, process.platform, 'mips')))
  const foreign = join(scratch, 'foreign')
  put(place(foreign, 'plan9', 'mips'))
  removeForeignBinaries(foreign)
  assert.ok(existsSync(place(foreign, 'plan9', 'mips')))
})
