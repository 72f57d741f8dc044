// The commands as a person types them, on a run of seconds.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseReport } from '../../lib/eval/report-schema.ts'
import { problemSet } from '../fixtures.ts'
import { asterism, tinyRun } from './asterism.ts'

const runs = mkdtempSync(join(tmpdir(), 'asterism-commands-'))
after(() => rmSync(runs, { recursive: true, force: true }))

const evolve = (...more: string[]) => asterism('evolve', '--runs', runs, '--run', 'tiny', ...tinyRun(), ...more)
const first = await evolve('--rounds', '2')
const reportOf = () => parseReport(JSON.parse(readFileSync(join(runs, 'tiny', 'report.json'), 'utf8')))

test('evolve does its rounds, says what came of each stage, and ends with tables and the path of the report', () => {
  assert.equal(first.code, 0, first.stderr)
  for (const round of [1, 2])
    for (const stage of ['search', 'select', 'policy', 'PPM', 'evaluate'])
      assert.match(first.stdout, new RegExp(`^round ${round}  ${stage} `, 'm'))
  assert.match(first.stdout, /^Coverage: training problems solved by search/m)
  assert.ok(first.stdout.includes(join(runs, 'tiny', 'report.html')))
  assert.equal(first.stderr, '')
})

test('its report is valid and complete: every measure of a round, with seconds and tokens', () => {
  const report = reportOf()
  assert.deepEqual([report.name, report.seed, report.rounds.length], ['tiny', 1, 2])
  assert.ok(report.seconds > 0 && report.peakRssMb! > 50)
  assert.ok(report.baseline, 'the greedy answers of the counts stand beside those of the policies')
  for (const round of report.rounds) {
    assert.equal(round.coverage!.all.n, 20)
    assert.equal(round.passAt1!.all.n, 12)
    for (const stage of ['search', 'policyTraining', 'ppmTraining', 'evaluation'])
      assert.ok(round.seconds[stage]! > 0, stage)
    assert.ok(round.training!.policy!.steps > 0 && round.training!.ppm!.steps > 0)
    assert.ok(round.search!.executions > 0)
  }
  const [one, two] = report.rounds
  assert.equal(one!.system2, undefined)
  for (const measure of ['system2', 'bestOfN', 'majority'] as const) assert.equal(two![measure]!.all.n, 12, measure)
  assert.ok(two!.tokens.bestOfN! <= two!.tokens.system2! + 12 * 160)
})

test('report.html is one file that needs nothing from elsewhere', () => {
  const html = readFileSync(join(runs, 'tiny', 'report.html'), 'utf8')
  assert.match(html, /^<!doctype html>/i)
  assert.doesNotMatch(html, /<script[^>]+src=|<link[^>]+href="http/)
})

test('the same command again finds everything done and changes no file that matters', async () => {
  const before = reportOf()
  const again = await evolve('--rounds', '2')
  assert.equal(again.code, 0, again.stderr)
  assert.deepEqual(reportOf(), before)
})

test('report prints the tables again and brings a lost report back', async () => {
  rmSync(join(runs, 'tiny', 'report.html'))
  const { code, stdout, stderr } = await asterism('report', 'tiny', '--runs', runs)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^Run tiny, seed 1, 2 rounds/m)
  assert.ok(existsSync(join(runs, 'tiny', 'report.html')))
})

test('report of a run that is not there says where it looked and what to do', async () => {
  const { code, stdout, stderr } = await asterism('report', 'nothing', '--runs', runs)
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(
    stderr,
    /^Expected a run in .*nothing, found no run\.json there\. Start one with `asterism evolve --run nothing`\n$/,
  )
})

test('report of a run that has measured nothing yet is an empty report, not an error', async () => {
  assert.equal(
    (await asterism('evolve', '--runs', runs, '--run', 'begun', '--device', 'directml', ...tinyRun())).code,
    1,
  )
  const { code, stdout, stderr } = await asterism('report', 'begun', '--runs', runs)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /Run begun/)
})

test('help lists the commands and every flag of evolve', async () => {
  const { code, stdout } = await asterism('--help')
  assert.equal(code, 0)
  for (const command of ['evolve', 'report', 'run', 'kernel']) assert.match(stdout, new RegExp(`^  ${command}`, 'm'))
  const help = await asterism('evolve', '--help')
  for (const flag of [
    '--run',
    '--seed',
    '--rounds',
    '--problems',
    '--limit',
    '--set',
    '--device',
    '--threads',
    '--runs',
  ])
    assert.ok(help.stdout.includes(flag), flag)
})

