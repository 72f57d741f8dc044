import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSync } from 'oxc-parser'
import { decodeMappings, originOf } from '../../../kernel/cell/position-table.ts'
import type { Node } from '../../../kernel/cell/scope.ts'
import { conditionOf, statementLine } from '../../../kernel/debug/breakpoints.ts'
import { isInsideCatch } from '../../../kernel/debug/caught.ts'
import { HASH_SEED, murmur2 } from '../../../kernel/debug/cell-path.ts'
import { toExpression, toJavaScript } from '../../../kernel/debug/expression.ts'

test('the hash of a text is the one that other kernels and JupyterLab compute, over UTF-8', () => {
  assert.equal(murmur2('', 0), 0)
  // Values of ipykernel's murmur2_x86.
  const known = { '': 3990065800, a: 2167009006, ab: 2805137849, abc: 3350977461, 'const x = 1': 1005667695 }
  for (const [text, hash] of Object.entries(known)) assert.equal(murmur2(text, HASH_SEED), hash, text)
  assert.equal(murmur2('naïve 𝔸 cell\n\tend', HASH_SEED), 795052487)
})

test('a source map decodes to its segments; code in front of a statement comes from that statement', () => {
  const rows = decodeMappings('AAEA,OAAO;CAC1C')
  assert.deepEqual(rows.slice(0, 2), [
    [0, 0, 2, 0],
    [0, 7, 2, 7],
  ])
  const table = [1, 4, 0, 0, 1, 9, 0, 5, 3, 0, 2, 0]
  assert.deepEqual(originOf(table, 1, 0), { line: 1, column: 1 })
  assert.deepEqual(originOf(table, 1, 10), { line: 1, column: 6 })
  assert.deepEqual(originOf(table, 3, 2), { line: 3, column: 1 })
  assert.equal(originOf(table, 2, 0), null)
  assert.equal(originOf(table, 0, 0), null)
})

test('an expression loses its types and reads renamed bindings', () => {
  const binding = (name: string): string => (name === 'URL' ? '$cell_URL' : name)
  assert.equal(toExpression('(x as number) + 1'), 'x + 1')
  assert.match(toJavaScript('{ URL }', binding), /URL: \$cell_URL/)
  assert.match(toJavaScript('const n: number = 1; n'), /^const n = 1;/)
  assert.throws(() => toExpression('i >'), SyntaxError)
})

test('condition, hit count and log point become one expression; a wrong one is refused', () => {
  assert.equal(conditionOf(1, { line: 1 }), '')
  assert.equal(
    conditionOf(1, { line: 1, condition: 'a > 1', hitCondition: '>= 2' }),
    '(a > 1) && $asterism.debug.hit(1, ">=", 2)',
  )
  assert.equal(conditionOf(1, { line: 1, logMessage: 'a {b}' }), '($asterism.debug.log(["a ", (b), ""]), false)')
  assert.throws(() => conditionOf(1, { line: 1, hitCondition: 'often' }), /Expected a hit condition such as/)
})

test('the line of a breakpoint is the first at or after it on which something runs', () => {
  const text = 'type A = 1\nfunction f() {\n\n  return 1\n}\nimport "x"\nf()\n'
  const lines = [1, 2, 3, 4, 5, 7, 8].map((line) => statementLine(text, line))
  assert.deepEqual(lines, [4, 4, 4, 4, 7, 7, null])
  assert.equal(statementLine('const =', 1), null)
})

test('a place is caught inside a try with a catch, or in front of one, within its own function', () => {
  const isCaught = (text: string): boolean =>
    isInsideCatch(parseSync('x.js', text).program as unknown as Node, text.indexOf('HERE'))
  assert.ok(isCaught('try { HERE() } catch {}'))
  assert.ok(isCaught('HERE().catch(() => 0)'))
  assert.ok(isCaught('HERE().then(f, g)'))
  assert.ok(!isCaught('HERE().then(f)'))
  assert.ok(!isCaught('try { } catch { HERE() }'))
  assert.ok(!isCaught('try { HERE() } finally {}'))
  assert.ok(!isCaught('try { later(() => { HERE() }) } catch {}'))
})
