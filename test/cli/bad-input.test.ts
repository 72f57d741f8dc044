// What a person can get wrong, or the machine: one clear line each, and the same command goes on once it is put right.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { type Device, openEngine } from '../../lib/engine/engine.ts'
import { asterism, type Ended, runsFolder, startAsterism, startLimited, tinyRun } from './asterism.ts'

/** The smallest run that trains a policy: easy problems only. */
const evolve = (runs: string, ...more: string[]): string[] => [
  ...['evolve', '--runs', runs, '--run', 'r', '--threads', '1', '--rounds', '1'],
  ...tinyRun('problems=[8,2,0,0,0,0]', 'heldOut=1', 'rounds.0.passes.*.rollouts=6'),
  ...more,
]

/** A failure told in one line, which ends the output. */
function oneLine({ code, stderr }: Ended, message: RegExp): void {
  assert.equal(code, 1, stderr)
  assert.match(stderr.trimEnd(), message)
  assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
}

/** Everything in a run folder that a second run of the same seed must have too. */
function resultsOf(runs: string): Record<string, string> {
  const folder = join(runs, 'r')
  const files = readdirSync(folder, { recursive: true }).map(String).sort()
  const kept = files.filter((file) => /\.(jsonl|safetensors)$|(metrics|search|selection|training)\.json$/.test(file))
  return Object.fromEntries(kept.map((file) => [file, readFileSync(join(folder, file), 'latin1')]))
}

let undisturbed: Promise<Record<string, string>> | null = null

/** The results of the run that nothing disturbs; made once. */
function expected(t: TestContext): Promise<Record<string, string>> {
  undisturbed ??= (async () => {
    const runs = runsFolder(t)
    const { code, stderr } = await asterism(...evolve(runs))
    assert.equal(code, 0, stderr)
    return resultsOf(runs)
  })()
  return undisturbed
}

test('without python3 it says what to install', async (t) => {
  const env = { PATH: '/nonexistent', ASTERISM_PYTHON: undefined }
  oneLine(
    await startAsterism(evolve(runsFolder(t)), env).ended,
    /^Expected Python 3\.9 or later as `python3` to run the steps, found none\. Install it/,
  )
})

for (const device of ['cuda', 'webgpu', 'coreml', 'directml'] satisfies Device[])
  test(`a device that is not there is named with what was found and what to do: ${device}`, async (t) => {
    const here = await openEngine({ device }).catch(() => null)
    await here?.dispose()
    if (here) return t.skip(`${device} works on this machine`)
    const { code, stderr } = await asterism(...evolve(runsFolder(t), '--device', device))
    assert.equal(code, 1)
    const told = stderr.trimEnd().split('\n').at(-1)! // drivers may have written lines of their own before
    assert.match(
      told,
      new RegExp(`^Expected the device ${device}.* was built for .*cpu.* To use it: .* choose cpu\\.$`),
    )
  })

test('a device of another name is refused with the names that there are', async (t) => {
  oneLine(
    await asterism(...evolve(runsFolder(t), '--device', 'tpu')),
    /^Expected a device \(cpu, webgpu, cuda, coreml, directml\), got `tpu`/,
  )
})

test('a file of problems that is missing, empty or of another kind is named', async (t) => {
  const runs = runsFolder(t)
  const file = (name: string, content: string) => {
    writeFileSync(join(runs, name), content)
    return join(runs, name)
  }
  const cases: [string, RegExp][] = [
    [
      join(runs, 'no.jsonl'),
      /^Could not read problems from \S+no\.jsonl: no such file\. Expected a \.jsonl or \.json file/,
    ],
    [file('empty.jsonl', ''), /^No problems in \S+empty\.jsonl: the file is empty\. Expected rows such as/],
    [
      file('text.jsonl', 'hello\n'),
      /^No problems in \S+text\.jsonl: 1 rows, none usable; \S+text\.jsonl:1: expected one JSON/,
    ],
  ]
  const results = await Promise.all(cases.map(([path]) => asterism(...evolve(runs, '--problems', path))))
  for (const [i, result] of results.entries()) oneLine(result, cases[i]![1])
})

