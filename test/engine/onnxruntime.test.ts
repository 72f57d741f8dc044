import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { brotliCompressSync } from 'node:zlib'
import { unpacked } from '../../lib/engine/onnxruntime.ts'
import { packageRoot } from '../fixtures.ts'

const scratch = mkdtempSync(join(tmpdir(), 'asterism-runtime-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const BINDING = join('bin/napi-v6', process.platform, process.arch, 'onnxruntime_binding.node')

/** A carried runtime whose binding is a few letters. */
function carried(name: string, platform = `${process.platform}-${process.arch}`): string {
  const folder = join(scratch, name, 'onnxruntime')
  mkdirSync(join(folder, 'dist'), { recursive: true })
  mkdirSync(join(folder, 'archives', platform), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "name": "onnxruntime-node", "version": "9.8.7" }')
  writeFileSync(join(folder, 'dist', 'index.js'), 'module.exports = 1')
  writeFileSync(join(folder, 'archives', platform, 'onnxruntime_binding.node.br'), brotliCompressSync('binding'))
  return folder
}

test('the binaries are unpacked beside the code that loads them, once, and the archives go', () => {
  const folder = carried('plain')
  assert.equal(unpacked(folder, join(scratch, 'no-cache')), folder)
  assert.equal(readFileSync(join(folder, BINDING), 'utf8'), 'binding')
  assert.ok(!existsSync(join(folder, 'archives')))
  assert.equal(unpacked(folder, join(scratch, 'no-cache')), folder)
})

test('a package for other platforms only says which, and what to do', () => {
  const folder = carried('foreign', 'plan9-mips')
  assert.throws(
    () => unpacked(folder, scratch),
    /Expected ONNX Runtime for .*, but .* holds it for plan9-mips\. .*again/,
  )
})

test('where the package cannot be written, a copy that Node can load is made in the cache of the user', () => {
  const folder = carried('read-only')
  const cache = join(scratch, 'cache')
  mkdirSync(cache)
  // The module in a place that another user can read, beside the package it links to.
  const module = join(scratch, 'runtime.mjs')
  copyFileSync(join(packageRoot, 'dist/lib/engine/onnxruntime.js'), module)
  const common = join(scratch, 'node_modules/onnxruntime-common/dist/cjs')
  mkdirSync(common, { recursive: true })
  writeFileSync(join(common, 'index.js'), 'module.exports = { answer: 42 }')
  writeFileSync(join(common, '../../package.json'), '{ "name": "onnxruntime-common", "main": "dist/cjs/index.js" }')
  writeFileSync(join(folder, 'dist', 'index.js'), "module.exports = require('onnxruntime-common').answer")
  chmodSync(folder, 0o555)
  chmodSync(scratch, 0o755)
  chmodSync(cache, 0o777)
  const script = `
    import { createRequire } from 'node:module'
    import { unpacked } from ${JSON.stringify(module)}
    const folder = unpacked(${JSON.stringify(folder)}, ${JSON.stringify(cache)})
    console.log(folder, createRequire(import.meta.url)(folder + '/dist/index.js'))`
  const asAnother = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const args = ['--input-type=module', '--eval', script]
  const printed = execFileSync(process.execPath, args, { cwd: scratch, encoding: 'utf8', env: {}, ...asAnother })
  const copy = join(cache, 'onnxruntime-9.8.7')
  assert.equal(printed, `${copy} 42\n`)
  assert.equal(readFileSync(join(copy, BINDING), 'utf8'), 'binding')
  assert.ok(existsSync(join(folder, 'archives')))
})
