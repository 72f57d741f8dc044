import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRawOrder, markText } from '../../../kernel/user/raw-order.ts'

function recorded() {
  const passed: string[] = []
  const order = createRawOrder<string>(
    (frame) => void passed.push(frame),
    (_name, text) => void passed.push(`"${text}"`),
  )
  return { passed, order }
}

test('a frame waits for the raw text before its mark, and those after it keep their order', () => {
  const { passed, order } = recorded()
  order.frame('first', null)
  order.frame('marked', 1)
  order.frame('reply', null)
  order.raw('stdout', `late${markText(1)}`)
  assert.deepEqual(passed, ['first', '"late"'])
  order.raw('stderr', markText(1))
  assert.deepEqual(passed, ['first', '"late"', 'marked', 'reply'])
})

test('a mark that comes in pieces is found, and text that resembles one is printed', () => {
  const { passed, order } = recorded()
  const [head, tail] = [markText(12).slice(0, 5), markText(12).slice(5)]
  order.raw('stdout', `a${head}`)
  order.raw('stdout', `${tail}b\0as`)
  order.raw('stdout', 'ide')
  order.raw('stderr', `c${markText(12)}`)
  order.frame('marked', 12)
  assert.equal(passed.join(''), '"a""b""\0aside""c"marked')
})

test('at the end of the process nothing is held back', () => {
  const { passed, order } = recorded()
  order.frame('marked', 1)
  order.frame('reply', null)
  order.end()
  assert.deepEqual(passed, ['marked', 'reply'])
})
