import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startKernelProcess } from '../../kernel/notebook/kernel-process.ts'
import { connectionText, parseConnection } from '../../kernel/protocol/connection.ts'
import { eventually } from './notebook-session.ts'

const ENTRY = join(import.meta.dirname, '../../kernel/main.js')

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // no such process
  }
}

const pidsFrom = (text: string): number[] => text.match(/\d+/g)?.map(Number) ?? []

test('shutdown leaves no process: kernel, user code, and what a cell started', async () => {
  const kernel = await startKernelProcess()
  let text = ''
  const code = "import { spawn } from 'node:child_process'\nconsole.log(process.pid, spawn('sleep', ['600']).pid)"
  await kernel.client.execute(code, {
    onOutput: (one) => {
      text += one.content.text ?? ''
    },
  })
  const pids = [kernel.pid, ...pidsFrom(text)]
  assert.equal(pids.length, 3)
  assert.ok(pids.every(isRunning))
  const reply = kernel.client.request('shutdown_request', { restart: false })
  assert.deepEqual(await reply, { status: 'ok', restart: false })
  assert.equal(await kernel.exited, 0)
  await eventually(() => !pids.some(isRunning), 'all processes to be gone')
  await kernel.dispose()
})

test('a killed kernel takes a spinning cell with it', async () => {
  const kernel = await startKernelProcess()
  let text = ''
  const onOutput = (one: { content: Record<string, unknown> }): void => {
    text += one.content.text ?? ''
  }
  // The watch over the kernel begins a moment after the start.
  void kernel.client.execute(
    'console.log(process.pid)\nawait new Promise((done) => setTimeout(done, 600))\nconsole.log("spin")\nwhile (true);',
    { onOutput },
  )
  await eventually(() => text.includes('spin'), 'the loop')
  process.kill(kernel.pid, 'SIGKILL')
  await kernel.exited
  const [pid] = pidsFrom(text) as [number]
  await eventually(() => !isRunning(pid), 'the user-code process to be gone')
  await kernel.dispose()
})

test('a connection file that cannot be used gives one clear line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'connection '))
  const attempt = (text: string): string => {
    const file = join(folder, 'connection.json')
    writeFileSync(file, text)
    const { status, stderr } = spawnSync(process.execPath, [ENTRY, file], { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.equal(stderr.trim().split('\n').length, 1, stderr)
    return stderr
  }
  assert.match(attempt('{ "ip": '), /Malformed connection file .*connection\.json: expected JSON/)
  assert.match(
    attempt('{ "ip": "127.0.0.1", "key": "" }'),
    /expected `shell_port` to be a port from 1 to 65535, got undefined/,
  )
  const missing = spawnSync(process.execPath, [ENTRY, join(folder, 'none.json')], { encoding: 'utf8' })
  assert.match(missing.stderr, /Expected a Jupyter connection file at .*none\.json/)
  assert.match(spawnSync(process.execPath, [ENTRY], { encoding: 'utf8' }).stderr, /Expected one argument/)
  rmSync(folder, { recursive: true })
})

test('a taken port gives one clear line and ends the kernel', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const folder = mkdtempSync(join(tmpdir(), 'connection '))
  const file = join(folder, 'connection.json')
  const ports = { shell: port, control: port, iopub: port, stdin: port, hb: port }
  writeFileSync(file, connectionText({ transport: 'tcp', ip: '127.0.0.1', ports, key: 'k' }))
  const child = spawn(process.execPath, [ENTRY, file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text
  })
  assert.equal(await new Promise((resolve) => child.once('close', resolve)), 1)
  assert.match(complaint, new RegExp(`^asterism kernel: Cannot bind the hb channel to tcp://127.0.0.1:${port}: .*\\n$`))
  server.close()
  rmSync(folder, { recursive: true })
})

test('a kernel that never answers is given up, and its process ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'silent kernel '))
  const file = join(folder, 'pid')
  const silent = 'require("fs").writeFileSync(process.argv[1], String(process.pid)); setInterval(() => {}, 1000)'
  const argv = [process.execPath, '-e', silent, file]
  await assert.rejects(startKernelProcess({ argv, patienceMs: 1500 }), /to answer within 1500 ms/)
  // On a slow machine it was ended before it had begun.
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : null
  await eventually(() => pid === null || !isRunning(pid), 'the end of the process')
  rmSync(folder, { recursive: true })
})

test('a connection file reads back as it was written', () => {
  const ports = { shell: 1, control: 2, iopub: 3, stdin: 4, hb: 5 }
  const connection = { transport: 'tcp', ip: '127.0.0.1', ports, key: 'secret' } as const
  assert.deepEqual(parseConnection(connectionText(connection)), connection)
})
