// What a line of `asterism verify` may say, and what is said back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Execution } from '../../lib/verify/execution.ts'
import { readProgram, verdictLine } from '../../lib/verify/program-lines.ts'

test('code is one step; steps are texts or objects with a text; the last one is final', () => {
  assert.deepEqual(readProgram('{"id": 3, "code": "print(1)"}'), { id: 3, steps: [{ text: 'print(1)', final: true }] })
  assert.deepEqual(readProgram('{"id": "a", "steps": ["x = 1", {"text": "print(x)", "q": 0.5}]}').steps, [
    { text: 'x = 1', final: false },
    { text: 'print(x)', final: true },
  ])
})

test('a line that is no program says what was expected and what came', () => {
  const wrong: [string, RegExp][] = [
    ['nope', /^expected \{"id": …, "code": "…"\} or .*, got nope, which is no JSON$/],
    ['[1]', /got \[1\]$/],
    ['null', /got null$/],
    ['{"code": "x"}', /got no id$/],
    ['{"id": {}, "code": "x"}', /got the id \{\}$/],
    ['{"id": 1}', /got neither code nor steps$/],
    ['{"id": 1, "code": "x", "steps": ["x"]}', /got both code and steps$/],
    ['{"id": 1, "steps": []}', /^expected "steps" to be a list of one or more, got \[\]$/],
    ['{"id": 1, "steps": "x"}', /^expected "steps" to be a list of one or more, got "x"$/],
    ['{"id": 1, "code": 5}', /^expected Python as text, got 5$/],
    ['{"id": 1, "steps": [{}]}', /^expected Python as text, got \{\}$/],
  ]
  for (const [line, message] of wrong) assert.throws(() => readProgram(line), { message })
})

const execution = (verdict: Execution['verdict']): Execution => ({
  verdict,
  step: 1,
  stdout: 'said\n',
  cpuMs: 3,
  wallMs: 4,
  maxRssMb: 14,
  flags: null,
  limits: { cpuMs: 100, wallMs: 1000, memoryMb: 64, outputBytes: 100 },
  isolation: { level: 'jail', inner: 'jail', wrap: [], ownUid: true, python: '3.11.7', sympy: null, refused: [] },
})

test('a verdict line has the same fields whatever came of it', () => {
  const ok = verdictLine('a', execution({ kind: 'ok', stdout: 'said' }))
  const error = verdictLine('b', execution({ kind: 'error', errorType: 'KeyError', message: "'k'", line: 2 }))
  const timeout = verdictLine('c', execution({ kind: 'timeout', clock: 'cpu', limitMs: 100 }))
  assert.deepEqual([ok.level, ok.python, ok.sympy], ['jail', '3.11.7', null])
  assert.deepEqual([ok.verdict, ok.errorType, ok.message, ok.failedStep, ok.stdout], ['ok', null, null, null, 'said\n'])
  assert.deepEqual([error.errorType, error.message, error.line, error.failedStep], ['KeyError', "'k'", 2, 1])
  assert.deepEqual([timeout.errorType, timeout.message], [null, 'more than 100 ms of cpu time'])
  assert.deepEqual(Object.keys(ok), Object.keys(error))
  assert.deepEqual(Object.keys(ok), Object.keys(timeout))
})
