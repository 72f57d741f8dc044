import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Published } from '../../../kernel/protocol/client.ts'
import { putBuffers, takeBuffers } from '../../../kernel/widgets/buffers.ts'
import { fixture } from '../../fixtures.ts'
import { notebookSession } from '../notebook-session.ts'

const session = notebookSession()
const client = () => session.kernel.client
const VIEW = 'application/vnd.jupyter.widget-view+json'

type Fields = Record<string, unknown>

/** A page that knows the models a cell opened. */
interface Page {
  published: Published[]
  states: Map<string, Fields>
  /** The id of the model of this class. */
  id(name: string): string
  /** The person changes something. Result: what the kernel publishes. */
  change(id: string, state: Fields): Promise<Published[]>
  send(id: string, data: Fields, buffers?: Buffer[]): Promise<Published[]>
}

async function open(code: string): Promise<Page> {
  const { published, status, evalue } = await session.run(code)
  assert.equal(status, 'ok', evalue)
  const opened = published.filter((one) => one.type === 'comm_open')
  const states = new Map(
    opened.map(({ content }) => [String(content.comm_id), (content.data as Fields).state as Fields]),
  )
  const send: Page['send'] = async (comm_id, data, buffers = []) => {
    const seen: Published[] = []
    const stop = client().onPublished((one) => void (one.type !== 'status' && seen.push(one)))
    await client().sendComm('comm_msg', { comm_id, data }, { buffers })
    stop()
    return seen
  }
  return {
    published,
    states,
    id: (name) => [...states].find(([, state]) => state._model_name === `${name}Model`)?.[0] ?? '',
    change: (id, state) => send(id, { method: 'update', state, buffer_paths: [] }),
    send,
  }
}

const dataOf = (one: Published | undefined): Fields => (one?.content.data ?? {}) as Fields

test('interact opens its models before it shows them, the controls above what the function makes of them', async () => {
  const page = await open(
    'interact({ c: slider(0, 4, { step: 0.5, value: 2 }), on: checkbox(true) }, ({ c, on }) => [c, on])',
  )
  const kinds = page.published.map((one) => one.type)
  assert.deepEqual(kinds.slice(-2), ['display_data', 'display_data'])
  assert.equal(kinds.filter((kind) => kind === 'execute_result').length, 0)
  const [panel, drawing] = page.published.slice(-2).map(dataOf)
  assert.deepEqual(panel, {
    [VIEW]: { version_major: 2, version_minor: 0, model_id: page.id('VBox') },
    'text/plain': 'c = 2\non = true',
  })
  assert.deepEqual(drawing, { 'text/plain': '[ 2, true ]' })
  const box = page.states.get(page.id('VBox'))
  assert.deepEqual(box?.children, [`IPY_MODEL_${page.id('FloatSlider')}`, `IPY_MODEL_${page.id('Checkbox')}`])
  for (const one of page.published.filter(({ type }) => type === 'comm_open')) {
    assert.equal(one.content.target_name, 'jupyter.widget')
    assert.deepEqual(one.message.metadata, { version: '2.1.0' })
    assert.deepEqual(dataOf(one).buffer_paths, [])
  }
  const { value, min, max, step, description, _model_module, _model_module_version } =
    page.states.get(page.id('FloatSlider')) ?? {}
  assert.deepEqual([value, min, max, step, description], [2, 0, 4, 0.5, 'c'])
  assert.deepEqual([_model_module, _model_module_version], ['@jupyter-widgets/controls', '2.0.0'])
})

test('in a panel the labels are as wide as the longest; a control alone has room for its own', async () => {
  const style = async (code: string): Promise<unknown[]> => {
    const page = await open(code)
    const slider = page.states.get(page.id('SliderStyle'))?.description_width
    return [slider, page.states.get(page.id('Checkbox'))?.indent]
  }
  assert.deepEqual(await style('interact({ c: slider(0, 1), visited: checkbox() }, () => 1)'), ['7ch', true])
  assert.deepEqual(await style('display(slider(0, 1))\ndisplay(checkbox())'), ['initial', false])
})

test('a change is echoed as an answer to its message, and redraws the display of its own cell', async () => {
  const page = await open('interact({ n: slider(0, 10) }, ({ n }) => { console.log("drawn", n); return n * n })')
  const [echo, printed, redrawn] = await page.change(page.id('IntSlider'), { value: 7 })
  assert.deepEqual(dataOf(echo), { method: 'echo_update', state: { value: 7 }, buffer_paths: [] })
  assert.equal(echo?.message.parent.msg_type, 'comm_msg')
  const cell = page.published[0]?.parent
  assert.deepEqual([printed?.type, printed?.parent], ['stream', cell])
  assert.deepEqual(
    [redrawn?.type, redrawn?.parent, dataOf(redrawn)],
    ['update_display_data', cell, { 'text/plain': '49' }],
  )
  const id = (one: Published | undefined) => (one?.content.transient as Fields | undefined)?.display_id
  assert.equal(id(redrawn), id(page.published.findLast((one) => one.type === 'display_data')))
})

