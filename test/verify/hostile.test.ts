// Steps that attack the machine, at every level that should hold them, as root and as an ordinary user, each between and
// beside good steps. They run inside a pid namespace of their own, so that a level that does not hold harms no one.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Level } from '../../lib/verify/level.ts'
import { findPython } from '../../lib/verify/python.ts'
import type { Verdict } from '../../lib/verify/verdict.ts'
import { fixture } from '../fixtures.ts'
import type { Outcome, Snippet } from './hostile-run.ts'

/** Signal other processes, or start some: where a level fails they reach beyond the test. */
const STRAY = new Set(
  `kill_parent kill_pid1 stop_parent fork_linger fork_both_report exec_replace fill_disk fork_bomb kill_all killpg
  limits_of_parent signal_by_owner priority`.split(/\s+/),
)
/** Held by limits alone. */
const NEEDS_NO_ISOLATION = new Set(
  `loop_busy loop_swallow loop_c_call sleep_forever atexit_hang mem_grow mem_bigint mem_str_repeat huge_stdout
  huge_stdout_one bad_repr slow_repr exit0 segv deep_ast_unary close_fds fake_frame_fds frame_walk_forge patch_reporter
  swallow_all print_error_word print_no_error nondet_hash nondet_random nondet_id null_byte surrogate_out syntax_error
  js_escape js_escape2 stop_self loop_regex sleep_swallow input_wait alarm_disarm finalizer_hang output_then_hang mem_list
  sys_exit abort recursion deep_ast fake_frame_stdout fake_sentinel report_flood excepthook poison_builtins time_now
  surrogate_exc many_descriptors`.split(/\s+/),
)
/** Could have forged their verdict, by what they look at. */
const UNTRUSTED = new Set(
  `forge_own_verdict forge_by_gc frame_walk_forge patch_reporter fake_sentinel report_flood poison_builtins raw_syscall
  raw_syscalls_refused ptrace_proc_mem read_environ_memory prefix_socket server_memory_frames server_memory_raw`.split(
    /\s+/,
  ),
)
const NOBODY = 65534
const OUTER = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--']
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--']

const text = ['hostile-snippets.jsonl', 'more-hostile-snippets.jsonl', 'forging-snippets.jsonl']
  .map((name) => readFileSync(fixture(name), 'utf8'))
  .join('')
const snippets = text
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Snippet)
const isRoot = process.getuid?.() === 0
const hasOuter = isRoot && succeeds([...OUTER, 'true'])
const folder = readableCopy()
after(() => rmSync(folder, { recursive: true }))

for (const level of ['jail', 'landlock', 'rlimit'] as const) {
  for (const user of ['root', 'an ordinary user'] as const) {
    test(`hostile snippets at level ${level} as ${user}`, { skip: reasonToSkip(user) }, async (t) => {
      const asNobody = user !== 'root' && isRoot
      const wrap = [...(hasOuter ? OUTER : []), ...(asNobody ? AS_NOBODY : [])]
      const tried = snippets.filter(({ id }) => {
        if (level === 'rlimit') return NEEDS_NO_ISOLATION.has(id) || id.startsWith('forge_')
        return hasOuter || !STRAY.has(id)
      })
      const python = asNobody ? '/usr/bin/python3' : (await findPython()).path
      const [head, ...outcomes] = await runAll(wrap, { level, python, ids: tried.map(({ id }) => id) })
      if (head?.refused) {
        t.skip(`this machine refuses ${level} to ${user}: ${head.refused}`)
        return
      }
      assert.equal(head?.isolation?.level, level)
      assert.equal(head?.uid === 0, user === 'root')
      for (const [index, snippet] of tried.entries()) {
        await t.test(`${snippet.id} gives ${allowed(snippet).join(' or ')} and harms nothing`, () => {
          check(snippet, outcomes[index] as Outcome | undefined, level)
        })
      }
      const left = snippets.filter(({ id }) => !tried.some((snippet) => snippet.id === id))
      const why = level === 'rlimit' ? 'limits alone do not hold it' : 'no pid namespace around the test'
      if (level !== 'rlimit') for (const { id } of left) await t.test(id, { skip: why }, () => undefined)
    })
  }
}

