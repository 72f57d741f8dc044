// `npm start`: from a fresh clone to a finished run. Installs and builds, then runs the notebooks of the four rounds
// and of the results through our own kernel, with live progress, and prints the tables. Going on after a stop: the
// same command again. `npm start -- --help` lists the options.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { install, root } from './install.mjs'

const HELP = `npm start [-- options]   four rounds of self-evolution, notebook by notebook

  --run NAME    name of the run: its folder below runs/ (default: default)
  --seed N      decides everything random (default: 1)
  -p KEY=VALUE  a parameter of the round notebooks, e.g. -p 'set=["heldOut=10"]' (may be repeated)
  --help        this text`

const NOTEBOOKS = ['round-1', 'round-2', 'round-3', 'round-4', 'results']

const { run, seed, parameters } = readArguments()
const started = performance.now()
await install()

const launcher = join(root, 'lib/cli/asterism.mjs')
const folder = join('runs', run)
mkdirSync(join(root, folder, 'notebooks'), { recursive: true })
for (const name of NOTEBOOKS) {
  const out = join(folder, 'notebooks', `${name}.ipynb`)
  const flags = [`run=${run}`, `seed=${seed}`, ...(name === 'results' ? [] : parameters)].flatMap((p) => ['-p', p])
  console.log(`\n━━━ notebooks/${name}.ipynb → ${out} ${'━'.repeat(Math.max(0, 56 - 2 * name.length))}`)
  asterism('run', join('notebooks', `${name}.ipynb`), ...flags, '--out', out)
}
console.log()
asterism('report', run)
console.log(`notebooks  ${relative(process.cwd(), join(root, folder, 'notebooks'))}/`)
console.log(`\n${((performance.now() - started) / 60_000).toFixed(1)} minutes in all, install included.`)

function asterism(...args) {
  const { status, signal } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ASTERISM_TYPECHECK: 'off', ...process.env, ASTERISM_NO_BUILD: '1' }, // the tests check these notebooks' types
  })
  if (status === 0) return
  console.error(`\nStopped (${signal ?? `exit code ${status}`}). The same command goes on where this one ended.`)
  process.exit(status ?? 1)
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        run: { type: 'string', default: 'default' },
        seed: { type: 'string', default: '1' },
        parameter: { type: 'string', short: 'p', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(HELP)
      process.exit(0)
    }
    return { run: values.run, seed: values.seed, parameters: values.parameter }
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`)
    process.exit(1)
  }
}