test('a value outside its limits, or of another type, is put right on the page', async () => {
  const page = await open('const n = slider(0, 10, { value: 3 })\nn')
  const corrections = async (value: unknown) =>
    (await page.change(page.id('IntSlider'), { value })).map(dataOf).filter(({ method }) => method === 'update')
  assert.deepEqual(await corrections(99), [{ method: 'update', state: { value: 10 }, buffer_paths: [] }])
  assert.deepEqual(await corrections('x'), [{ method: 'update', state: { value: 10 }, buffer_paths: [] }])
  assert.deepEqual(await corrections(4), [])
  assert.equal((await session.run('n.value')).result, '4')
})

test('each control gives the value that the page sets', async () => {
  const page = await open(`
    const guide = dropdown(['terminal', 'ppm'], { value: 'ppm' })
    const size = dropdown({ small: 1, large: 2 })
    const width = number(1.5, { min: 0 }), free = number(2)
    const name = text('a', { placeholder: 'name', label: 'Name' })
    const go = button('Go')
    const all = { guide, size, width, free, name, go }
    interact(all, (values) => ({ ...values }))`)
  const dropdowns = [...page.states].filter(([, state]) => state._model_name === 'DropdownModel').map(([id]) => id)
  assert.deepEqual(page.states.get(dropdowns[0] as string)?._options_labels, ['terminal', 'ppm'])
  assert.equal(page.states.get(page.id('Text'))?.description, 'Name')
  await page.change(dropdowns[0] as string, { index: 0 })
  await page.change(dropdowns[1] as string, { index: 1 })
  await page.change(page.id('BoundedFloatText'), { value: 3 })
  await page.change(page.id('FloatText'), { value: -1e9 })
  await page.change(page.id('Text'), { value: 'b' })
  const last = await page.send(page.id('Button'), { method: 'custom', content: { event: 'click' } })
  assert.equal(
    dataOf(last.at(-1))['text/plain'],
    "{\n  guide: 'terminal',\n  size: 2,\n  width: 3,\n  free: -1000000000,\n  name: 'b',\n  go: 1\n}",
  )
})

test('code moves a control on the page, and whoever listens is told', async () => {
  const page = await open(
    'const level = slider(0, 9)\nlet told = -1\nlevel.onChange((value) => { told = value })\nlevel',
  )
  const moved = await session.run('level.value = 5\ntold')
  const update = moved.published.find((one) => one.type === 'comm_msg')
  assert.deepEqual([update?.content.comm_id, dataOf(update).state], [page.id('IntSlider'), { value: 5 }])
  assert.equal(moved.result, '5')
})

test('changes that come while a drawing is under way are drawn once, with the newest values', async () => {
  const page = await open(`
    let finish = () => {}
    const drawn: number[] = []
    let first = true
    interact({ k: slider(0, 9) }, async ({ k }) => {
      drawn.push(k)
      if (k === 1) await new Promise<void>((done) => { finish = done })
      return k
    })`)
  const id = page.id('IntSlider')
  const changes = [1, 2, 3].map((value) => page.change(id, { value }))
  await client().request('kernel_info_request', {})
  await session.run('while (drawn.at(-1) !== 1) await new Promise((done) => setImmediate(done))')
  await session.run('finish()')
  await Promise.all(changes)
  const { result } = await session.run('drawn')
  assert.match(String(result), /^\[ 0, 1, (2, )?3 \]$/)
})

test('an error of the first drawing fails the cell; a later one is shown in its place', async () => {
  assert.equal((await session.run("interact({ x: slider(0, 1) }, () => { throw new Error('first') })")).evalue, 'first')
  const page = await open("interact({ x: checkbox() }, ({ x }) => { if (x) throw new Error('later'); return 'fine' })")
  const shown = (await page.change(page.id('Checkbox'), { value: true })).at(-1)
  assert.equal(shown?.type, 'update_display_data')
  assert.match(String(dataOf(shown)['text/plain']), /^Error: later\n {4}at .*cell \d+:1:/)
  assert.deepEqual(dataOf((await page.change(page.id('Checkbox'), { value: false })).at(-1)), {
    'text/plain': "'fine'",
  })
})

test('a page that opens later gets the state of one model, or of all', async () => {
  const page = await open('checkbox(true, { label: "here" })')
  const id = page.id('Checkbox')
  const [one] = await page.send(id, { method: 'request_state' })
  assert.equal(((dataOf(one).state as Fields).description as string) ?? '', 'here')

  const comm = { comm_id: 'control', target_name: 'jupyter.widget.control', data: {} }
  await client().sendComm('comm_open', comm, { metadata: { version: '1.0.0' } })
  const [all] = await page.send('control', { method: 'request_states' })
  const state = ((dataOf(all).states as Fields)[id] ?? {}) as Fields
  assert.deepEqual(
    [dataOf(all).method, state.model_name, state.model_module, (state.state as Fields).value],
    ['update_states', 'CheckboxModel', '@jupyter-widgets/controls', true],
  )
  const { comms } = await client().request('comm_info_request', { target_name: 'jupyter.widget' })
  assert.ok(id in comms && !('control' in comms))
})

