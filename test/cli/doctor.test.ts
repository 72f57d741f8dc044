// `asterism doctor` on this machine as it is, and with things taken away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Diagnosis, diagnosisText, levelCheck } from '../../lib/cli/doctor.ts'
import type { Isolation } from '../../lib/verify/level.ts'
import { asterism, runsFolder, startAsterism } from './asterism.ts'

test('where the tests run, the loop can run; the lines are aligned and no wider than 100 columns', async (t) => {
  const env = { JUPYTER_DATA_DIR: runsFolder(t) }
  const { code, stdout, stderr } = await startAsterism(['doctor'], env).ended
  assert.deepEqual([code, stderr], [0, ''])
  const lines = stdout.trimEnd().split('\n')
  for (const name of ['Node', 'Python', 'sympy', 'level', 'limits', 'ONNX Runtime'])
    assert.match(stdout, new RegExp(`^[✓!] ${name.padEnd(14)}  \\S`, 'm'))
  assert.equal(lines.at(-1), 'The loop can run: npx asterism evolve')
  for (const line of lines.filter((each) => !/to change that:| or: /.test(each)))
    assert.ok([...line].length <= 100, line)
})

test('as JSON it says the same to a program, and lists the kernels that are installed', async (t) => {
  const env = { JUPYTER_DATA_DIR: runsFolder(t) }
  const installed = await startAsterism(['kernel', 'install'], env).ended
  assert.equal(installed.code, 0, installed.stderr)
  const { code, stdout } = await startAsterism(['doctor', '--json'], env).ended
  assert.equal(code, 0)
  const { canRun, checks } = JSON.parse(stdout) as Diagnosis
  assert.equal(canRun, true)
  const found = Object.fromEntries(checks.map(({ name, found }) => [name, found as Record<string, unknown>]))
  assert.equal(found.Node!.version, process.versions.node)
  assert.match(found.Python!.version as string, /^3\.\d+\.\d+/)
  assert.ok((found['ONNX Runtime']!.devices as string[]).includes('cpu'))
  const kernels = found['Jupyter kernel'] as unknown as { folder: string }[]
  assert.ok(kernels.some(({ folder }) => folder.startsWith(env.JUPYTER_DATA_DIR)))
})

test('without Python the loop cannot run, and the command that installs it is there', async () => {
  const { code, stdout } = await startAsterism(['doctor'], { ASTERISM_PYTHON: '/nonexistent/python3' }).ended
  assert.equal(code, 1)
  assert.match(stdout, /^✗ Python +Expected Python 3\.9 or later as `\/nonexistent\/python3`/m)
  assert.match(stdout, /to change that: (apt-get|brew) install python/)
  assert.match(stdout, /^The loop cannot run here/m)
})

test('a level that is not the best says why the better ones are refused, and what would change that', () => {
  const isolation: Isolation = {
    ...{ level: 'rlimit', inner: 'rlimit', wrap: [], ownUid: false, python: '3.11.7', sympy: null },
    refused: [
      { level: 'jail', reason: 'no user namespaces' },
      { level: 'landlock', reason: 'the kernel has none' },
    ],
  }
  const weak = levelCheck(isolation)
  assert.equal(weak.state, 'weaker')
  const text = diagnosisText({ canRun: true, checks: [weak] })
  assert.match(text, /^! level +rlimit: limits alone/)
  for (const line of ['jail refused: no user namespaces', 'landlock refused: the kernel has none', 'to change that: '])
    assert.ok(text.includes(line), line)
  assert.equal(levelCheck({ ...isolation, level: 'jail', inner: 'jail', refused: [] }).state, 'ok')
  assert.equal(levelCheck(new Error('nothing will do')).state, 'missing')
})

test('help lists both commands, and the exit codes of each', async () => {
  const { stdout } = await asterism('--help')
  for (const command of ['verify', 'doctor']) assert.match(stdout, new RegExp(`^  ${command}`, 'm'))
  for (const command of ['verify', 'doctor']) assert.match((await asterism(command, '--help')).stdout, /^Exit code:/m)
})
