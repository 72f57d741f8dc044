import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLiveView, duration } from '../../../kernel/notebook/live-view.ts'

function view(isTty: boolean, columns = 40) {
  let text = ''
  const terminal = {
    write: (more: string) => {
      text += more
    },
    isTty,
    columns: () => columns,
  }
  return { view: createLiveView(terminal), text: () => text }
}
const shown = (id: string, text: string) => ({ data: { 'text/plain': text }, transient: { display_id: id } })

test('where lines cannot be redrawn, a display appears first and in its final state', () => {
  const { view: live, text } = view(false)
  live.cellStarts(1, 2, '\n  const a = 1\nb')
  live.output('display_data', shown('x', '0/9'))
  for (let i = 1; i <= 9; i++) live.output('update_display_data', shown('x', `${i}/9`))
  live.cellEnds(0, false)
  assert.equal(text(), '[1/2] const a = 1\n    0/9\n    9/9\n')
})

test('on a terminal the last display is redrawn in place; below other output it is not', () => {
  const { view: live, text } = view(true)
  live.cellStarts(1, 1, 'x')
  live.output('display_data', shown('x', 'one\ntwo'))
  live.output('update_display_data', shown('x', 'three'))
  assert.ok(text().endsWith('    one\n    two\n\x1b[2A\x1b[0J    three\n'))
  live.output('stream', { name: 'stdout', text: 'between\n' })
  live.output('update_display_data', shown('x', 'four'))
  assert.ok(text().endsWith('    between\n'))
  live.cellEnds(0, false)
  assert.ok(text().endsWith('    between\n    four\n'))
})

test('a line wider than the terminal is cut, so that redrawing counts rows rightly', () => {
  const { view: live, text } = view(true, 30)
  live.cellStarts(1, 1, 'x'.repeat(99))
  live.output('display_data', shown('x', 'y'.repeat(99)))
  live.cellEnds(0, false)
  for (const line of text().split('\n')) assert.ok(line.length < 30, line)
})

test('stream text is indented and joined as it comes; results without text name their types', () => {
  const { view: live, text } = view(false)
  live.cellStarts(1, 1, 'x')
  live.output('stream', { name: 'stdout', text: 'a\nb' })
  live.output('stream', { name: 'stdout', text: 'c\n' })
  live.output('execute_result', { data: { 'image/png': 'AA==' } })
  live.cellEnds(12.4, true)
  assert.equal(text(), '[1/1] x\n    a\n    bc\n    [image/png]\n    failed after 12 s\n')
})

test('durations read as people say them', () => {
  assert.deepEqual([0.04, 9.94, 59.9, 185].map(duration), ['0.0 s', '9.9 s', '59 s', '3 min 05 s'])
})