test('controls that cannot be are refused with what was expected', async () => {
  assert.match((await session.run('slider(2, 1)')).evalue, /Expected `min` to be at most `max`, got 2 and 1/)
  assert.match((await session.run('slider(0, 1, { step: 0 })')).evalue, /Expected `step` to be above 0/)
  assert.match((await session.run("dropdown(['a'], { value: 'b' })")).evalue, /Expected `value` to be one of \[ 'a' \]/)
  assert.match(
    (await session.run('interact({ x: 1 }, () => 1)')).evalue,
    /Expected a control such as slider\(0, 1\), got 1/,
  )
})

test('outside a kernel the text of the controls and the first drawing are printed', () => {
  const api = pathToFileURL(join(import.meta.dirname, '../../../kernel/index.js')).href
  const code = `import { interact, slider, dropdown } from '${api}'
    const shown = interact({ c: slider(0, 1), g: dropdown(['a', 'b']) }, ({ c, g }) => g + c)
    console.log(shown.values.g)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  assert.deepEqual([stdout, stderr], ["c = 0\ng = 'a'\n'a0'\na\n", ''])
})

test('bytes in a state travel beside it and come back to their place', () => {
  const state = { a: { b: new Uint8Array([1]), c: 2 }, list: [0, new Uint8Array([2])], none: null }
  const { state: rest, paths, buffers } = takeBuffers(state)
  assert.deepEqual(rest, { a: { c: 2 }, list: [0, null], none: null })
  assert.deepEqual(paths, [
    ['a', 'b'],
    ['list', 1],
  ])
  putBuffers(rest, paths, buffers)
  assert.deepEqual(rest, state)
})

test('models have the classes, views and fields that ipywidgets gives them', async () => {
  interface Known {
    module: string
    view: string
    viewModule: string
    traits: string[]
  }
  const known = JSON.parse(readFileSync(fixture('ipywidgets-8.1.9.json'), 'utf8')) as Record<string, Known>
  const page = await open(`interact({
    a: slider(0, 10), b: slider(0, 1), c: dropdown(['x']), d: number(1), e: number(1, { min: 0, step: 0.5 }),
    f: checkbox(), g: text(), h: button('go'),
  }, () => 1)`)
  const seen = new Set<string>()
  for (const { _model_name: name, ...state } of page.states.values()) {
    const { module, view, viewModule, traits } = known[String(name)] as Known
    seen.add(String(name))
    assert.deepEqual([state._model_module, state._view_name, state._view_module], [module, view, viewModule])
    const fields = Object.keys(state).filter((key) => !/^_(model|view)/.test(key))
    assert.deepEqual(
      fields.filter((field) => !traits.includes(field)),
      [],
      String(name),
    )
  }
  assert.deepEqual([...seen].sort(), Object.keys(known).sort())
})

test('a control refuses an option that it does not have, with the nearest that it has', async () => {
  for (const [code, message] of [
    [
      'slider(0, 1, { valeu: 1 })',
      'options of `slider` to be among value, step, label, got `valeu`. Did you mean `value`?',
    ],
    ['number(0, { maxi: 1 })', 'among min, max, step, label, got `maxi`. Did you mean `max`?'],
    ['dropdown([1], { labell: 1 })', 'among value, label, got `labell`. Did you mean `label`?'],
    ['checkbox(true, { lable: 1 })', 'among label, got `lable`. Did you mean `label`?'],
    ["text('', { hint: 1 })", 'among placeholder, label, got `hint`.'],
    ["display(1, { ids: 'x' })", 'options of `display` to be among id, got `ids`. Did you mean `id`?'],
    ['clearOutput({ later: true })', 'among wait, got `later`.'],
    ["prompt('', { passwort: true })", 'among password, got `passwort`. Did you mean `password`?'],
  ] as const) {
    const { status, ename, evalue } = await session.run(code)
    assert.deepEqual([status, ename], ['error', 'TypeError'], code)
    assert.ok(evalue.includes(message), evalue)
  }
})

test('a plot that is moved by a control is drawn at once, its picture when there is time', async () => {
  const PLOTLY = 'application/vnd.plotly.v1+json'
  await session.run("import 'asterism'")
  const page = await open(
    `interact({ k: slider(1, 9) }, async ({ k }) => ({ data: [{ type: 'bar', y: [k] }], layout: {} }))`,
  )
  const [redrawn] = (await page.change(page.id('IntSlider'), { value: 5 })).filter((one) => PLOTLY in dataOf(one))
  assert.ok(!('image/png' in dataOf(redrawn)))
  const figure = dataOf(redrawn)[PLOTLY] as { data: { y: number[] }[] }
  assert.deepEqual(figure.data[0]?.y, [5])
})
