import assert from 'node:assert/strict'
import { test } from 'node:test'
import { helpQuestion } from '../../../kernel/cell/help-question.ts'

test('a name with question marks on either side asks for help; anything else is a cell', () => {
  assert.deepEqual(helpQuestion('a.b??'), { name: 'a.b', detail: 1 })
  assert.deepEqual(helpQuestion(' ?$große \n'), { name: '$große', detail: 0 })
  for (const code of ['', '?', 'a', 'a?.b', 'a ? b : c', '?a?', 'a.?', '1?'])
    assert.equal(helpQuestion(code), null, code)
})
