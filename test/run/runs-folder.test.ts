import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runsFolder } from '../../lib/run/runs-folder.ts'

const scratch = mkdtempSync(join(tmpdir(), 'asterism-runs-folder-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

function folder(...parts: string[]): string {
  const path = join(scratch, ...parts)
  mkdirSync(path, { recursive: true })
  return path
}

test('a project has one folder of runs, found from any folder in it', () => {
  const project = folder('project')
  writeFileSync(join(project, 'package.json'), '{}')
  const deep = folder('project', 'notebooks', 'drafts')
  assert.equal(runsFolder(project), 'runs')
  assert.equal(runsFolder(deep), join(project, 'runs'), 'where it will be made')
  folder('project', 'runs')
  assert.equal(runsFolder(deep), join(project, 'runs'))
  folder('project', 'notebooks', 'runs')
  assert.equal(runsFolder(deep), join(project, 'notebooks', 'runs'), 'the nearest one counts')
})

test('a folder of runs above the project is somebody else’s', () => {
  folder('outer', 'runs')
  mkdirSync(join(folder('outer', 'inner'), '.git'))
  assert.equal(runsFolder(folder('outer', 'inner', 'lib')), join(scratch, 'outer', 'inner', 'runs'))
})

test('outside a project runs lie where one is', () => {
  folder('loose', 'runs')
  assert.equal(runsFolder(folder('loose', 'below')), 'runs')
})
