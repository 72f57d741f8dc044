import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { claim } from '../../lib/file/claim.ts'

const folder = mkdtempSync(join(tmpdir(), 'claim-'))
after(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name, 'in-use')

test('a claim is there until it is given back, and then free again', () => {
  const release = claim(at('own'))
  assert.equal(Number(readFileSync(at('own'), 'utf8')), process.pid)
  claim(at('own'))()
  assert.ok(existsSync(at('own')), 'the first claim counts')
  release()
  assert.ok(!existsSync(at('own')))
  claim(at('own'))()
})

test('what a living process holds is refused by name, and stays', () => {
  claim(at('theirs'))()
  writeFileSync(at('theirs'), `${process.ppid}`)
  assert.throws(() => claim(at('theirs')), new RegExp(`theirs.in-use: expected no other .* process ${process.ppid}\\.`))
  assert.equal(readFileSync(at('theirs'), 'utf8'), `${process.ppid}`)
})

test('what a dead process left is taken over', () => {
  const { pid } = spawnSync(process.execPath, ['--version'])
  claim(at('dead'))()
  writeFileSync(at('dead'), `${pid}`)
  const release = claim(at('dead'))
  assert.equal(Number(readFileSync(at('dead'), 'utf8')), process.pid)
  release()
})

test('an empty claim, which a full disk leaves, is taken over', () => {
  claim(at('empty'))()
  writeFileSync(at('empty'), '')
  const release = claim(at('empty'))
  assert.equal(Number(readFileSync(at('empty'), 'utf8')), process.pid)
  release()
  assert.ok(!existsSync(at('empty')))
})
