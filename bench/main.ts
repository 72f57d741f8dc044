// `npm run bench`: measures each figure that the README quotes, on this machine, and prints it as a line of JSON and as
// a row of a table. Which ones is said by name; without names, those that take seconds.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Figure, figureTable, plain } from './figure.ts'
import { sideBySide } from './side-by-side.ts'

const HELP = `npm run bench [-- names… options]   measures the figures of the README on this machine

  train      training tokens a second at two sizes, beside a plain graph          about 40 s
  sample     sampled tokens a second, beside one sequence at a time               about 20 s
  search     cost of the tree search itself, with instant models                  about 10 s
  verify     steps of Python a second and their latency, beside python3 -c        about 80 s
  soak       100,000 steps of Python: do memory, descriptors, processes grow?     minutes
  memory     does memory grow with the problems? 1,000 and 10,000 of them         minutes
  kernel     the notebook kernel, beside ipykernel, tslab and deno on PATH        some minutes
  resume     killed at random moments and resumed: the same files?                some minutes
  loop       four rounds for each seed against all targets                        minutes for each seed
  gsm8k      round 1 on a file of real problems (--problems)                      some minutes
  start      npm start on a fresh clone of the last commit, install included      minutes

  Without names: train sample search verify.

  --seeds 1,2,3      seeds of loop (default: 1,2,3)
  --run NAME         loop: measure this finished run instead of a new one (may be repeated)
  --runs FOLDER      loop: folder of the runs (default: runs for finished ones, a temporary one for new ones)
  --set KEY=VALUE    loop, gsm8k: change a setting (may be repeated)
  --problems FILE    gsm8k: the file, e.g. ../shared/data/gsm8k-train.jsonl
  --limit N          gsm8k: problems of the file (default: 300)
  --executions N     soak: how many steps (default: 100000)
  --kills N          resume: how often to kill (default: 10)
  --json FILE        write the figures to FILE as one JSON list, instead of printing lines of JSON
  --help             this text`

const QUICK = ['train', 'sample', 'search', 'verify']

const readArguments = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: 'string', default: '1,2,3' },
      run: { type: 'string', multiple: true },
      runs: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      problems: { type: 'string' },
      limit: { type: 'string', default: '300' },
      executions: { type: 'string', default: '100000' },
      kills: { type: 'string', default: '10' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })

type Values = ReturnType<typeof readArguments>['values']

const log = (line: string) => console.error(`  ${line}`)

/** Each bench loads only what it needs, so that one that fails to load stops no other. */
const BENCHES: Readonly<Record<string, (values: Values) => Promise<Figure[]>>> = {
  train: async () => (await import('./train.ts')).trainFigures(),
  sample: async () => (await import('./sample.ts')).sampleFigures(),
  search: searchFigures,
  verify: async () => (await import('./verify.ts')).verifierFigures(),
  soak: async ({ executions }) =>
    (await import('./soak.ts')).soakFigures({ executions: integer('executions', executions), log }),
  memory: async () => (await import('./memory.ts')).memoryFigures({ log }),
  kernel: async () => (await import('./kernel.ts')).kernelFigures({ log }),
  resume: async ({ kills }) => (await import('./resume.ts')).resumeFigures({ kills: integer('kills', kills), log }),
  loop: async ({ seeds, run, runs, set }) =>
    (await import('./loop.ts')).loopFigures({
      seeds: seeds.split(',').map((seed) => integer('seeds', seed)),
      args: settings(set),
      log,
      ...(run && { runs: run }),
      ...(runs !== undefined && { folder: runs }),
    }),
  gsm8k: async ({ problems, limit, set }) => {
    if (problems === undefined)
      throw new Error('Expected the file of problems for gsm8k: --problems ../shared/data/gsm8k-train.jsonl')
    return (await import('./loop.ts')).fileFigures(problems, {
      limit: integer('limit', limit),
      args: settings(set),
      log,
    })
  },
  start: async () => (await import('./loop.ts')).startFigures({ log }),
}

const settings = (set: readonly string[]): string[] => set.flatMap((each) => ['--set', each])

async function searchFigures(): Promise<Figure[]> {
  const { benchSearch } = await import('./search.ts')
  return (await benchSearch(500)).flatMap((result) => {
    const given = { bench: 'search', of: result.guide, how: `${result.trees} trees, instant policy, PPM and Python` }
    return [
      plain({ ...given, figure: 'own time a node', measured: result.microsecondsPerNode, unit: 'µs' }),
      plain({ ...given, figure: 'trees', measured: result.treesPerSecond, unit: '1/s' }),
      plain({ ...given, figure: 'fill of policy batches', measured: result.meanPolicyFill, unit: 'share' }),
      plain({
        ...given,
        figure: 'records, examples and pairs, a node',
        measured: result.afterwardsMicrosecondsPerNode,
        unit: 'µs',
      }),
    ]
  })
}

function integer(option: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < 0)
    throw new Error(`Expected whole numbers from 0 up for --${option}, got "${text}"`)
  return value
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments()
  if (values.help) return console.log(HELP)
  const names = positionals.length > 0 ? positionals : QUICK
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name))
  if (unknown !== undefined)
    throw new Error(`Expected names out of ${Object.keys(BENCHES).join(', ')}; got "${unknown}"`)
  const figures: Figure[] = []
  for (const name of names) {
    console.error(`${name} …`)
    const measured = await BENCHES[name]!(values)
    figures.push(...measured)
    if (values.json === undefined) for (const figure of measured) console.log(JSON.stringify(figure))
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`)
  const compared = (figure: Figure): boolean => figure.bench === 'kernel'
  const others = figures.filter((figure) => !compared(figure))
  if (others.length > 0) console.log(`\n${figureTable(others)}`)
  if (figures.some(compared)) console.log(`\n${sideBySide(figures.filter(compared))}`)
}

main().catch((error: Error) => {
  console.error(process.env.ASTERISM_DEBUG ? error.stack : error.message)
  process.exitCode = 1
})