test('a checkpoint that is cut off is named; deleted, it is trained again to the same bytes', async (t) => {
  const results = await expected(t)
  const runs = runsFolder(t)
  assert.equal((await asterism(...evolve(runs))).code, 0)
  const policy = join(runs, 'r', 'round-1', 'policy')
  for (const file of ['ppm', 'ppm-training.json', 'metrics.json'])
    rmSync(join(runs, 'r', 'round-1', file), { recursive: true })
  truncateSync(join(policy, 'model.safetensors'), 1000)
  oneLine(
    await asterism(...evolve(runs)),
    /^\S+policy\/model\.safetensors: expected the file that the training of the policy of round 1 wrote, got another: .* or delete \S+policy-training\.json: the same command then/,
  )
  rmSync(`${policy}-training.json`)
  const again = await asterism(...evolve(runs))
  assert.equal(again.code, 0, again.stderr)
  assert.deepEqual(resultsOf(runs), results)
})

test('files of a run that were changed by hand are named, with the line where they have some', async (t) => {
  const runs = runsFolder(t)
  const started = startAsterism(evolve(runs))
  while (!existsSync(join(runs, 'r', 'round-1', 'trees.jsonl'))) await new Promise((resolve) => setTimeout(resolve, 20))
  started.kill('SIGKILL')
  await started.ended
  const trees = join(runs, 'r', 'round-1', 'trees.jsonl')
  writeFileSync(trees, '{"problemId": "t-1\n')
  oneLine(
    await asterism(...evolve(runs)),
    /^\S+trees\.jsonl:1: expected one JSON value, got .* cut the file off before it/,
  )
  rmSync(trees)
  const manifest = join(runs, 'r', 'run.json')
  writeFileSync(manifest, 'not json')
  oneLine(
    await asterism(...evolve(runs)),
    /^\S+run\.json: expected JSON, got .* Take the changes back, or choose another/,
  )
})

test('a folder that cannot be written to is named', async (t) => {
  const runs = runsFolder(t)
  writeFileSync(join(runs, 'file'), '')
  oneLine(
    await asterism(...evolve(join(runs, 'file'))),
    /^Could not write \S+file\/r\/problems\.jsonl: a part of the path is a file, not a folder: choose another folder$/,
  )
  if (process.getuid?.() === 0) return t.diagnostic('root may write everywhere: a folder without permission not tried')
  chmodSync(runs, 0o555)
  oneLine(await asterism(...evolve(runs)), /^Could not write \S+: no permission to write there/)
  chmodSync(runs, 0o755)
})

test('a limit on file sizes that is too small is told, and once it is lifted the same command goes on', async (t) => {
  if (process.platform === 'win32') return t.skip('no ulimit on Windows')
  const results = await expected(t)
  const runs = runsFolder(t)
  oneLine(
    await startLimited('ulimit -f 60', evolve(runs)).ended,
    /^Could not write \S+: the file would be larger than this system allows \(ulimit -f\): raise the limit and start/,
  )
  const again = await asterism(...evolve(runs))
  assert.equal(again.code, 0, again.stderr)
  assert.deepEqual(resultsOf(runs), results)
})

test('a full disk is told, and once there is space the same command goes on to the same files', async (t) => {
  const results = await expected(t)
  const runs = runsFolder(t)
  const disk = join(runs, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    return t.skip('this user may not mount a small disk')
  }
  try {
    oneLine(
      await asterism(...evolve(disk)),
      /^Could not write \S+: the disk is full: free some space and start the same command again, it goes on/,
    )
    execFileSync('mount', ['-o', 'remount,size=64m', disk])
    const again = await asterism(...evolve(disk))
    assert.equal(again.code, 0, again.stderr)
    assert.deepEqual(resultsOf(disk), results)
  } finally {
    execFileSync('umount', [disk])
  }
})
