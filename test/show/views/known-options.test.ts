import assert from 'node:assert/strict'
import test from 'node:test'
import { table } from '../../../lib/show/draw/table.ts'
import { learningCurve, roundBars, roundCurve, scalingCurve } from '../../../lib/show/views/curves.ts'
import { verify } from '../../../lib/show/views/execution-view.ts'
import { explain } from '../../../lib/show/views/explain.ts'
import { qHistogram } from '../../../lib/show/views/histogram.ts'
import { actionTable, proposalTable } from '../../../lib/show/views/problem-views.ts'
import { visitedSteps } from '../../../lib/show/views/q-values.ts'
import { scoreHistogram } from '../../../lib/show/views/scores.ts'
import { solvedCurve } from '../../../lib/show/views/solved-curve.ts'
import { trajectoryTable, unsolvedTable } from '../../../lib/show/views/tree-tables.ts'
import { treeView } from '../../../lib/show/views/tree-view.ts'

type Options = Record<string, unknown>

/** Each call, a misspelt option of it, and the one that was meant. */
const CALLS: Readonly<Record<string, [call: (options: Options) => unknown, misspelt: string, meant: string]>> = {
  table: [(options) => table([], options), 'colums', 'columns'],
  learningCurve: [(options) => learningCurve([], options), 'tilte', 'title'],
  roundCurve: [(options) => roundCurve([], 'coverage', options), 'basline', 'baseline'],
  roundBars: [(options) => roundBars([], options), 'bands', 'band'],
  scalingCurve: [(options) => scalingCurve([], options), 'heigth', 'height'],
  qHistogram: [(options) => qHistogram([], options), 'bin', 'bins'],
  scoreHistogram: [(options) => scoreHistogram({ right: [], wrong: [] }, options), 'picure', 'picture'],
  solvedCurve: [(options) => solvedCurve({}, options), 'titel', 'title'],
  treeView: [(options) => treeView({ nodes: [] }, options), 'maxnodes', 'maxNodes'],
  unsolvedTable: [(options) => unsolvedTable([], options), 'row', 'rows'],
  trajectoryTable: [(options) => trajectoryTable([], options), 'likelyhood', 'likelihood'],
  proposalTable: [(options) => proposalTable([], [], options), 'row', 'rows'],
  actionTable: [(options) => actionTable('', [], [], options), 'row', 'rows'],
  visitedSteps: [(options) => visitedSteps({} as never, [], options), 'leastRollout', 'leastRollouts'],
  explain: [(options) => explain([], options), 'expansion', 'expansions'],
  verify: [(options) => verify('', options), 'twize', 'twice'],
}

for (const [name, [call, misspelt, meant]] of Object.entries(CALLS))
  test(`${name} refuses an option that it does not have, with the nearest that it has`, async () => {
    const expected = {
      name: 'TypeError',
      message: new RegExp(`options of \`${name}\`.*got \`${misspelt}\`\\. Did you mean \`${meant}\`\\?$`),
    }
    await assert.rejects(async () => call({ [misspelt]: 1 }), expected)
  })

test('an option that resembles none is refused without a guess', () => {
  assert.throws(() => treeView({ nodes: [] }, { zzzzzzzzzz: 1 } as never), /got `zzzzzzzzzz`\.$/)
})
