// What a kernel says and does over any transport. Each transport runs all of it.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Published } from '../../kernel/protocol/client.ts'
import type { CommType, Page, Requests } from '../../kernel/protocol/message.ts'
import type { Host, Place } from './hosts.ts'
import { eventually, notebookSession } from './notebook-session.ts'

/** Cells that wait until this file exists. */
const waitFor = (file: string): string =>
  `while (!(await import('node:fs')).existsSync(${JSON.stringify(file)})) await new Promise((done) => setTimeout(done, 5))`

export function kernelContract(name: string, open: (place: Place) => Promise<Host>): void {
  describe(name, () => {
    const session = notebookSession({}, open)
    const client = () => session.kernel.client

    /** Everything published while the work runs. */
    async function during(work: () => Promise<unknown>): Promise<Published[]> {
      const seen: Published[] = []
      const stop = client().onPublished((one) => void seen.push(one))
      await work()
      stop()
      return seen
    }
    const kinds = (seen: readonly Published[]): unknown[] => seen.map((one) => one.content.execution_state ?? one.type)

    test('kernel_info tells the protocol and the language', async () => {
      const info = await client().request('kernel_info_request', {})
      assert.equal(info.status, 'ok')
      assert.equal(info.protocol_version, '5.5')
      assert.deepEqual(
        [info.language_info.name, info.language_info.file_extension, info.language_info.mimetype],
        ['typescript', '.ts', 'text/typescript'],
      )
      assert.ok(info.supported_features.includes('kernel subshells'))
      assert.match(info.banner, /^Asterism \d/)
      for (const { text, url } of info.help_links) assert.ok(text !== '' && url.startsWith('https://'))
    })

    test('an execution is busy, input, outputs, idle, all children of its request', async () => {
      const seen = await during(() => session.run("console.log('out')\n7"))
      const parent = seen.find((one) => one.type === 'execute_input')?.parent
      const states = seen.filter((one) => one.parent === parent).map((one) => one.content.execution_state ?? one.type)
      assert.deepEqual(states, ['busy', 'execute_input', 'stream', 'execute_result', 'idle'])
    })

    test('every request is answered by the reply of its own type', async () => {
      const replies = await Promise.all([
        client().request('comm_info_request', {}),
        client().request('is_complete_request', { code: '1' }),
        client().request('history_request', { hist_access_type: 'tail', n: 1 }),
      ])
      assert.deepEqual(replies[0], { status: 'ok', comms: {} })
      assert.deepEqual(replies[1], { status: 'complete' })
      assert.equal(replies[2].status, 'ok')
    })

    test('cells run one after another, and an error aborts those that wait', async () => {
      const go = join(session.folder, 'go')
      const waits = `const { existsSync } = await import('node:fs')
        while (!existsSync(${JSON.stringify(go)})) await new Promise((done) => setTimeout(done, 5))`
      const cells = [session.run(`${waits}\nthrow new Error('stop')`), session.run('1'), session.run('2')]
      await client().request('is_complete_request', { code: '' }) // the answer follows the cells on the same channel
      writeFileSync(go, '')
      assert.deepEqual(
        (await Promise.all(cells)).map((one) => one.status),
        ['error', 'aborted', 'aborted'],
      )
      assert.equal((await cells[1])?.count, 0, 'a page shows the number of a cell only when it ran')
      const options = { stop_on_error: false }
      const going = await Promise.all([session.run('throw 1', options), session.run('3')])
      assert.deepEqual(
        going.map((one) => one.status),
        ['error', 'ok'],
      )
      const seen = await during(() => Promise.all([session.run('await 0; 1'), session.run('2')]))
      const states = seen.map((one) => one.content.execution_state ?? one.type)
      const one = ['busy', 'execute_input', 'execute_result', 'idle']
      assert.deepEqual(states.slice(-8), [...one, ...one])
    })

    test('an error at once aborts what was sent in the same moment, and never what is sent in answer to it', async () => {
      for (let round = 0; round < 50; round += 1) {
        const together = [session.run('throw 1'), session.run('1'), session.run('2')]
        const statuses = (await Promise.all(together)).map((one) => one.status)
        assert.deepEqual(statuses, ['error', 'aborted', 'aborted'], `round ${round}`)
        await client().request('execute_request', { code: 'throw 2' })
        assert.equal((await session.run('3')).status, 'ok', `round ${round}`)
      }
    })

    test('an error of a silent cell aborts nothing', async () => {
      const cells = await Promise.all([session.run('throw 1', { silent: true }), session.run('1')])
      assert.deepEqual(
        cells.map((one) => one.status),
        ['error', 'ok'],
      )
    })

    test('silent runs publish nothing and are not counted; user expressions are evaluated after the cell', async () => {
      const before = (await session.run('let seen = 0')).count
      const silent = await session.run("console.log('x'); display(1); seen = 5", { silent: true })
      assert.deepEqual(silent.published, [])
      const reply = await client().execute('seen += 1', { user_expressions: { good: 'seen', bad: 'nowhere' } })
      assert.equal(reply.execution_count, before + 1)
      assert.ok(reply.status === 'ok')
      const { good, bad } = reply.user_expressions as Record<string, { status: string; data: unknown; ename: string }>
      assert.deepEqual(good?.data, { 'text/plain': '6' })
      assert.deepEqual([bad?.status, bad?.ename], ['error', 'ReferenceError'])
    })

    test('an interrupt ends a pending await, aborts its signal, and keeps the variables', async () => {
      const waiting = await session.begin(
        "let told = 'no'\ncellSignal().addEventListener('abort', () => { told = 'yes' })\nconsole.log('begun')\nawait new Promise(() => {})",
      )
      await client().request('interrupt_request', {})
      assert.equal((await waiting.finished).ename, 'Interrupted')
      assert.equal((await session.run('told')).result, "'yes'")
    })

    test('an interrupt of an idle kernel does nothing', async () => {
      assert.deepEqual(await client().request('interrupt_request', {}), { status: 'ok' })
      assert.equal((await session.run('1')).result, '1')
    })

    test('a cell that ends its process is told so, and the kernel comes back', async () => {
      const cell = await session.run('process.exit(3)')
      assert.match(cell.evalue, /ended \(exit code 3\).*all variables are gone/)
      const killed = await session.run("process.kill(process.pid, 'SIGKILL')\nawait new Promise(() => {})")
      assert.match(killed.evalue, /signal SIGKILL/)
      assert.equal((await session.run('1 + 1')).result, '2')
    })

    test('a name with a question mark shows its help in the pager; an unknown one says so', async () => {
      await session.run('const helped = [1, 2]')
      const { payload } = (await client().execute('helped?')) as { payload: Page[] }
      assert.deepEqual([payload.length, payload[0]?.source, payload[0]?.start], [1, 'page', 0])
      assert.match(String(payload[0]?.data['text/plain']), /\[ 1, 2 \]/)
      const unknown = await session.run('?missing.name')
      assert.deepEqual([unknown.status, unknown.stderr], ['ok', 'Nothing is known of missing.name.\n'])
      assert.deepEqual(await client().request('is_complete_request', { code: '??helped' }), { status: 'complete' })
    })

    test('is_complete tells complete, incomplete and invalid apart', async () => {
      const status = async (code: string): Promise<string> =>
        (await client().request('is_complete_request', { code })).status
      const incomplete = ['for (;;) {', 'const x = ', 'f(1,', '`text', '/* note', 'x.', 'x?.', 'class A {\n  m() {']
      for (const code of incomplete) assert.equal(await status(code), 'incomplete', code)
      for (const code of ['const x = ;', '}', "'open"]) assert.equal(await status(code), 'invalid', code)
      for (const code of ['1', 'await f()', 'interface A {}', '']) assert.equal(await status(code), 'complete', code)
      assert.equal(await status(`'${'x'.repeat(1e6)}'`), 'unknown')
    })

    test('history gives what was stored', async () => {
      await session.run('"alpha"')
      await session.run('"beta"', { store_history: false })
      await session.run('"alpha"')
      const search = { hist_access_type: 'search', pattern: '"alph*"', unique: true }
      const { history } = await client().request('history_request', search)
      assert.equal(history.length, 1)
      assert.equal((history.at(-1) as unknown[])[2], '"alpha"')
      const tail = await client().request('history_request', { hist_access_type: 'tail', n: 1 })
      assert.equal((tail.history[0] as unknown[])[2], '"alpha"')
    })

    test('prompt asks on stdin and gives the answer; a client without stdin is told', async () => {
      client().onQuestion((prompt, password) => `${prompt}:${password}`)
      const asked = await session.run("await prompt('name', { password: true })", { allow_stdin: true })
      assert.equal(asked.result, "'name:true'")
      assert.match((await session.run('await prompt()')).evalue, /does not allow stdin/)
    })

    test('a client that joins is welcomed before it hears anything else', async () => {
      const other = await session.kernel.join()
      const heard: Published[] = []
      other.onPublished((one) => void heard.push(one))
      const cell = await session.run("console.log('for all')")
      await eventually(() => heard.some((one) => one.type === 'stream'), 'text at the other client')
      assert.equal(heard.find((one) => one.type === 'stream')?.parent, cell.published[0]?.parent)
      other.close()
    })

    test('a request without its fields is answered with an error, and the kernel goes on', async () => {
      for (const type of ['execute_request', 'complete_request', 'inspect_request', 'is_complete_request'] as const) {
        const reply = (await client().request(type, {} as Requests[typeof type]['in'])) as unknown
        const { status, ename, evalue } = reply as Record<string, string>
        assert.deepEqual([status, ename, evalue], ['error', 'TypeError', 'Expected `code` to be text, got undefined'])
      }
      assert.equal((await session.run('1')).result, '1')
    })

    test('an error names itself without colour codes', async () => {
      const cell = await session.run('null.x')
      const error = cell.published.find((one) => one.type === 'error')
      assert.deepEqual(Object.keys(error?.content ?? {}).sort(), ['ename', 'evalue', 'traceback'])
      assert.ok(!cell.traceback.includes('\u001b'))
    })

    test('an interrupt ends a question; an answer that comes after it goes nowhere', async () => {
      let late: (answer: string) => void = () => undefined
      client().onQuestion(
        () =>
          new Promise((resolve) => {
            late = resolve
          }),
      )
      const asking = session.run("await prompt('first')", { allow_stdin: true })
      await eventually(() => late.length === 1, 'the question')
      await client().request('interrupt_request', {})
      assert.equal((await asking).ename, 'Interrupted')
      const answerFirst = late
      let second: (answer: string) => void = () => undefined
      client().onQuestion(
        () =>
          new Promise((resolve) => {
            second = resolve
          }),
      )
      const again = session.run("await prompt('second')", { allow_stdin: true })
      await eventually(() => second.length === 1, 'the second question')
      answerFirst('late')
      await client().request('kernel_info_request', {})
      second('right')
      assert.equal((await again).result, "'right'")
    })

    test('a comm for a target that nobody knows is closed', async () => {
      const seen = await during(() => client().sendComm('comm_open', { comm_id: 'c', target_name: 'none', data: {} }))
      const own = seen.filter((one) => one.message.parent.msg_type === 'comm_open')
      assert.deepEqual(kinds(own), ['busy', 'comm_close', 'idle'])
      assert.deepEqual(own[1]?.content, { comm_id: 'c', data: {} })
      assert.deepEqual(await client().request('comm_info_request', {}), { status: 'ok', comms: {} })
    })

    test('a comm carries data and bytes both ways, and comm_info knows it while it is open', async () => {
      // The comm is opened behind a cell that has not run yet: it waits for it.
      const go = join(session.folder, `comm ${name}`)
      const listening = session.run(`${waitFor(go)}
        acceptComms('echo', (comm, { data }) => {
          comm.send({ hello: data.who }, { metadata: { m: 1 } })
          comm.onMessage(({ data, buffers }) => {
            console.log('heard', data.n)
            comm.send({ twice: data.n * 2 }, { buffers: buffers.map((one) => one.toReversed()) })
          })
          comm.onClose(() => console.log('closed'))
        })`)
      const opened = during(() =>
        client().sendComm('comm_open', { comm_id: 'e', target_name: 'echo', data: { who: 'x' } }),
      )
      writeFileSync(go, '')
      const cell = (await listening).published[0]?.parent
      const hello = (await opened).find((one) => one.type === 'comm_msg')
      assert.deepEqual([hello?.content, hello?.message.metadata], [{ comm_id: 'e', data: { hello: 'x' } }, { m: 1 }])
      const { comms } = await client().request('comm_info_request', {})
      assert.deepEqual(comms, { e: { target_name: 'echo' } })
      assert.deepEqual((await client().request('comm_info_request', { target_name: 'other' })).comms, {})

      const message = { comm_id: 'e', data: { n: 21 } }
      const seen = await during(() => client().sendComm('comm_msg', message, { buffers: [Buffer.from([1, 2, 3])] }))
      const answer = seen.find((one) => one.type === 'comm_msg')
      assert.deepEqual(answer?.content.data, { twice: 42 })
      assert.deepEqual(answer?.message.buffers, [Buffer.from([3, 2, 1])])
      // The answer belongs to the message, what is printed to the cell.
      assert.equal(answer?.message.parent.msg_type, 'comm_msg')
      assert.equal(seen.find((one) => one.type === 'stream')?.parent, cell)

      const end = await during(() => client().sendComm('comm_close', { comm_id: 'e', data: {} }))
      assert.equal(end.find((one) => one.type === 'stream')?.content.text, 'closed\n')
      assert.deepEqual((await client().request('comm_info_request', {})).comms, {})
    })

    test('a message on a comm is dealt with while a cell waits', async () => {
      const waiting = await session.begin(
        "const channel = openComm('page')\nconsole.log('begun')\nawait new Promise((done) => channel.onMessage(done))\n'came'",
      )
      const { comms } = await client().request('comm_info_request', { target_name: 'page' })
      await client().sendComm('comm_msg', { comm_id: String(Object.keys(comms)[0]), data: {} })
      assert.equal((await waiting.finished).result, "'came'")
      const closing = await session.run('channel.close()')
      assert.ok(closing.published.some((one) => one.type === ('comm_close' satisfies CommType)))
    })

    test('what listens to a comm may fail: its cell is told, and the comm goes on', async () => {
      const opened = await session.run(
        "const fragile = openComm('page')\nfragile.onMessage(() => { throw new Error('bad listener') })\nfragile.id",
      )
      const comm_id = String(opened.result).slice(1, -1)
      const seen = await during(() => client().sendComm('comm_msg', { comm_id, data: {} }))
      const told = seen.find((one) => one.type === 'stream')
      assert.match(String(told?.content.text), /listens to a comm failed:\nError: bad listener/)
      assert.equal(told?.parent, opened.published[0]?.parent)
      await session.run('fragile.close()')
    })

    test('an interrupt ends what listens to a comm and never finishes', async () => {
      const opened = await session.run(
        "const endless = openComm('page')\nlet heard = 0\nendless.onMessage(() => { heard += 1; console.log('heard'); return new Promise(() => {}) })\nendless.id",
      )
      let isHeard = false
      const stop = client().onPublished((one) => {
        isHeard ||= one.type === 'stream'
      })
      const dealt = client().sendComm('comm_msg', { comm_id: String(opened.result).slice(1, -1), data: {} })
      await eventually(() => isHeard, 'the message to be heard')
      stop()
      await client().request('interrupt_request', {})
      await dealt
      assert.equal((await session.run('endless.close()\nheard')).result, '1')
    })

    test('a subshell runs while a cell of the main shell waits', async () => {
      const { subshell_id: subshell } = await client().request('create_subshell_request', {})
      assert.deepEqual((await client().request('list_subshell_request', {})).subshell_id, [subshell])
      const waiting = await session.begin(
        "let answerOf: (text: string) => void\nconst answered = new Promise<string>((done) => { answerOf = done })\nconsole.log('begun')\nawait answered",
      )
      const seen = await during(() => session.run("answerOf('from the subshell')\n6 * 7", { subshell }))
      const main = await waiting.finished
      assert.equal(main.result, "'from the subshell'")
      const own = seen.filter((one) => one.message.parent.subshell_id === subshell)
      assert.deepEqual(kinds(own), ['busy', 'execute_input', 'execute_result', 'idle'])
      assert.deepEqual(await client().request('delete_subshell_request', { subshell_id: subshell }), { status: 'ok' })
      assert.deepEqual((await client().request('list_subshell_request', {})).subshell_id, [])
    })

    test('an error in a subshell aborts what waits there and nowhere else; an interrupt ends the cells of all', async () => {
      const { subshell_id: subshell } = await client().request('create_subshell_request', {})
      const go = join(session.folder, `subshell ${name}`)
      const cells = [
        session.run(`${waitFor(go)}\nthrow 1`, { subshell }),
        session.run('1', { subshell }),
        session.run(waitFor(go)),
        session.run('2'),
      ]
      await client().request('is_complete_request', { code: '' })
      writeFileSync(go, '')
      const statuses = (await Promise.all(cells)).map((one) => one.status)
      assert.deepEqual(statuses, ['error', 'aborted', 'ok', 'ok'])

      const main = await session.begin("console.log('main')\nawait new Promise(() => {})")
      const child = session.run("console.log('child')\nawait new Promise(() => {})", { subshell })
      await client().request('kernel_info_request', {})
      await session.run('0', { subshell: (await client().request('create_subshell_request', {})).subshell_id })
      await client().request('interrupt_request', {})
      assert.deepEqual([(await main.finished).ename, (await child).ename], ['Interrupted', 'Interrupted'])
      for (const subshell_id of (await client().request('list_subshell_request', {})).subshell_id) {
        await client().request('delete_subshell_request', { subshell_id })
      }
    })

    test('a request for a subshell that is not there is refused', async () => {
      const reply = await client().execute('globalThis.ran = 1', { subshell: 'none' })
      assert.deepEqual([reply.status, reply.status === 'error' && reply.ename], ['error', 'NoSuchSubshell'])
      const gone = (await client().request('delete_subshell_request', { subshell_id: 'none' })) as { status: string }
      assert.equal(gone.status, 'error')
      assert.equal((await session.run('typeof globalThis.ran')).result, "'undefined'")
    })

    test('a process that ends closes its comms', async () => {
      await session.run("openComm('page')")
      const seen = await during(() => session.run('process.exit(0)'))
      assert.ok(seen.some((one) => one.type === 'comm_close'))
      assert.deepEqual((await client().request('comm_info_request', {})).comms, {})
    })

    test('a shutdown answers the cell that runs, tells every client, and ends the kernel', async () => {
      const { finished } = await session.begin("console.log('begun')\nawait new Promise(() => {})")
      const queued = session.run('1')
      const told: Published[] = []
      client().onPublished((one) => void (one.type === 'shutdown_reply' && told.push(one)))
      const reply = client().request('shutdown_request', { restart: true })
      assert.deepEqual(await reply, { status: 'ok', restart: true })
      assert.equal((await queued).status, 'aborted')
      assert.equal((await finished).ename, 'KernelShutdown')
      await session.kernel.ended
      assert.deepEqual(
        told.map((one) => one.content),
        [{ status: 'ok', restart: true }],
      )
    })
  })
}
