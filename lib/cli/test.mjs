// `npm test`: installs what is missing, then types, lint, format and every test; the last line counts them.
// Arguments narrow it down: `npm test -- engine kernel/cell` runs only the tests of that folder and that file (and no
// checks); a leading `test/` and the ending `.test.ts` may stay.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { install, root } from './install.mjs'

await install()
const folders = process.argv.slice(2).map((name) => name.replace(/^test\//, '').replace(/\.test\.ts$/, ''))
if (folders.length === 0) {
  check('types', 'node_modules/typescript/bin/tsc', ['--noEmit'])
  check('lint and format', 'node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.'])
}

const tests = join(root, 'dist', 'test')
const files = readdirSync(tests, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => folders.length === 0 || folders.some((folder) => file.startsWith(folder)))
  .sort()
  .map((file) => join(tests, file))

process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim()
process.env.ASTERISM_NO_BUILD = '1'
process.env.ASTERISM_TYPECHECK = 'off' // a checker for each kernel would cost more than the tests; its own tests set it
process.env.ASTERISM_WEAK_ISOLATION ??= '1' // the tests run only steps of their own; those that need more ask for it
const counts = { passed: 0, failed: 0, skipped: 0 }
const stream = run({ files, concurrency: 2, timeout: 15 * 60_000 })
const count = (kind) => (event) => {
  if (event.details?.type === 'suite') return
  counts[event.skip !== undefined ? 'skipped' : kind]++
}
stream.on('test:pass', count('passed'))
stream.on('test:fail', count('failed'))
stream.compose(new spec()).pipe(process.stdout)
stream.on('end', () => {
  process.on('exit', () => {
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  })
  process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0
})

function check(what, script, args) {
  const started = performance.now()
  const result = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit' })
  if (result.status !== 0) {
    console.error(`\n${what}: not clean (see above)`)
    process.exit(1)
  }
  console.log(`${what}: clean (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}
