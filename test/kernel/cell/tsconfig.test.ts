import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { languageOptions } from '../../../kernel/cell/tsconfig.ts'

/** What holds in `folder` among files of the given texts. */
function optionsAmong(files: Record<string, string>, folder = '.') {
  const root = mkdtempSync(join(tmpdir(), 'tsconfig '))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, '..'), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    mkdirSync(join(root, folder), { recursive: true })
    return languageOptions(join(root, folder)).experimentalDecorators
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const ON = '{ "compilerOptions": { "experimentalDecorators": true } }'
const OFF = '{ "compilerOptions": { "experimentalDecorators": false } }'

test('the nearest tsconfig.json above counts', () => {
  assert.equal(optionsAmong({ 'tsconfig.json': ON }, 'a/b'), true)
  assert.equal(optionsAmong({ 'tsconfig.json': ON, 'a/tsconfig.json': '{}' }, 'a/b'), false)
})

test('comments and trailing commas are let by, and what they hold does not count', () => {
  const text =
    '{\n  // "experimentalDecorators": false\n  "compilerOptions": { /* on */ "experimentalDecorators": true, },\n}'
  assert.equal(optionsAmong({ 'tsconfig.json': text }), true)
  const commented = '{ "compilerOptions": { "paths": { "//x/*": ["a, }"] } /* "experimentalDecorators": true */ } }'
  assert.equal(optionsAmong({ 'tsconfig.json': commented }), false)
})

test('extends is followed: a path with or without its ending, a package, the last one that says it, the own word first', () => {
  const extending = (what: string): string => `{ "extends": ${what} }`
  assert.equal(optionsAmong({ 'tsconfig.json': extending('"./base"'), 'base.json': ON }), true)
  assert.equal(optionsAmong({ 'a/tsconfig.json': extending('"../base.json"'), 'base.json': ON }, 'a'), true)
  const packaged = { 'node_modules/@x/base/tsconfig.json': ON, 'node_modules/@x/base/package.json': '{}' }
  assert.equal(optionsAmong({ 'tsconfig.json': extending('"@x/base"'), ...packaged }), true)
  assert.equal(optionsAmong({ 'tsconfig.json': extending('["./on", "./off"]'), 'on.json': ON, 'off.json': OFF }), false)
  assert.equal(
    optionsAmong({ 'tsconfig.json': `${extending('"./on"').slice(0, -1)}, ${OFF.slice(1)}`, 'on.json': ON }),
    false,
  )
})

test('a broken file, one that extends itself, and none say nothing', () => {
  assert.equal(optionsAmong({ 'tsconfig.json': '{ "compilerOptions": ' }), false)
  assert.equal(optionsAmong({ 'tsconfig.json': '{ "extends": ["./tsconfig.json", "./nowhere"] }' }), false)
})
