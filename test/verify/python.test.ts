import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { after, test } from 'node:test'
import { findPython } from '../../lib/verify/python.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'

const folder = mkdtempSync(join(tmpdir(), 'asterism-python-'))
after(() => rmSync(folder, { recursive: true }))

/** A program that answers as an interpreter would. */
function impostor(name: string, answer: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${answer}\n`)
  chmodSync(path, 0o755)
  return path
}

test('the interpreter is a real absolute path of version 3.9 or later', async () => {
  const { path, version } = await findPython()
  assert.ok(isAbsolute(path), path)
  assert.ok(version[0] === 3 && version[1] >= 9, version.join('.'))
})

test('a missing interpreter is one line that says what to install', async () => {
  await assert.rejects(openVerifier({ python: join(folder, 'none') }), ({ message }: Error) => {
    assert.match(
      message,
      /Expected Python 3\.9 or later .* found none\. Install it \(apt-get install python3.*ASTERISM_PYTHON/,
    )
    assert.ok(!message.includes('\n'))
    return true
  })
})

test('an interpreter that is too old, broken or something else is refused with what was found', async () => {
  const old = impostor('old', `echo '["/opt/old/python3", [3, 8]]'`)
  await assert.rejects(findPython(old), /Expected Python 3\.9 or later .* got 3\.8 at \/opt\/old\/python3/)
  await assert.rejects(findPython(impostor('broken', 'echo no such library >&2; exit 127')), /got: no such library/)
  await assert.rejects(findPython(impostor('other', 'echo hello')), /got an answer of another kind/)
})

test('ASTERISM_PYTHON names the interpreter unless an option does', async () => {
  const saved = process.env.ASTERISM_PYTHON
  process.env.ASTERISM_PYTHON = impostor('named', `echo '["/named/python3", [3, 12]]'`)
  try {
    assert.equal((await findPython()).path, '/named/python3')
    assert.notEqual((await findPython('python3')).path, '/named/python3')
  } finally {
    if (saved === undefined) delete process.env.ASTERISM_PYTHON
    else process.env.ASTERISM_PYTHON = saved
  }
})
