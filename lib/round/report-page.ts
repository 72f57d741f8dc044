// report.html of a run: its report with learning curves, Q-value histograms and a few example trees.
import { existsSync } from 'node:fs'
import { BANDS } from '../eval/intervals.ts'
import type { Report } from '../eval/report-schema.ts'
import { writeAtomic } from '../file/atomic.ts'
import { readJson } from '../file/json.ts'
import type { Run } from '../run/run.ts'
import { eachTree } from '../run/trees.ts'
import type { Tree } from '../search/tree.ts'
import { learningCurve } from '../show/views/curves.ts'
import { countQ, qHistogram } from '../show/views/histogram.ts'
import { eachVisitedStep } from '../show/views/q-values.ts'
import { reportHtml } from '../show/views/report-html.ts'
import { treeView } from '../show/views/tree-view.ts'
import type { TrainingLog } from '../train/loop.ts'

/** Writes report.html, one file that needs nothing else. Result: its path. Errors: trees that were changed by hand, a full disk. */
export async function writeReportPage(run: Run, report: Report): Promise<string> {
  const rounds = report.rounds.map(({ round }) => round)
  const path = run.path('report.html')
  const { manifest } = run
  writeAtomic(
    path,
    await reportHtml(report, {
      plots: [...learningCurves(run, rounds), qHistogram(countQ(eachVisitedStep(run, rounds)))],
      trees: exampleTrees(run, rounds),
      provenance: {
        problems: `${manifest.problems.source}: ${manifest.problems.train} to learn from, ${manifest.problems.heldOut} held out`,
        commit: manifest.commit ?? 'not a checkout',
        machine: `${manifest.machine.cores} × ${manifest.machine.cpu}, ${manifest.machine.memoryGb} GB, ${manifest.machine.platform}`,
        node: manifest.versions.node,
        'ONNX Runtime': manifest.versions.onnxruntime,
        again: `asterism evolve --run ${run.name} --seed ${run.seed}`,
      },
    }),
  )
  return path
}

/** Learning curves of the policies and the PPMs of some rounds: loss in nats against steps. None where nothing was trained. */
export function learningCurves(run: Run, rounds: readonly number[]) {
  return (['policy', 'ppm'] as const).flatMap((model) => {
    const runs = rounds.flatMap((round) => {
      const path = run.roundPath(round, `${model}-training.json`)
      if (!existsSync(path)) return []
      const { curve } = readJson<TrainingLog>(path)
      return [{ name: `round ${round}`, points: curve.map(({ step, loss }) => ({ step, loss })) }]
    })
    return runs.length > 0
      ? [learningCurve(runs, { title: `Training loss of the ${model === 'ppm' ? 'PPM' : 'policy'}` })]
      : []
  })
}

/** One solved tree of the last round for each band, the one with most wrong answers beside the right one. */
function exampleTrees(run: Run, rounds: readonly number[]) {
  const last = rounds.at(-1)
  if (last === undefined) return []
  const best = new Map<string, { tree: Tree; wrong: number }>()
  for (const tree of eachTree(run, last)) {
    if (tree.counts.hits === 0) continue
    const wrong = tree.stats.right.filter((right) => right === false).length
    const known = best.get(tree.problem.level)
    const isBetter =
      !known || wrong > known.wrong || (wrong === known.wrong && tree.nodes.length < known.tree.nodes.length)
    if (isBetter) best.set(tree.problem.level, { tree, wrong })
  }
  return BANDS.flatMap((band) => {
    const found = best.get(band)
    return found ? [treeView(found.tree, { maxNodes: 40 })] : []
  })
}
