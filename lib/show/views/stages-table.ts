// How far a run has come: its rounds and, of each, the stages that are done.
import { existsSync } from 'node:fs'
import type { Run } from '../../run/run.ts'
import { isFinished, type SealedStage } from '../../run/sealed-files.ts'
import { type Table, table } from '../draw/table.ts'

const STAGES = ['search', 'selection', 'policyTraining', 'ppmTraining', 'evaluation'] as const satisfies SealedStage[]

const TITLES: Record<SealedStage, string> = {
  search: 'search',
  selection: 'selection',
  policyTraining: 'policy',
  ppmTraining: 'PPM',
  evaluation: 'evaluation',
}

/** The rounds of a run by stage, and in the note what to do where some are left. */
export function stagesTable(run: Run): Table {
  const rounds = run.settings.rounds.map(({ round }) => round)
  const rows = rounds.map((round) => ({
    round,
    ...Object.fromEntries(STAGES.map((stage) => [stage, stateOf(run, round, stage)])),
  }))
  const open = rounds.filter((round) => !isFinished(run, round, 'evaluation'))
  const note = open.length === 0 ? '' : `Not evaluated yet: ${listed(open)}. ${goOn(run)}`
  const columns = [
    { key: 'round', title: 'round' },
    ...STAGES.map((key) => ({ key, title: TITLES[key], align: 'left' as const })),
  ]
  return table(rows, { title: `Run ${run.name}: rounds and their stages`, columns, note })
}

function stateOf(run: Run, round: number, stage: SealedStage): string {
  if (isFinished(run, round, stage)) return 'done'
  if (stage === 'search' && existsSync(run.roundPath(round, 'trees.jsonl'))) return 'under way'
  const { policyTraining, ppmTraining } = run.recipe(round)
  const isLeftOut = policyTraining === null || (stage === 'ppmTraining' && ppmTraining === null)
  if ((stage === 'policyTraining' || stage === 'ppmTraining') && isLeftOut) return 'left out by the recipe'
  // A round that found nothing to learn from trains nothing, and is done without it.
  return isFinished(run, round, 'evaluation') ? 'nothing to learn from' : '–'
}

/**
 * The rounds of a run that are evaluated, in rising order, at least one. Errors: none is yet; names the run and the command
 * that goes on with it.
 */
export function evaluatedRounds(run: Run): number[] {
  const rounds = run.settings.rounds.map(({ round }) => round)
  const done = rounds.filter((round) => isFinished(run, round, 'evaluation'))
  if (done.length > 0) return done
  const begun = rounds.filter((round) => existsSync(run.roundPath(round)))
  const there =
    begun.length === 0
      ? 'none of its rounds is begun'
      : `${listed(begun)} ${begun.length === 1 ? 'is' : 'are'} begun and not evaluated yet`
  throw new Error(`Expected a run with at least one evaluated round, but of ${run.name} ${there}. ${goOn(run)}`)
}

const listed = (rounds: readonly number[]): string => `round${rounds.length === 1 ? '' : 's'} ${rounds.join(', ')}`

const goOn = (run: Run): string =>
  `Go on with \`asterism evolve --run ${run.name}\` (and what else it was started with), or its round notebooks.`