test('a wrong command line is one clear line on stderr and exit code 1', async () => {
  const wrong: [string[], RegExp][] = [
    [['evolv'], /unknown command 'evolv'/],
    [['evolve', '--sed', '3'], /unknown option '--sed'/],
    [['evolve', '--seed', 'one'], /Expected a whole number from 0 up, got "one"/],
    [['evolve', '--rounds', '0'], /Expected a whole number from 1 up, got "0"/],
    [['evolve', '--runs', runs, '--rounds', '9', ...tinyRun()], /^Expected at most the 4 rounds of the run, got 9\n$/],
    [['evolve', '--runs', runs, '--limit', '9'], /^Expected a limit only for the problems of a file\./],
    [['evolve', '--runs', runs, '--run', '../up'], /^Expected a run name of letters/],
    [
      ['evolve', '--runs', runs, '--set', 'batchsize=3'],
      /^Unknown setting "batchsize" in --set batchsize\. Did you mean "batchSize"\? Known here: /,
    ],
    [
      ['evolve', '--runs', runs, '--run', 'tiny', '--set', 'batchSize=3'],
      /^\S+run\.json: the run "tiny" was started with other settings: /,
    ],
  ]
  const results = await Promise.all(wrong.map(([args]) => asterism(...args)))
  for (const [i, { code, stdout, stderr }] of results.entries()) {
    assert.deepEqual([code, stdout], [1, ''], wrong[i]![0].join(' '))
    assert.match(stderr, wrong[i]![1])
    assert.ok(stderr.trim().split('\n').length <= 2, stderr) // commander may add a suggestion
  }
})

test('problems of a file: rows that cannot be used are told and left out, others are solved', async () => {
  const path = join(runs, 'problems.jsonl')
  const rows = Array.from({ length: 6 }, (_, i) =>
    JSON.stringify({
      question: `Mia has ${20 + i} pens and buys ${5 + 2 * i} more. How many pens has she?`,
      answer: 25 + 3 * i,
    }),
  )
  writeFileSync(path, [...rows.slice(0, 2), 'not json', '{"question": "no answer"}', ...rows.slice(2)].join('\n'))
  const { code, stdout, stderr } = await asterism(
    ...['evolve', '--runs', runs, '--run', 'file', '--problems', path, '--rounds', '1', ...tinyRun()],
  )
  assert.equal(code, 0, stderr)
  assert.deepEqual(stderr.trim().split('\n').slice(0, 3), [
    `${path}: read 6 problems, skipped 2 rows`,
    ...stderr.trim().split('\n').slice(1, 3),
  ])
  assert.match(stderr, /problems\.jsonl:3: skipped: expected one JSON object, got "not json"/)
  assert.match(stderr, /problems\.jsonl:4: skipped: /)
  assert.match(stdout, /^round 1 {2}search {5}solved [1-5] of 5/m)
})

test('a round that solves nothing reports that; the next one says what it lacks', async () => {
  const path = join(runs, 'unsolvable.jsonl')
  const rows = [1, 2, 3].map((i) =>
    JSON.stringify({ question: `Of ${10 + i} pens, how blue are they?`, answer: 'very' }),
  )
  writeFileSync(path, rows.join('\n'))
  const { code, stdout, stderr } = await asterism(
    ...['evolve', '--runs', runs, '--run', 'nothing-solved', '--problems', path, '--rounds', '2', ...tinyRun()],
  )
  assert.equal(code, 1)
  assert.match(stdout, /^round 1 {2}evaluate {3}coverage 0\.0 %, pass@1 –/m)
  assert.match(
    stderr,
    /^Expected \S+policy, which round 2 searches with, but it is not there: .*accepted no trajectory.*\n$/,
  )
  assert.equal(
    parseReport(JSON.parse(readFileSync(join(runs, 'nothing-solved', 'report.json'), 'utf8'))).rounds.length,
    1,
  )
})

const gsm8k = problemSet('gsm8k-train.jsonl')
test('real problems of GSM8K run through a round, with coverage by the bands of their worked answers', {
  skip: gsm8k.skip,
}, async () => {
  const { code, stderr } = await asterism(
    ...['evolve', '--runs', runs, '--run', 'gsm8k', '--problems', gsm8k.path, '--limit', '40', '--rounds', '1'],
    ...tinyRun('rounds.0.passes.*.rollouts=6'),
  )
  assert.equal(code, 0, stderr)
  const [round] = parseReport(JSON.parse(readFileSync(join(runs, 'gsm8k', 'report.json'), 'utf8'))).rounds
  const { all, easy, medium, hard } = round!.coverage!
  assert.equal(all.n, 32)
  assert.equal(easy!.n + medium!.n + hard!.n, 32)
  assert.equal(round!.faithful, undefined) // their numbers cannot be changed: no template
})
