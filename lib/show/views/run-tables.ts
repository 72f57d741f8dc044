// Tables about a whole run: what it was made with, where its files are, and its measures beside those of the paper.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../../eval/report-schema.ts'
import type { Run } from '../../run/run.ts'
import { countCell, measureCell } from '../draw/cells.ts'
import { type Table, table } from '../draw/table.ts'

/** What a run was made with, from its manifest: seed, problems, model, versions, commit, machine. Reads no file. */
export function manifestTable({ manifest }: Run): Table {
  const { name, seed, problems, settings, versions, commit, machine } = manifest
  const { hiddenSize, layers, heads } = settings.model
  const rows = {
    run: `${name}, seed ${seed}`,
    problems: `${problems.source}: ${problems.train} to learn from, ${problems.heldOut} held out`,
    model: `${layers} layers of width ${hiddenSize}, ${heads} heads`,
    versions: `asterism ${versions.asterism}, Node ${versions.node}, ONNX Runtime ${versions.onnxruntime}`,
    commit: commit ?? 'not a checkout',
    machine: `${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, ${machine.platform}`,
  }
  return table(
    Object.entries(rows).map(([what, value]) => ({ what, value })),
    {
      columns: [
        { key: 'what', title: '', align: 'left' },
        { key: 'value', title: 'this run', align: 'left' },
      ],
    },
  )
}

const RUN_FILES: readonly (readonly [path: string, holds: string])[] = [
  ['run.json', 'manifest: seed, settings, versions, machine'],
  ['problems.jsonl', 'problems to learn from'],
  ['held-out.jsonl', 'problems that only evaluation sees'],
  ['tokenizer', 'tokenizer of the embedded model'],
  ['report.json', 'every measure'],
  ['report.html', 'the same as a page that needs nothing else'],
  ['notebooks', 'executed notebooks'],
]

const ROUND_FILES: readonly (readonly [path: string, holds: string])[] = [
  ['trees.jsonl', 'search trees, one line each'],
  ['sft.jsonl', 'trajectories that the policy learned from'],
  ['pairs.jsonl', 'preference pairs'],
  ['grammar.json', 'programs that the grammar learned from'],
  ['policy', 'checkpoint of the policy'],
  ['ppm', 'checkpoint of the PPM'],
  ['metrics.json', 'what was measured'],
  ['sha256.json', 'what each stage wrote, by content'],
]

/**
 * The files of a run that are there, with what they hold and their size in kB. Its folder stands in the title.
 * Errors: a file that vanishes or may not be read meanwhile.
 */
export function runFiles(run: Run): Table {
  const rounds = run.settings.rounds.flatMap(({ round }) =>
    ROUND_FILES.map(([path, holds]) => [`round-${round}/${path}`, holds] as const),
  )
  const rows = [...RUN_FILES, ...rounds].flatMap(([file, holds]) => {
    const path = run.path(file)
    return existsSync(path) ? [{ file, holds, size: sizeOf(path) }] : []
  })
  return table(rows, {
    title: run.path(),
    columns: [
      { key: 'file', align: 'left' },
      { key: 'holds', align: 'left' },
      { key: 'size', title: 'kB', align: 'right', format: (bytes) => countCell(Math.ceil((bytes as number) / 1000)) },
    ],
  })
}

/** Bytes of a file, or of all files below a folder. */
function sizeOf(path: string): number {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

/** rStar-Math (arXiv 2501.04519), percent by round: tables 2, 3 and 6. */
const PAPER = {
  coverage: [60.17, 66.6, 77.86, 90.25], // table 2, all problems
  hardest: [20.99, 56.04, 62.16, 80.58], // table 2, olympiad level
  greedy: [69.6, 73.6, 75.8, 78.4], // table 3, MATH
  system2: [75.2, 86.6, 87.0, 89.4], // table 6, MATH
}

/**
 * A run's measures by round, shares in [0, 1], beside those that the paper reports for the same quantity, in percent
 * (tables 2, 3 and 6). Other problems and other models: what can be compared is how the columns rise, not their level.
 */
export function besidePaper({ rounds }: Report): Table {
  const rows = rounds.flatMap(({ round, coverage, passAt1, system2 }) => {
    const paper = (key: keyof typeof PAPER) => PAPER[key][round - 1]?.toFixed(1)
    return [
      {
        round,
        coverage: measureCell(coverage?.all),
        'paper 2': paper('coverage'),
        hard: measureCell(coverage?.hard),
        'paper 2 olympiad': paper('hardest'),
        greedy: measureCell(passAt1?.all),
        'paper 3': paper('greedy'),
        'System 2': measureCell(system2?.all),
        'paper 6': paper('system2'),
      },
    ]
  })
  return table(rows, {
    width: 120,
    columns: [
      'round',
      'coverage',
      { key: 'paper 2', title: 'paper, %' },
      { key: 'hard', title: 'hard band' },
      { key: 'paper 2 olympiad', title: 'paper, %' },
      { key: 'greedy', title: 'greedy' },
      { key: 'paper 3', title: 'paper, %' },
      'System 2',
      { key: 'paper 6', title: 'paper, %' },
    ],
    note:
      'Paper: table 2 (all problems; olympiad level), table 3 and table 6 (MATH), Qwen2.5-Math-7B. ' +
      'Other problems, other models: compare how the columns rise, not their level.',
  })
}
