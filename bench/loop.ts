// The whole loop: four rounds for several seeds, or finished runs, held against what the project promises. Run here, a
// run's seconds and memory are those of the whole process tree; of a finished run they are what its report says.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Measure } from '../lib/eval/intervals.ts'
import { parseReport, type Report, type RoundReport } from '../lib/eval/report-schema.ts'
import { readJson } from '../lib/file/json.ts'
import { packageRoot } from '../lib/run/manifest.ts'
import { readTimings } from '../lib/run/timings.ts'
import { aimed, type Figure, plain, rises } from './figure.ts'
import { type WatchedRun, watched } from './process-tree.ts'

export interface LoopOptions {
  /** A run for each. @default [1, 2, 3] */
  readonly seeds?: readonly number[]
  /** Names of finished runs, instead of seeds to run. */
  readonly runs?: readonly string[]
  /** Folder that holds the runs. @default a temporary one for new runs, 'runs' for finished ones */
  readonly folder?: string
  /** Further arguments of `asterism evolve`. */
  readonly args?: readonly string[]
  /** Gets a line at the end of each stage. */
  readonly log?: (line: string) => void
}

export interface FileOptions extends Pick<LoopOptions, 'log' | 'args'> {
  /** Problems of the file. @default 300 */
  readonly limit?: number
}

const silent = (): void => undefined

/** Every target of the loop for every run, and whether all orderings hold on all of them. */
export async function loopFigures(options: LoopOptions = {}): Promise<Figure[]> {
  const { seeds = [1, 2, 3], runs, log = silent, args = [] } = options
  if (runs) return withOrderings(runs.map((name) => runFigures(resolve(options.folder ?? 'runs', name))))
  return inFolder(options.folder, async (folder) => {
    const all: Figure[][] = []
    for (const seed of seeds) {
      const name = `seed-${seed}`
      const spent = await evolve(['--run', name, '--seed', String(seed), '--runs', folder, ...args], log)
      all.push(runFigures(join(folder, name), spent))
    }
    return withOrderings(all)
  })
}

/** Round 1 alone on a file of problems: what the grammar policy covers of real questions. */
export async function fileFigures(
  path: string,
  { limit = 300, args: more = [], log = silent }: FileOptions = {},
): Promise<Figure[]> {
  return inFolder(undefined, async (folder) => {
    const args = ['--problems', resolve(path), '--limit', String(limit), '--rounds', '1', '--runs', folder, ...more]
    const spent = await evolve(args, log)
    const [round] = reportOf(join(folder, 'default')).rounds
    const how = `evolve --problems … --limit ${limit} --rounds 1`
    const given = { bench: 'gsm8k', how }
    const coverage = (['all', 'easy', 'medium', 'hard'] as const).flatMap((band) => {
      const measure = round?.coverage?.[band]
      return measure
        ? [
            plain({
              ...given,
              figure: `coverage, ${band}`,
              of: `n ${measure.n}`,
              measured: measure.value,
              unit: 'share',
            }),
          ]
        : []
    })
    return [...coverage, plain({ ...given, figure: 'wall time', measured: spent.seconds, unit: 's' })]
  })
}

/** `npm start` on a fresh clone of the checkout's last commit, install included. */
export async function startFigures({ log = silent }: Pick<LoopOptions, 'log'> = {}): Promise<Figure[]> {
  return inFolder(undefined, async (folder) => {
    const clone = join(folder, 'clone')
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', packageRoot(), clone], { stdio: 'pipe' })
    const spent = await watched('npm', ['start'], { cwd: clone, onLine: (line) => line.startsWith('━') && log(line) })
    return runFigures(join(clone, 'runs', 'default'), spent).map((figure) => ({ ...figure, bench: 'start' }))
  })
}

