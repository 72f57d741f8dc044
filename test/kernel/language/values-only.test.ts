// Completion and inspection without types: from the values of the running notebook alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()

async function inspect(code: string): Promise<{ found: boolean; text: string }> {
  const content = { code, cursor_pos: [...code].length, detail_level: 0 } as const
  const { found, data } = await session.kernel.client.request('inspect_request', content)
  return { found, text: String(data['text/plain'] ?? '') }
}

test('imported names, and what lies in them, are found', async () => {
  await session.value("import { join } from 'node:path'\nimport path from 'node:path'\nimport * as fs from 'node:fs'")
  for (const code of ['join', 'path.join', 'fs.readFileSync']) {
    const { found, text } = await inspect(code)
    assert.ok(found, code)
    assert.match(text, new RegExp(`^${code}: .*\\(`), text)
  }
  const { matches } = await session.kernel.client.request('complete_request', { code: 'path.jo', cursor_pos: 7 })
  assert.deepEqual(matches, ['join'])
})

test('values behind calls, indices and assertions are found; text and names of their own are not', async () => {
  await session.value("const users = [{ name: 'a' }]; function f() { return { inner: 1 } }; const URL = { own: 5 }")
  assert.equal((await inspect('users[0]!.name')).text, "users[0].name: 'a'")
  assert.equal((await inspect('f().inner')).text, 'f().inner: 1')
  assert.equal((await inspect('URL.own')).text, 'URL.own: 5')
  for (const code of ['// users', "'users", 'users.map((users) => users.name', 'nowhere.name']) {
    assert.equal((await inspect(code)).found, false, code)
  }
})

test('an imported name that a later cell declares again is what that cell says', async () => {
  await session.value("import { sep } from 'node:path'")
  await session.value('const sep = { later: 1 }')
  assert.equal((await inspect('sep')).text, 'sep: { later: 1 }')
})
