// The paper's tables on our own problems, from a report: coverage (table 2), greedy pass@1 (table 3), ways of answering
// at the same tokens (table 6), the PPM, cost, ablations. Only what a report holds; nothing is computed anew.
import { BANDS, type BandMeasures } from '../../eval/intervals.ts'
import type { Report, RoundReport } from '../../eval/report-schema.ts'
import { ABSENT, amountCell, countCell, durationCell, measureCell } from '../draw/cells.ts'
import { type Shown, stacked } from '../draw/display.ts'
import { type Column, type Row, type Table, table } from '../draw/table.ts'
import { MEASURE_NAMES } from './curves.ts'

/**
 * All tables of a report under each other: coverage (as the paper's table 2), greedy pass@1 (table 3), ways of
 * answering (table 6), what models learn from, the PPM, seconds, tokens, the search, ablations; those alone that have
 * something to say.
 */
export const roundTable = (report: Report): Shown => stacked(resultTables(report))

/** The tables of a report, each one that has something to say. */
export function resultTables(report: Report): Table[] {
  const { rounds, baseline, ablations = [] } = report
  const tables = [
    partsTable(rounds),
    bandTable(
      'Coverage: training problems solved by search (as the paper, table 2)',
      rounds.map((round) => ({ label: `round ${round.round}`, measures: round.coverage })),
    ),
    bandTable('Greedy pass@1 on held-out problems (as the paper, table 3)', [
      { label: 'bootstrap counts', measures: baseline },
      ...rounds.map((round) => ({ label: `round ${round.round}`, measures: round.passAt1 })),
    ]),
    bandTable(
      'Ways of answering held-out problems (as the paper, table 6)',
      rounds
        .filter(({ system2, bestOfN, majority }) => system2 ?? bestOfN ?? majority)
        .flatMap((round) =>
          (['passAt1', 'system2', 'bestOfN', 'majority'] as const).map((measure) => ({
            label: `round ${round.round}, ${MEASURE_NAMES[measure]}`,
            measures: round[measure],
          })),
        ),
      'System 2, best-of-N and majority spend the same tokens on each problem.',
    ),
    bandTable(
      'Own strategies on held-out problems',
      rounds.flatMap(({ round, strategies = {} }) =>
        Object.entries(strategies).map(([name, measures]) => ({ label: `round ${round}, ${name}`, measures })),
      ),
      'Each spends what it likes: compare tokens before accuracy.',
    ),
    bandTable(
      'Faithful: accepted trajectories that stay right when the numbers change',
      rounds.map((round) => ({ label: `round ${round.round}`, measures: round.faithful })),
    ),
    examplesTable(rounds),
    ppmTable(rounds),
    costTable(rounds, 'seconds'),
    costTable(rounds, 'tokens'),
    searchTable(rounds),
    ...[...new Set(ablations.map((row) => row.table))].map((name) => {
      const rows = ablations.filter((row) => row.table === name)
      return bandTable(
        `Ablation: ${name}`,
        rows.map((row) => ({ label: row.name, measures: row.measure })),
      )
    }),
  ]
  return tables.filter((one) => one !== undefined)
}

/** What was brought to the run: without it the other tables would look like those of any run. */
function partsTable(rounds: readonly RoundReport[]): Table | undefined {
  const rows = rounds.flatMap(({ round, parts = {} }) =>
    Object.entries(parts).flatMap(([stage, names]) =>
      names === '' ? [] : [{ label: `round ${round}, ${stage}`, names }],
    ),
  )
  if (rows.length === 0) return undefined
  const columns: Column[] = [
    { key: 'label', title: '', align: 'left' },
    { key: 'names', title: 'brought to the run', align: 'left' },
  ]
  return table(rows, { title: 'Own parts', columns })
}

interface BandRow {
  readonly label: string
  readonly measures: BandMeasures | undefined
}

/** One row a label, one column a band. Where all rows counted the same cases, their number stands in the heading. */
function bandTable(title: string, rows: readonly BandRow[], note?: string): Table | undefined {
  const measured = rows.filter(({ measures }) => measures !== undefined)
  if (measured.length === 0) return undefined
  const columns = [...BANDS, 'all' as const].flatMap((band): Column[] => {
    const counts = new Set(measured.flatMap(({ measures }) => measures![band]?.n ?? []))
    if (counts.size === 0) return []
    const shared = counts.size === 1
    const heading = shared ? `${band} (n ${countCell([...counts][0]!)})` : band
    const format = (_: unknown, row: Row) => measureCell((row.measures as BandMeasures)[band], { n: !shared })
    return [{ key: band, title: heading, align: 'right', format }]
  })
  return table(
    measured.map((row) => ({ ...row })),
    {
      title,
      columns: [{ key: 'label', title: '', align: 'left' }, ...columns],
      ...(note !== undefined && { note }),
    },
  )
}

