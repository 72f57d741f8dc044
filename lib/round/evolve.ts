// Runs the rounds of a run one after the other: what the notebooks do cell by cell, in one call, resumable.
import { type Engine, openEngine } from '../engine/engine.ts'
import type { Report } from '../eval/report-schema.ts'
import type { Run } from '../run/run.ts'
import { openVerifier, type PythonVerifier } from '../verify/verifier.ts'
import { evaluateRound } from './evaluate-round.ts'
import { writeReport } from './report.ts'
import { writeReportPage } from './report-page.ts'
import { type RoundParts, searchRound } from './search-round.ts'
import { selectExamples } from './select-examples.ts'
import { trainRoundPolicy, trainRoundPpm } from './train-round.ts'

/** What `evolve` needs beside the run: machines, own parts, and who is told. */
export interface EvolveOptions extends RoundParts {
  /** Rounds to do, from the first. Integer from 1 to those of the run's settings. @default all of them */
  readonly rounds?: number
  /** Told when a stage has finished, with one line of what came of it. */
  readonly onStage?: (line: string) => void
  /** Whether report.html is written at the end, which takes seconds. @default true */
  readonly page?: boolean
}

/**
 * Every stage of every round; what is done already is read, not done again. Result: the report, also in report.json and
 * report.html. Errors: more rounds than the run has; a round that needs a model which the one before could not train;
 * the signal's reason when aborted (the same call goes on from there).
 */
export async function evolve(run: Run, options: EvolveOptions): Promise<Report> {
  const { onStage = () => undefined, rounds = run.settings.rounds.length, page = true } = options
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`Expected \`rounds\` to be an integer from 1 up, got \`${rounds}\``)
  if (rounds > run.settings.rounds.length)
    throw new RangeError(`Expected at most the ${run.settings.rounds.length} rounds of the run, got ${rounds}`)
  for (const { round } of run.settings.rounds.slice(0, rounds)) {
    const search = await searchRound(run, round, options)
    onStage(
      `round ${round}  search     solved ${search.solved} of ${search.problems}, ${search.executions} steps executed`,
    )
    const { accepted, pairs, right, suspects, untrusted } = selectExamples(run, round, options).counts
    onStage(
      `round ${round}  select     ${accepted} trajectories, ${pairs} pairs; ` +
        `${suspects} of ${right} right trajectories suspected to be accidents` +
        (untrusted > 0 ? `, ${untrusted} more for what their code does` : ''),
    )
    const policy = accepted > 0 ? await trainRoundPolicy(run, round, options) : null
    if (policy) {
      const capped = policy.capped ? ' (the step limit ended it: read this round with care)' : ''
      onStage(`round ${round}  policy     ${policy.steps} steps, loss ${policy.loss.toFixed(3)}${capped}`)
      const ppm = await trainRoundPpm(run, round, options)
      if (ppm) onStage(`round ${round}  PPM        ${ppm.steps} steps, loss ${ppm.loss.toFixed(3)}`)
      else if (run.recipe(round).ppmTraining) onStage(`round ${round}  PPM        none: no pairs to learn from`)
    }
    const metrics = await evaluateRound(run, round, options)
    onStage(`round ${round}  evaluate   ${summary(metrics)}`)
    if (options.strategies?.length && !metrics.strategies)
      onStage(`round ${round}  evaluate   strategies left out: they need a policy, and this round has trained none`)
    writeReport(run)
  }
  const report = writeReport(run)
  if (page) await writeReportPage(run, report)
  return report
}

const percent = (measure: { readonly value: number } | undefined): string =>
  measure ? `${(100 * measure.value).toFixed(1)} %` : '–'

const summary = (metrics: Awaited<ReturnType<typeof evaluateRound>>): string =>
  [
    `coverage ${percent(metrics.coverage?.all)}`,
    `pass@1 ${percent(metrics.passAt1?.all)}`,
    ...(metrics.system2 ? [`System 2 ${percent(metrics.system2.all)}`] : []),
    ...(metrics.ppmPairAccuracy ? [`PPM pairs ${percent(metrics.ppmPairAccuracy)}`] : []),
  ].join(', ')

/**
 * What a run needs beside its folder: an engine and a verifier, both disposed afterwards. Steps come from the grammar or
 * from a model that was trained on nothing else, so limits alone will do where the machine offers no more; one line on
 * stderr then says so. Errors: no usable Python, a device that is absent, whatever `work` throws.
 */
export async function withParts<T>(
  options: { readonly device?: Engine['device']; readonly threads?: number },
  work: (parts: { engine: Engine; verifier: PythonVerifier }) => Promise<T>,
): Promise<T> {
  const verifier = await openVerifier({ allowWeakIsolation: true })
  try {
    const { level, refused } = verifier.stats().isolation
    if (level === 'rlimit') {
      const reasons = refused.map(({ level, reason }) => `${level}: ${reason}`).join('; ')
      console.error(`Steps run under limits alone, which is enough for this loop's own code (refused here: ${reasons})`)
    }
    const engine = await openEngine(options)
    try {
      return await work({ engine, verifier })
    } finally {
      await engine.dispose()
    }
  } finally {
    await verifier.dispose()
  }
}
