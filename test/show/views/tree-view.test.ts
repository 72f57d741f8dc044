import assert from 'node:assert/strict'
import test from 'node:test'
import { newTree } from '../../../lib/search/tree.ts'
import { jupyterDisplay } from '../../../lib/show/draw/display.ts'
import { treeView } from '../../../lib/show/views/tree-view.ts'
import { sampleTree } from '../sample.ts'

const lines = (text: string) => text.split('\n')

test('every node has its line, with Q, visits and what became of it', () => {
  const text = String(treeView(sampleTree, { maxNodes: 100 }))
  assert.equal(lines(text).filter((line) => / N \d/.test(line)).length, sampleTree.nodes.length)
  assert.match(text, /├─★ {2}Q \+0\.73 N 11 ppm \+0\.71 {2}bought = 7 \* 5 {2}# She buys 7 bags of 5\./)
  assert.match(text, /✗ Q -1\.00 N 2 ppm -0\.80 = -23/)
  assert.match(text, /✗ Q -1\.00 N 1 codeFailed/)
})

test('the best path runs from the root to the best answered terminal and nowhere else', () => {
  const starred = lines(String(treeView(sampleTree)))
    .slice(2)
    .filter((line) => line.includes('★'))
  assert.equal(starred.length, 3)
  assert.match(starred[2]!, /= 47 {2}print\(12 \+ bought\) {2}# Together/)
})

test('without a reference the PPM score decides the best path, and no answer is called right', () => {
  const nodes = sampleTree.nodes.map((node) => ({ ...node, reward: null }))
  const text = String(treeView({ nodes }))
  assert.ok(
    !lines(text)
      .slice(1)
      .some((line) => line.includes('✓')),
  )
  assert.match(text, /★\? Q \+1\.00 N 9 ppm \+0\.93/)
})

test('a tree where nothing was answered has no best path', () => {
  const nodes = sampleTree.nodes.filter(({ terminal }) => terminal !== 'answered').slice(0, 3)
  assert.ok(
    !lines(String(treeView({ nodes })))
      .slice(1)
      .some((line) => line.includes('★')),
  )
})

test('pruning keeps the best path and the most visited, and counts what it folds away', () => {
  const text = String(treeView(sampleTree, { maxNodes: 5 }))
  assert.equal(lines(text).filter((line) => / N \d/.test(line)).length, 5)
  assert.match(text, /★✓/)
  assert.match(text, /… 12 more steps with few visits/)
  const visited = String(treeView(sampleTree, { minVisits: 2 }))
  assert.ok(!visited.includes('odd ='))
  assert.match(visited, /start = 12/)
})

test('no line passes the width, however long a step', () => {
  const nodes = [{ parent: -1, text: 'q'.repeat(500), visits: 1, valueSum: 0 }]
  for (const line of lines(String(treeView({ nodes }, { width: 60 })))) assert.ok([...line].length <= 60)
})

test('HTML folds and unfolds without a script and escapes the steps', async () => {
  const bundle = await treeView(sampleTree)[jupyterDisplay]()
  const html = bundle['text/html'] as string
  assert.match(html, /<details open>/)
  assert.ok(html.includes('&#60;apples&#62;'))
  assert.ok(!/<script|<apples|onclick/i.test(html))
  assert.equal(html.match(/<ul/g)!.length, html.match(/<\/ul>/g)!.length)
  assert.equal(html.match(/<details/g)!.length, html.match(/<\/details>/g)!.length)
})

test('a step reads as its code, and what its comment says stands behind it, dimmed', () => {
  const node = (text: string) => ({ parent: 0, text, visits: 1, valueSum: 1 })
  const { html } = treeView({
    nodes: [
      { parent: -1, text: '# of apples?', visits: 1, valueSum: 1 },
      node('# Half of them.\nhalf = 4 // 2  # two'),
      node("mark = '# no comment'\nprint(mark)"),
      node('# only words'),
    ],
  })
  assert.match(html, /<code>half = 4 \/\/ 2<\/code> <small style="opacity:[^"]*">Half of them\. two<\/small>/)
  assert.match(html, /<code>mark = &#39;# no comment&#39;<\/code><\/summary><pre>mark = [^<]*\nprint\(mark\)<\/pre>/)
  assert.match(html, /<code># only words<\/code>/)
  assert.match(html, /<code># of apples\?<\/code>/)
})

test('a tree is announced as one, with its problem', () => {
  const { html } = treeView({ ...sampleTree, title: 'p1 "<easy>"' })
  assert.match(html, /<div [^>]*role="group" aria-label="Search tree of p1 &#34;&#60;easy&#62;&#34;, 19 nodes">/)
})

test('a tree of the search shows its question and problem before any rollout', () => {
  const problem = { id: 'p1', question: 'How many?', answer: '3', level: 'easy', source: 'made-up' }
  const text = String(treeView(newTree(problem)))
  assert.match(text, /^p1 \(easy\)\n1 node\./)
  assert.match(text, /Q {2}– {4}N 0 {2}How many\?/)
  assert.ok(!text.includes(' = 3'))
})
