// Ctrl-C: the run stops at once, says how to go on, and leaves nothing behind.
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { descendants } from '../../bench/resume.ts'
import { runsFolder, startAsterism, tinyRun } from './asterism.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`)

/** Signals a run once a file is there. Result: how it ended, its files, and which of its processes are left. */
async function stopped(runs: string, file: string, signal: NodeJS.Signals) {
  const set = tinyRun('problems=[8,4,0,0,0,0]', 'rounds.0.policyTraining.maxSteps=100000')
  const run = startAsterism(['evolve', '--runs', runs, '--run', 'r', '--rounds', '1', ...set])
  while (!existsSync(join(runs, 'r', file))) await pause(20)
  await pause(300)
  const family = descendants(run.pid)
  run.kill(signal)
  const ended = await run.ended
  for (let tries = 0; tries < 60 && family.some(isThere); tries++) await pause(50)
  return {
    ...ended,
    left: family.filter(isThere),
    files: readdirSync(join(runs, 'r'), { recursive: true }).map(String),
  }
}

const during = [
  ['the search', 'round-1/trees.jsonl', 'SIGINT', 130],
  ['a training', 'round-1/selection.json', 'SIGINT', 130],
  ['a training', 'round-1/selection.json', 'SIGTERM', 143],
] as const

for (const [stage, file, signal, exitCode] of during)
  test(`${signal} during ${stage} ends the run with one line and exit code ${exitCode}`, async (t) => {
    const { code, stderr, left, files } = await stopped(runsFolder(t), file, signal)
    assert.equal(code, exitCode, stderr)
    assert.equal(stderr.trim(), 'Stopped. The same command goes on where this one ended.')
    assert.deepEqual(left, [], 'processes left behind')
    assert.deepEqual(
      files.filter((name) => /\.tmp-|\.next|\.previous/.test(name)),
      [],
    )
    assert.ok(!files.includes('round-1/policy-training.json'))
  })