async function inFolder<T>(folder: string | undefined, work: (folder: string) => Promise<T>): Promise<T> {
  if (folder !== undefined) return work(resolve(folder))
  const temporary = mkdtempSync(join(tmpdir(), 'asterism-bench-'))
  try {
    return await work(temporary)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

const evolve = (args: readonly string[], log: (line: string) => void): Promise<WatchedRun> =>
  watched(process.execPath, [join(packageRoot(), 'lib/cli/asterism.mjs'), 'evolve', ...args], {
    onLine: (line) => /^round \d/.test(line) && log(line),
    env: { ...process.env, ASTERISM_NO_BUILD: '1' },
  })

function reportOf(folder: string): Report {
  const path = join(folder, 'report.json')
  if (!existsSync(path))
    throw new Error(`Expected a run with at least one finished round in ${folder}, found no report.json there`)
  return parseReport(readJson(path), path)
}

/** The targets of one run. `spent` says what it took where it was run here. */
export function runFigures(folder: string, spent?: WatchedRun): Figure[] {
  const report = reportOf(folder)
  const { rounds, baseline } = report
  const last = rounds.at(-1)
  const of = report.name.startsWith('seed-') ? `seed ${report.seed}` : report.name
  const end = `round ${last?.round ?? 0}`
  const given = (figure: string, measured: number | null, unit: Figure['unit'], how: string) =>
    ({ bench: 'loop', of, figure, measured, unit, how }) as const
  const byRound = (pick: (round: RoundReport) => Measure | undefined): number[] =>
    rounds.flatMap((round) => pick(round)?.value ?? [])
  const series = (figure: string, measured: readonly number[], how: string) => ({
    ...given(figure, null, 'share', how),
    measured: measured.length > 0 ? measured : null,
  })
  const share = (figure: string, measure: { readonly value: number } | undefined, how: string) =>
    given(figure, measure?.value ?? null, 'share', how)
  const least = (value: number) => (measured: number) => measured >= value
  const coverage = byRound((round) => round.coverage?.all)
  const greedy = byRound((round) => round.passAt1?.all)
  const pairs = rounds.filter(({ round }) => round >= 3).flatMap(({ ppmPairAccuracy }) => ppmPairAccuracy?.value ?? [])
  const where = spent ? 'whole process tree' : "report of the run's process"
  const n = (measure: Measure | undefined, what: string) => (measure ? `${measure.n} ${what}` : what)
  const train = n(last?.coverage?.all, 'training problems')
  const heldOut = n(last?.passAt1?.all, 'held-out problems')
  const { fill, modelFill, own } = searchShares(folder, report)
  return [
    aimed(given('wall time', spent?.seconds ?? report.seconds, 's', where), 'under 720 s', (value) => value < 720),
    aimed(
      given('peak memory', spent?.peakMb ?? report.peakRssMb ?? null, 'MB', where),
      'under 3,000 MB',
      (value) => value < 3000,
    ),
    aimed(series('coverage by round', coverage, train), 'rises every round', rises),
    aimed(share(`coverage, ${end}`, last?.coverage?.all, train), 'at least 88 %', least(0.88)),
    aimed(share('hard band, round 1', rounds[0]?.coverage?.hard, train), 'under 20 %', (value) => value < 0.2),
    aimed(share(`hard band, ${end}`, last?.coverage?.hard, train), 'at least 60 %', least(0.6)),
    aimed(series('greedy pass@1 by round', greedy, heldOut), 'rises every round', rises),
    aimed(share(`greedy pass@1, ${end}`, last?.passAt1?.all, heldOut), 'at least 75 %', least(0.75)),
    aimed(share('bootstrap, greedy', baseline?.all, heldOut), `below the interval of ${end}`, (value) =>
      last?.passAt1 ? last.passAt1.all.low > value : false,
    ),
    aimed(
      series('PPM pair accuracy, rounds 3, 4', pairs, 'held-out pairs'),
      'each at least 75 %',
      (values) => values.length === 2 && values.every(least(0.75)),
    ),
    aimed(
      given('System 2, net gain', last?.net?.net ?? null, 'share', `of ${last?.net?.missed ?? 0} that greedy misses`),
      'at least 40 %',
      least(0.4),
    ),
    plain(share(`System 2, ${end}`, last?.system2?.all, heldOut)),
    plain(share('best-of-N at its tokens', last?.bestOfN?.all, heldOut)),
    plain(share('majority at its tokens', last?.majority?.all, heldOut)),
    aimed(
      series('search outside policy, PPM, Python', own, 'share of search time, by round'),
      'each at most 10 %',
      (values) => values.every((value) => value <= 0.1),
    ),
    aimed(given('fill of policy batches', fill, 'share', 'mean over all batches'), 'at least 50 %', least(0.5)),
    plain(series('fill of policy batches by round', modelFill, 'requests of a batch / batch size')),
  ]
}

/** How full policy batches were, and the share of each round's search that waited for none of the three models. */
function searchShares(folder: string, report: Report) {
  const timings = report.rounds.map(({ round }) => readTimings(join(folder, `round-${round}`, 'timings.json')))
  const { batchSize } = readJson<{ settings: { batchSize: number } }>(join(folder, 'run.json')).settings
  const [batches, requests] = (['batches', 'requests'] as const).map((key) =>
    timings.reduce((sum, { search }) => sum + search[key], 0),
  )
  return {
    fill: batches! > 0 ? requests! / (batches! * batchSize) : null,
    modelFill: report.rounds.flatMap(({ search }) => search?.meanFill ?? []),
    own: timings.flatMap(({ seconds, search }) => (seconds.search ? [search.other / seconds.search] : [])),
  }
}

/** One more figure: whether what must rise does so in every run. */
function withOrderings(runs: readonly (readonly Figure[])[]): Figure[] {
  const orderings = runs.flat().filter(({ target }) => target === 'rises every round')
  const all = orderings.every(({ holds }) => holds === true)
  const how = `${orderings.length} orderings of ${runs.length} runs`
  const given = {
    bench: 'loop',
    figure: 'all orderings on all seeds',
    measured: all ? 1 : 0,
    unit: 'yes/no',
    how,
  } as const
  return [...runs.flat(), aimed(given, 'yes', (value) => value === 1)]
}