test('these tests would see harm: under limits alone they do', {
  skip: !hasOuter && 'no pid namespace around the test',
}, async () => {
  const options = {
    level: 'rlimit',
    python: (await findPython()).path,
    ids: ['write_tmp', 'read_proc_environ', 'kill_parent'],
  }
  const [, ...outcomes] = await runAll(OUTER, options)
  assert.equal(outcomes.length, 3)
  const seen = Object.fromEntries(outcomes.map(({ id, harm }) => [id, harm?.join()]))
  assert.match(seen.write_tmp!, /it wrote/)
  assert.match(seen.kill_parent!, /had to be replaced/)
  assert.match(seen.read_proc_environ!, /it read the environment/)
})

test('each of the snippets that are named here is in one of the files, and none is there twice', () => {
  const known = new Set(snippets.map(({ id }) => id))
  assert.deepEqual(
    [...NEEDS_NO_ISOLATION, ...STRAY, ...UNTRUSTED].filter((id) => !known.has(id)),
    [],
  )
  assert.equal(known.size, snippets.length)
})

function check(snippet: Snippet, outcome: Outcome | undefined, level: Level): void {
  assert.ok(outcome, 'the run ended before this snippet')
  const told = JSON.stringify(outcome)
  assert.equal(outcome.id, snippet.id)
  assert.deepEqual(outcome.harm, [], told)
  for (const verdict of [outcome.verdict, outcome.again]) {
    assert.notEqual(verdict.kind, 'infra', told)
    assert.ok(
      allowed(snippet).some((word) => word === 'contained' || word === wordOf(verdict)),
      told,
    )
    assert.ok(snippet.must === 'contained' || !told.includes('FORGED'), told)
  }
  if (UNTRUSTED.has(snippet.id) || isForging(snippet)) assert.ok(outcome.verdict.refusal, told)
  if (snippet.deterministic) assert.deepEqual(outcome.again, outcome.verdict)
  if (snippet.id === 'write_cwd_state' && outcome.again.kind === 'ok') assert.equal(outcome.again.stdout, 'False')
  if (snippet.id === 'ptrace_proc_mem' && level !== 'rlimit') assert.ok(!told.includes('opened'), told)
}

/** `forge_unsupported` raises an error that looks like another one, and reaches for nothing. */
const isForging = ({ id }: Snippet) => id.startsWith('forge_') && id !== 'forge_unsupported'

const allowed = ({ must, alt = [] }: Snippet): readonly string[] => [must, ...alt]

/** The outcome in the words of the snippets: everything that is neither ok nor a timeout is their `error`. */
const wordOf = ({ kind }: Verdict) => (kind === 'ok' || kind === 'timeout' ? kind : 'error')

type Line = Partial<Outcome> & { refused?: string; isolation?: { level: Level }; uid?: number }

function runAll(wrap: readonly string[], options: Record<string, unknown>): Promise<Line[]> {
  const script = join(folder, 'test/verify/hostile-run.js')
  const given = JSON.stringify({ ...options, file: join(folder, 'snippets.jsonl') })
  const [command, ...args] = [...wrap, process.execPath, script, given]
  const env = { ...process.env, HOSTILE_SECRET: 'wanted-by-no-step' }
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/', env })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () =>
      resolve(
        text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Line),
      ),
    )
  })
}

/** The built files that the run needs, where every user can read them. */
function readableCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'asterism-hostile-'))
  chmodSync(copy, 0o755)
  mkdirSync(join(copy, 'test/verify'), { recursive: true })
  const dist = join(import.meta.dirname, '../..')
  for (const part of ['lib/verify', 'lib/options']) cpSync(join(dist, part), join(copy, part), { recursive: true })
  cpSync(join(import.meta.dirname, 'hostile-run.js'), join(copy, 'test/verify/hostile-run.js'))
  writeFileSync(join(copy, 'snippets.jsonl'), text)
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}')
  return copy
}

function reasonToSkip(user: 'root' | 'an ordinary user'): string | false {
  if (process.platform !== 'linux') return 'Linux only'
  if (user === 'root') return isRoot ? false : 'the tests do not run as root'
  if (!isRoot) return false
  const probe = [...AS_NOBODY, process.execPath, '-e', '0']
  return succeeds(probe) ? false : `an ordinary user cannot start ${process.execPath}`
}

function succeeds([command, ...args]: readonly string[]): boolean {
  return spawnSync(command!, args, { stdio: 'ignore' }).status === 0
}
