import assert from 'node:assert/strict'
import test from 'node:test'
import { JSDOM } from 'jsdom'
import { learningCurve } from '../../../lib/show/views/curves.ts'
import { reportHtml } from '../../../lib/show/views/report-html.ts'
import { treeView } from '../../../lib/show/views/tree-view.ts'
import { sampleLogs, sampleReport, sampleTree } from '../sample.ts'

const html = await reportHtml(
  { ...sampleReport, name: 'a </script><b>' },
  {
    plots: [learningCurve(sampleLogs, { title: 'Loss </script> <!-- ' })],
    trees: [treeView(sampleTree)],
    provenance: { command: 'asterism evolve --run <x>' },
  },
)
const { window } = new JSDOM(html) // scripts do not run: this is the page of a reader without them
const { document } = window
const all = (selector: string) => [...document.querySelectorAll(selector)]

test('the page asks for nothing outside itself', () => {
  const attributes = all('[src], [href]').map((node) => node.getAttribute('src') ?? node.getAttribute('href')!)
  for (const url of attributes) assert.match(url, /^data:/)
  assert.equal(all('link, iframe, object, embed').length, 0)
  assert.match(all('meta[http-equiv]')[0]!.getAttribute('content')!, /default-src 'none'/)
})

test('text of a run can neither end a script nor become markup', () => {
  assert.equal(all('script').length, 3)
  assert.equal(all('main b').length, 0)
  assert.equal(document.querySelector('h1')!.textContent, 'Run a </script><b>')
  const stored = JSON.parse(document.getElementById('figures')!.textContent!)
  assert.match(stored.figures.at(-1).layout.title.text, /Loss <\/script> <!--/)
})

test('one plotly, one figure for each place in the page, and no button that sends data away', () => {
  const stored = JSON.parse(document.getElementById('figures')!.textContent!)
  assert.equal(stored.figures.length, all('figure .plot').length)
  assert.equal(stored.config.plotlyServerURL, '')
  assert.equal(html.match(/Copyright 2012-\d+, Plotly/g)!.length, 1)
})

test('readers without scripts get pictures with words, and tables with heads', () => {
  const fallbacks = all('noscript').map((node) => new JSDOM(node.innerHTML).window.document.querySelector('img')!)
  assert.equal(fallbacks.length, all('figure').length)
  for (const image of fallbacks) {
    assert.match(image.getAttribute('src')!, /^data:image\/png;base64,iVBOR/)
    assert.ok(image.getAttribute('alt')!.length > 20)
  }
  for (const table of all('table')) assert.ok(table.querySelector('caption') && table.querySelector('th[scope=col]'))
})

test('headings nest, and every section is named by its heading', () => {
  assert.equal(all('h1').length, 1)
  for (const section of all('section'))
    assert.ok(section.querySelector(`h2#${section.getAttribute('aria-labelledby')}`))
})

test('the page draws every plot in a window of its own, light and dark', async () => {
  const drawn: { id: string; text: string }[] = []
  let dark = false
  let change: (() => void) | undefined
  const page = new JSDOM('<!doctype html><body></body>', { runScripts: 'outside-only' }).window
  const figures = page.document.createElement('script')
  figures.id = 'figures'
  figures.type = 'application/json'
  figures.textContent = document.getElementById('figures')!.textContent
  page.document.body.append(figures)
  Object.assign(page, {
    Plotly: {
      react: (id: string, data: unknown, layout: unknown) => drawn.push({ id, text: JSON.stringify([data, layout]) }),
    },
    matchMedia: () => ({
      get matches() {
        return dark
      },
      addEventListener: (_: string, listener: () => void) => {
        change = listener
      },
    }),
  })
  page.eval(`{${all('script')[2]!.textContent}}`)
  const count = all('figure .plot').length
  assert.equal(drawn.length, count)
  const font = (text: string) => /"font":\{[^}]*"color":"(#\w+)"/.exec(text)?.[1]
  const light = font(drawn[0]!.text)
  assert.ok(light !== undefined && light < '#333333', 'dark text on white')
  dark = true
  change!()
  assert.equal(drawn.length, 2 * count)
  assert.ok(font(drawn[count]!.text)! > '#cccccc', 'light text on black')
  for (const { text } of drawn) assert.match(text, /"paper_bgcolor":"rgba\(0,0,0,0\)"/, 'on the ground of the page')
  window.close()
})

test('a report without a single round is a page too', async () => {
  const page = await reportHtml({ name: 'new', seed: 1, seconds: 0, peakRssMb: 0, rounds: [] })
  assert.match(page, /<h1>Run new<\/h1>/)
  assert.ok(!page.includes('Plotly'))
})