/** What models learned from, and what was left out as luck or for what its code does. */
function examplesTable(rounds: readonly RoundReport[]): Table | undefined {
  const rows = rounds.flatMap(({ round, examples }): Row[] =>
    examples ? [{ ...examples, round: `round ${round}`, untrusted: examples.untrusted || undefined }] : [],
  )
  if (rows.length === 0) return undefined
  const untrusted: Column[] = rows.some((row) => row.untrusted) ? [{ key: 'untrusted', align: 'right' }] : []
  return table(rows, {
    title: 'What models learn from',
    columns: [
      { key: 'round', title: '' },
      { key: 'right', title: 'right solutions', align: 'right' },
      { key: 'suspects', align: 'right' },
      ...untrusted,
      { key: 'accepted', align: 'right' },
      { key: 'pairs', align: 'right' },
    ],
    note: 'Suspects: right answers that are more likely luck than reasoning; no model learns from them. Accepted ones may be carried from earlier rounds.',
  })
}

function ppmTable(rounds: readonly RoundReport[]): Table | undefined {
  const rows = rounds.flatMap(({ round, ppmPairAccuracy, net, training }): Row[] =>
    ppmPairAccuracy || net || training?.ppm
      ? [
          {
            round: `round ${round}`,
            accuracy: ppmPairAccuracy,
            loss: training?.ppm?.loss.toFixed(3),
            net:
              net &&
              `${net.net >= 0 ? '+' : ''}${(100 * net.net).toFixed(0)} % (${net.gained} won, ${net.lost} lost of ${net.missed})`,
          },
        ]
      : [],
  )
  if (rows.length === 0) return undefined
  return table(rows, {
    title: 'Process preference model',
    columns: [
      { key: 'round', title: '' },
      { key: 'accuracy', title: 'held-out pair accuracy' },
      { key: 'loss', title: 'loss (nats)', align: 'right' },
      { key: 'net', title: 'System 2 on what greedy misses (medium + hard)', align: 'left' },
    ],
  })
}

/** Seconds or tokens of each stage in each round, and their sum over the rounds. */
function costTable(rounds: readonly RoundReport[], key: 'seconds' | 'tokens'): Table | undefined {
  const stages = [...new Set(rounds.flatMap((round) => Object.keys(round[key])))]
  if (stages.length === 0) return undefined
  const cell = (amount: unknown) =>
    typeof amount !== 'number' ? ABSENT : key === 'seconds' ? durationCell(amount) : amountCell(amount)
  const sums = stages.map((stage) => [stage, rounds.reduce((sum, round) => sum + (round[key][stage] ?? 0), 0)])
  const rows = rounds.map((round): Row => ({ ...round[key], label: `round ${round.round}` }))
  return table([...rows, { ...Object.fromEntries(sums), label: 'all rounds' }], {
    title: key === 'seconds' ? 'Wall time by stage' : 'Tokens by stage',
    columns: [
      { key: 'label', title: '', align: 'left' },
      ...stages.map((stage): Column => ({ key: stage, align: 'right', format: cell })),
    ],
  })
}

function searchTable(rounds: readonly RoundReport[]): Table | undefined {
  const rows = rounds.flatMap(({ round, search, training }): Row[] => {
    if (!search && !training?.policy) return []
    const waited = Object.values(search?.seconds ?? {}).reduce((sum, seconds) => sum + seconds, 0)
    const rest = search && waited > 0 && search.seconds.other !== undefined ? search.seconds.other / waited : undefined
    return [
      {
        round: `round ${round}`,
        rollouts: search?.rollouts,
        executions: search?.executions,
        proposals: search?.proposals,
        fill: search && `${(100 * search.meanFill).toFixed(0)} %`,
        rest: rest === undefined ? undefined : `${(100 * rest).toFixed(1)} %`,
        steps: training?.policy?.steps,
        loss: training?.policy && `${training.policy.loss.toFixed(3)}${training.policy.capped ? ' (capped)' : ''}`,
      },
    ]
  })
  if (rows.length === 0) return undefined
  return table(rows, {
    title: 'Search and policy training',
    columns: [
      { key: 'round', title: '' },
      { key: 'rollouts', align: 'right' },
      { key: 'executions', align: 'right' },
      { key: 'proposals', align: 'right' },
      { key: 'fill', title: 'batch fill', align: 'right' },
      { key: 'rest', title: 'own time', align: 'right' },
      { key: 'steps', title: 'SFT steps', align: 'right' },
      { key: 'loss', title: 'loss (nats)', align: 'right' },
    ],
    note: 'Own time: share of the search outside policy, PPM and Python. Capped: training ended at its largest number of steps.',
  })
}
