// What the search itself costs: policy, verifier and PPM answer at once, so all the time is ours. `--trees N` sets how
// many. Prints one JSON line.
import { ppmAugmented } from '../lib/annotate/ppm-augmented.ts'
import { terminalGuided } from '../lib/annotate/terminal-guided.ts'
import { preferencePairs } from '../lib/pairs/preference-pairs.ts'
import { sftExamples } from '../lib/pairs/sft-examples.ts'
import type { Policy, Proposal } from '../lib/policy/contract.ts'
import type { Ppm } from '../lib/policy/ppm-contract.ts'
import { numericGrader } from '../lib/problem/numeric-grader.ts'
import type { Problem } from '../lib/problem/problem.ts'
import { writeTree } from '../lib/search/record.ts'
import { searchProblems } from '../lib/search/schedule.ts'
import type { Tree } from '../lib/search/tree.ts'
import { below, random } from '../lib/seed/random.ts'
import type { Verifier } from '../lib/verify/contract.ts'

const OPERATORS = ['+', '-', '*', '//']

/** Programs of 3 to 6 steps, 4 operators and 5 numbers to choose from at each. */
const policy: Policy = {
  name: 'instant',
  batchSize: 64,
  propose: async (requests) =>
    requests.map(({ prefix, count, seed }) => {
      const rng = random(seed, 'bench')
      return Array.from({ length: count }, (): Proposal => {
        const { length } = prefix.steps
        if (length === 0) return { text: `start = ${below(rng, 5)}`, final: false, tokens: 6 }
        if (length > 4 || (length > 1 && rng() < 0.3)) return { text: 'print(now)', final: true, tokens: 5 }
        const text = `now = now ${OPERATORS[below(rng, 4)]} ${below(rng, 5)}`
        return { text, final: false, tokens: 9 }
      })
    }),
  dispose: async () => undefined,
}

const verifier: Verifier = {
  executions: 0,
  verify: async (steps, candidates) =>
    candidates.map(({ final }) => ({ kind: 'ok', stdout: final ? String(steps.length) : '' })),
  dispose: async () => undefined,
}

const ppm: Ppm = {
  name: 'instant',
  batchSize: 64,
  score: async (requests) => requests.map(({ candidates }) => candidates.map(({ text }) => (text.length % 7) / 7)),
  dispose: async () => undefined,
}

export interface SearchBench {
  readonly guide: string
  readonly trees: number
  readonly treesPerSecond: number
  readonly microsecondsPerNode: number
  readonly meanPolicyFill: number
  /** Microseconds per node for records, SFT examples and pairs of the finished trees. */
  readonly afterwardsMicrosecondsPerNode: number
}

/** Searches `trees` problems with 16 rollouts of 8 candidates each. */
export async function benchSearch(trees: number): Promise<SearchBench[]> {
  const problems = Array.from(
    { length: trees },
    (_, i): Problem => ({ id: `p${i}`, question: 'q', answer: '3', level: 'easy', source: 'bench' }),
  )
  const results: SearchBench[] = []
  for (const annotator of [terminalGuided(), ppmAugmented(ppm)]) {
    const search = searchProblems(problems, { policy, verifier, annotator, grader: numericGrader })
    const grown: Tree[] = []
    const start = performance.now()
    for await (const { tree } of search) grown.push(tree)
    const searched = performance.now()
    JSON.stringify(grown.map(writeTree))
    sftExamples(grown)
    for (const tree of grown) preferencePairs(tree)
    const afterwards = performance.now() - searched
    const nodes = grown.reduce((sum, tree) => sum + tree.nodes.length, 0)
    results.push({
      guide: annotator.name,
      trees,
      treesPerSecond: round((trees * 1000) / (searched - start)),
      microsecondsPerNode: round(((searched - start) * 1000) / nodes),
      meanPolicyFill: round(search.statistics().policy.meanFill ?? 0),
      afterwardsMicrosecondsPerNode: round((afterwards * 1000) / nodes),
    })
  }
  return results
}

const round = (value: number): number => Number(value.toPrecision(3))

if (process.argv[1] && import.meta.filename === process.argv[1]) {
  const at = process.argv.indexOf('--trees')
  console.log(JSON.stringify(await benchSearch(at === -1 ? 1000 : Number(process.argv[at + 1]))))
}
