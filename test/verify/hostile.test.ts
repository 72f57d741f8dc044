// Steps that misbehave, each between two good ones. Only those that a process with limits contains: what forks, kills,
// writes, deletes or connects needs a jail and is not run here.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Verdict } from '../../lib/verify/verdict.ts'
import { openVerifier, type PythonVerifier } from '../../lib/verify/verifier.ts'
import { fixture } from '../fixtures.ts'
import { step } from './generated-steps.ts'

interface Snippet {
  id: string
  code: string
  must: string
  alt?: string[]
}

const NEEDS_NO_JAIL = new Set(
  `loop_busy loop_swallow loop_c_call sleep_forever atexit_hang mem_grow mem_bigint mem_str_repeat huge_stdout
  huge_stdout_one bad_repr slow_repr exit0 segv deep_ast_unary close_fds fake_frame_fds frame_walk_forge patch_reporter
  swallow_all print_error_word print_no_error nondet_hash nondet_random nondet_id null_byte surrogate_out syntax_error
  js_escape js_escape2 stop_self`.split(/\s+/),
)

const snippets = readFileSync(fixture('hostile-snippets.jsonl'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Snippet)

let verifier: PythonVerifier
before(async () => {
  verifier = await openVerifier({ processes: 1, cache: false, limits: { cpuMs: 300, wallMs: 3_000, memoryMb: 256 } })
})
after(() => verifier.dispose())

/** The outcome in the words of the snippets: everything that is neither ok nor a timeout is their `error`. */
const outcome = ({ kind }: Verdict) => (kind === 'ok' || kind === 'timeout' ? kind : 'error')

for (const { id, code, must, alt = [] } of snippets.filter(({ id }) => NEEDS_NO_JAIL.has(id))) {
  test(`${id} gives ${[must, ...alt].join(' or ')}, and good steps before and after it are ok`, async () => {
    const good = async (n: number) =>
      assert.deepEqual(
        await verifier.verify([step('a = 40')], [step(`print(a + ${n})`), step(`for i in [a]: print(i + ${n})`)]),
        [
          { kind: 'ok', stdout: String(40 + n) },
          { kind: 'ok', stdout: String(40 + n) },
        ],
      )
    await good(2)
    const [verdict] = await verifier.verify([step('a = 40')], [step(code)])
    assert.notEqual(verdict!.kind, 'infra')
    assert.ok([must, ...alt].includes(outcome(verdict!)), JSON.stringify(verdict))
    assert.ok(!JSON.stringify(verdict).includes('FORGED'), JSON.stringify(verdict))
    await good(3)
  })
}

test('each of these snippets is in the file', () => {
  const known = new Set(snippets.map(({ id }) => id))
  assert.deepEqual(
    [...NEEDS_NO_JAIL].filter((id) => !known.has(id)),
    [],
  )
})
