// report.json: what a run has measured so far, gathered from the files of its rounds.
import { existsSync } from 'node:fs'
import { parseReport, type Report, type RoundReport } from '../eval/report-schema.ts'
import { readJson, writeJson } from '../file/json.ts'
import { peakOf } from '../run/peak-memory.ts'
import type { Run } from '../run/run.ts'
import { expectUnchanged } from '../run/sealed-files.ts'
import { readTimings } from '../run/timings.ts'
import type { SearchSummary } from '../run/trees.ts'
import type { TrainingLog } from '../train/loop.ts'
import type { RoundMetrics } from './evaluate-round.ts'
import { ownPartsOf } from './own-parts.ts'
import { selectionCounts } from './select-examples.ts'

/** The report of all rounds that were evaluated, from their files. Errors: one of them does not fit the schema. */
export function buildReport(run: Run): Report {
  const rounds = run.settings.rounds
    .map(({ round }) => round)
    .filter((round) => existsSync(run.roundPath(round, 'metrics.json')))
  const first = rounds.length > 0 ? readJson<RoundMetrics>(run.roundPath(rounds[0]!, 'metrics.json')) : undefined
  const reports = rounds.map((round) => roundReport(run, round))
  const report: Report = {
    name: run.name,
    seed: run.seed,
    seconds: reports.reduce((sum, { seconds }) => sum + Object.values(seconds).reduce((a, b) => a + b, 0), 0),
    peakRssMb: peakOf(run),
    rounds: reports,
    ...(first?.baseline && { baseline: first.baseline }),
  }
  return parseReport(JSON.parse(JSON.stringify(report)), run.path('report.json'))
}

/** Builds the report and writes it to report.json. Errors: those of `buildReport`, a full disk and the like. */
export function writeReport(run: Run): Report {
  const report = buildReport(run)
  writeJson(run.path('report.json'), report, 2)
  return report
}

function roundReport(run: Run, round: number): RoundReport {
  const {
    system2ByVote: _votes,
    anyRight: _any,
    baseline: _baseline,
    ...metrics
  } = readJson<RoundMetrics>(run.roundPath(round, 'metrics.json'))
  expectUnchanged(run, round, 'evaluation')
  expectUnchanged(run, round, 'search')
  const { seconds, search } = readTimings(run.roundPath(round, 'timings.json'))
  const summary = readJson<SearchSummary>(run.roundPath(round, 'search.json'))
  const training = (model: 'policy' | 'ppm') => {
    const path = run.roundPath(round, `${model}-training.json`)
    if (!existsSync(path)) return {}
    const { steps, loss, capped } = readJson<TrainingLog>(path)
    return { [model]: { steps, loss, capped, seconds: seconds[`${model}Training`] ?? 0 } }
  }
  const parts = ownPartsOf(run, round)
  const selection = run.roundPath(round, 'selection.json')
  const { batches, requests, places, ...searchSeconds } = search
  return {
    ...metrics,
    ...(Object.keys(parts).length > 0 && { parts }),
    scaling: metrics.scaling ? [...metrics.scaling] : undefined,
    seconds,
    training: { ...training('policy'), ...training('ppm') },
    ...(existsSync(selection) && { examples: selectionCounts(selection) }),
    search: {
      rollouts: summary.rollouts,
      executions: summary.executions,
      proposals: summary.proposals,
      batches,
      meanFill: places === 0 ? 0 : requests / places,
      seconds: searchSeconds,
    },
  }
}
