// Processes that die: none of them may take a verdict, a promise or another process along.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { findPython } from '../../lib/verify/python.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
    return false
  }
}

/** Process ids of everything that a process has started, and what that has; none on systems without /proc. */
function descendants(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`
  if (!existsSync(path)) return []
  const children = readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number)
  return [...children, ...children.flatMap(descendants)]
}

/** Resolves when none of the processes runs any more; fails after ten seconds. */
async function gone(pids: readonly number[]): Promise<void> {
  for (let tries = 0; pids.some(isRunning); tries++) {
    assert.ok(tries < 500, `still running: ${pids.filter(isRunning)}`)
    await sleep(20)
  }
}

test('a server that is killed is replaced, and work under way gets its verdicts', async () => {
  const verifier = await openVerifier({ processes: 2, cache: false })
  try {
    const killed = verifier.stats().pids
    const slow = verifier.verify([], [step('import time\ntime.sleep(0.3)\nprint("slow")')])
    const many = Promise.all(
      Array.from({ length: 50 }, (_, n) => verifier.verify([step(`a = ${n}`)], [step('print(a)')])),
    )
    await sleep(50) // some are under way now, whatever is not is queued
    for (const pid of killed) process.kill(pid, 'SIGKILL')
    assert.deepEqual(await slow, [{ kind: 'ok', stdout: 'slow' }])
    assert.deepEqual(
      await many,
      Array.from({ length: 50 }, (_, n) => [{ kind: 'ok', stdout: String(n) }]),
    )
    await gone(killed)
    assert.equal(verifier.stats().pids.filter((pid) => killed.includes(pid)).length, 0)
  } finally {
    await verifier.dispose()
  }
})

test('a server that is killed while idle is replaced before the next request needs it', async () => {
  const verifier = await openVerifier({ processes: 1 })
  try {
    const { pids } = verifier.stats()
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await gone(pids)
    assert.deepEqual(await verifier.verify([], [step('print(1)')]), [{ kind: 'ok', stdout: '1' }])
  } finally {
    await verifier.dispose()
  }
})

test('a step that kills its server each time died; the steps beside it are unharmed', async () => {
  const verifier = await openVerifier({ processes: 1, level: 'rlimit' }) // every other level keeps it from killing
  try {
    const killer = step('import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nwhile True:\n    pass')
    const good = Array.from({ length: 5 }, (_, n) => step(`for i in [${n}]: print(i)`))
    const [verdict, ...others] = await verifier.verify([], [killer, ...good])
    assert.deepEqual(verdict, { kind: 'died', how: 'its fork server ended each time it ran' })
    assert.deepEqual(
      others,
      good.map((_, n) => ({ kind: 'ok', stdout: String(n) })),
    )
  } finally {
    await verifier.dispose()
  }
})

test('a jail ends with the process that started it, and that process with the jail', {
  skip: !existsSync('/proc/self/task') && 'Linux only',
}, async (t) => {
  const verifier = await openVerifier({ processes: 1 })
  try {
    if (verifier.stats().isolation.level !== 'jail') return t.skip('this machine grants no jail')
    for (const victim of ['supervisor', 'first of the namespace'] as const) {
      const [supervisor] = verifier.stats().pids
      const slow = verifier.verify([], [step(`import time\ntime.sleep(0.5)\nprint("${victim}")`)])
      await sleep(150)
      const inside = descendants(supervisor!)
      assert.ok(inside.length >= 2, `expected the fork server and a step in it, got ${inside.length} processes`)
      process.kill(victim === 'supervisor' ? supervisor! : inside[0]!, 'SIGKILL')
      assert.deepEqual(await slow, [{ kind: 'ok', stdout: victim }])
      await gone([supervisor!, ...inside])
    }
    assert.equal(verifier.stats().deaths, 2)
  } finally {
    await verifier.dispose()
  }
})

test('more output than any pipe holds, from many steps at once, arrives whole', async () => {
  const verifier = await openVerifier({ processes: 2, cache: false })
  try {
    const text = (n: number) => `${n}`.padStart(3, '0').repeat(21_000)
    const codes = Array.from({ length: 40 }, (_, n) =>
      step(`for i in [1]: print("${`${n}`.padStart(3, '0')}" * 21000)`),
    )
    const plain = Array.from({ length: 40 }, (_, n) => step(`print("${text(n).slice(0, 6_000)}")`))
    const [alone, grouped] = await Promise.all([verifier.verify([], codes), verifier.verify([], plain)])
    for (const [n, verdict] of alone.entries())
      assert.ok(verdict.kind === 'ok' && verdict.stdout === text(n), `step ${n}`)
    for (const [n, verdict] of grouped.entries()) {
      assert.ok(verdict.kind === 'ok' && verdict.stdout === text(n).slice(0, 6_000), `plain step ${n}`)
    }
  } finally {
    await verifier.dispose()
  }
})

test('a server that stood still past every deadline, as when a clock jumps, times out nothing that had ended', {
  skip: !existsSync('/proc/self/task') && 'Linux only',
}, async () => {
  const verifier = await openVerifier({ processes: 1, cache: false, limits: { wallMs: 1_500 } })
  try {
    const [pid] = verifier.stats().pids
    const all = [pid!, ...descendants(pid!)]
    const server = verifier.stats().isolation.level === 'jail' ? all[1]! : all[0]!
    const verdict = verifier.verify([], [step('import time\ntime.sleep(0.3)\nprint("done")')])
    await sleep(150)
    process.kill(server, 'SIGSTOP')
    await sleep(2_000)
    process.kill(server, 'SIGCONT')
    assert.deepEqual(await verdict, [{ kind: 'ok', stdout: 'done' }])
    assert.equal(verifier.stats().deaths, 0)
  } finally {
    await verifier.dispose()
  }
})

test('while Node reads nothing its pipes fill up, and what had to wait for that times out no step', async () => {
  const limits = { wallMs: 1_500, outputBytes: 300_000 } // more than a pipe holds
  const verifier = await openVerifier({ processes: 1, singlesPerProcess: 8, cache: false, limits })
  try {
    await verifier.verify([], [step('import math')])
    const codes = Array.from({ length: 8 }, (_, n) =>
      step(`import time\ntime.sleep(0.3)\nfor i in [${n}]: print("${n}" * 250_000)`),
    )
    const verdicts = verifier.verify([], codes)
    await sleep(150)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000)
    for (const [n, verdict] of (await verdicts).entries())
      assert.ok(verdict.kind === 'ok' && verdict.stdout === `${n}`.repeat(250_000), `step ${n}: ${verdict.kind}`)
    assert.equal(verifier.stats().deaths, 0)
  } finally {
    await verifier.dispose()
  }
})

test('a server with sympy that is killed, and a process that waits in it, cost no verdict', {
  skip: !existsSync('/proc/self/task') && 'Linux only',
}, async (t) => {
  const verifier = await openVerifier({ processes: 1, cache: false, checkpoints: 4, allowWeakIsolation: true })
  try {
    if (verifier.isolation.sympy === null) return t.skip('sympy is not installed')
    const bare = verifier.stats().pids
    const prefix = step(
      'import sympy\na = sympy.factor(sympy.Symbol("x") ** 30 - 1)\nn = sum(i for i in range(2_000_000))',
    )
    const after = async (n: number) => (await verifier.verify([prefix], [step(`print(n + ${n})`)]))[0]!
    assert.equal((await after(0)).kind, 'ok')
    const [server] = verifier.stats().pids.filter((pid) => !bare.includes(pid))
    if (verifier.isolation.level === 'jail') {
      const inside = descendants(server!)
      assert.equal(
        inside.length,
        3,
        `expected the fork server, what it forks from, and a process that waits, got ${inside}`,
      )
      const waits = inside[2]!
      process.kill(waits, 'SIGKILL')
      await gone([waits])
      assert.deepEqual(await after(1), { kind: 'ok', stdout: '1999999000001' })
    }
    const slow = verifier.verify([], [step('import sympy, time\ntime.sleep(0.5)\nprint(sympy.Integer(3))')])
    await sleep(150)
    process.kill(server!, 'SIGKILL')
    assert.deepEqual(await slow, [{ kind: 'ok', stdout: '3' }])
    assert.deepEqual(await after(2), { kind: 'ok', stdout: '1999999000002' })
    await gone([server!])
  } finally {
    await verifier.dispose()
  }
})

test('callers wait when the queue is full, and everything is run', async () => {
  const verifier = await openVerifier({ processes: 1, cache: false, queueLimit: 4 })
  try {
    const verdicts = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        verifier.verify([], [step(`for i in [${n}]: print(i)`), step(`print(${n})`)]),
      ),
    )
    const expected = (n: number) => ({ kind: 'ok', stdout: String(n) })
    assert.deepEqual(
      verdicts,
      verdicts.map((_, n) => [expected(n), expected(n)]),
    )
    const waiting = Array.from({ length: 20 }, (_, n) =>
      verifier.verify([], [step(`import time # ${n}\ntime.sleep(60)`)]),
    )
    const settled = Promise.allSettled(waiting)
    await sleep(50)
    await verifier.dispose()
    assert.ok((await settled).every(({ status }) => status === 'rejected'))
  } finally {
    await verifier.dispose()
  }
})

// ASTERISM_SOAK=100000 runs that many; a server is not replaced meanwhile.
const runs = Number(process.env.ASTERISM_SOAK ?? 3_000)
test(`${runs} executions grow neither memory nor descriptors nor processes`, {
  skip: !existsSync('/proc/self/task') && 'Linux only',
  timeout: 3_600_000,
}, async () => {
  const verifier = await openVerifier({ processes: 1, cache: false, recycleAfter: 10_000_000 })
  try {
    const work = async (count: number) => {
      for (let done = 0; done < count; done += 100) {
        const codes = Array.from({ length: 100 }, (_, n) =>
          step(n % 10 === 0 ? 'import math\nprint(1 / 0)' : `for i in [${n}]: print(i, "x" * 100)`),
        )
        for (const [n, { kind }] of (await verifier.verify([], codes)).entries())
          assert.equal(kind, n % 10 ? 'ok' : 'error')
      }
    }
    const measure = () => {
      const [pid] = verifier.stats().pids
      const all = [pid!, ...descendants(pid!)]
      const resident = (each: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, 'utf8'))![1])
      return {
        processes: all.length,
        descriptors: all.map((each) => readdirSync(`/proc/${each}/fd`).length).join(),
        ownDescriptors: readdirSync('/proc/self/fd').length,
        residentKb: all.reduce((sum, each) => sum + resident(each), 0),
      }
    }
    await work(1_000)
    const before = measure()
    await work(runs)
    const after = measure()
    assert.equal(after.processes, before.processes)
    assert.equal(after.descriptors, before.descriptors)
    assert.equal(after.ownDescriptors, before.ownDescriptors)
    assert.ok(after.residentKb < before.residentKb + 2_048, JSON.stringify({ before, after }))
  } finally {
    await verifier.dispose()
  }
})

test('a server is replaced after so many runs, and nobody notices', async () => {
  const verifier = await openVerifier({ processes: 1, recycleAfter: 3 })
  try {
    const [first] = verifier.stats().pids
    for (let n = 0; n < 8; n++) {
      assert.deepEqual(await verifier.verify([], [step(`print(${n})`)]), [{ kind: 'ok', stdout: String(n) }])
    }
    assert.ok(verifier.stats().recycled >= 2)
    await gone([first!])
  } finally {
    await verifier.dispose()
  }
})

test('what a step leaves running is killed with it', {
  skip: process.platform !== 'linux' && 'Linux only',
}, async () => {
  const verifier = await openVerifier({ processes: 1, level: 'rlimit' })
  try {
    const code = 'import os, time\npid = os.fork()\nif pid == 0:\n    os.setsid()\n    time.sleep(600)\nprint(pid)'
    const [verdict] = await verifier.verify([], [step(code)])
    // an ordinary user is refused the fork, root is not
    if (verdict!.kind === 'ok') await gone([Number(verdict!.stdout)])
    else assert.equal(verdict!.kind === 'error' && verdict!.errorType, 'BlockingIOError')
  } finally {
    await verifier.dispose()
  }
})

test('a sandbox that fails three times rejects with what it said, and gives no verdict', async () => {
  await withImpostor(answering(`'status': 'infra', 'message': 'no process to be had'`), async (python) => {
    const said = /Expected the sandbox to run a step, but it failed 3 times: no process to be had/
    await assert.rejects(openVerifier({ python, processes: 1, level: 'rlimit' }), said)
  })
})

test('a sandbox in which not even a good step passes is refused at the start', async () => {
  await withImpostor(answering(`'status': 'timeout', 'clock': 'wall', 'reachedLast': True`), async (python) => {
    const said = /Expected a good step to run under the limits .* got .*"timeout".* Are they too tight\?/
    await assert.rejects(openVerifier({ python, processes: 1, level: 'rlimit' }), said)
  })
})

/** A fork server that passes the self-test and then gives the same answer to everything. */
const answering = (fields: string) => `import json, os, struct
GOOD = {'status': 'ok', 'stdout': '1.8333333333333333\\n'}
def reply(answer):
    body = json.dumps(answer).encode()
    os.write(4, struct.pack('>I', len(body)) + body)
reply({'ready': True, 'python': '3.11.0', 'sympy': None})
while True:
    head = os.read(3, 4)
    if not head: break
    request = json.loads(os.read(3, struct.unpack('>I', head)[0]))
    answer = GOOD if 'fractions' in request['steps'][-1] else {${fields}}
    reply({'id': request['id'], 'cpuMs': 0, 'wallMs': 0, **answer})`

test('a server that does not start is an error with what it wrote', async () => {
  await withImpostor('raise OSError("no room for a server")', async (python) => {
    await assert.rejects(openVerifier({ python }), /fork server is gone: exit 1; it wrote: [\s\S]*no room for a server/)
  })
})

/** Gives `body` an interpreter that runs `source` in place of the fork server. */
async function withImpostor(source: string, body: (python: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'asterism-impostor-'))
  const [path, script] = [join(folder, 'python3'), join(folder, 'server.py')]
  try {
    const real = (await findPython()).path
    writeFileSync(script, source)
    writeFileSync(path, `#!/bin/sh\n[ "$1" = -I ] && echo '["${path}", [3, 11]]' || exec ${real} ${script}\n`)
    chmodSync(path, 0o755)
    await body(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('dispose leaves no process and no pending promise', async () => {
  const verifier = await openVerifier({ processes: 2 })
  const { pids } = verifier.stats()
  const sleeping = verifier.verify([], [step('import time\ntime.sleep(60)')])
  const queued = Array.from({ length: 40 }, (_, n) =>
    verifier.verify([], [step(`print(${n})`), step(`import os # ${n}`)]),
  )
  const settled = Promise.allSettled([sleeping, ...queued])
  await sleep(20)
  await verifier.dispose()
  assert.equal((await settled)[0]!.status, 'rejected')
  await assert.rejects(verifier.verify([], [step('print("later")')]), /The verifier was disposed/)
  await gone(pids)
  await verifier.dispose() // again is harmless
})

test('when Node is killed, its servers and what they run end', async () => {
  const module = pathToFileURL(join(import.meta.dirname, '../../lib/verify/verifier.js')).href
  const script = `
    const { openVerifier } = await import(${JSON.stringify(module)})
    const verifier = await openVerifier({ processes: 2 })
    await verifier.verify([], [{ text: 'import math', final: false }])
    verifier.verify([], [{ text: 'import time\\ntime.sleep(60)', final: false }])
    setTimeout(() => console.log(JSON.stringify(verifier.stats().pids)), 200)`
  const node = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(node.stdout, 'data')) as [Buffer]
  const servers = JSON.parse(line.toString()) as number[]
  const pids = [...servers, ...servers.flatMap(descendants)]
  assert.ok(pids.length > servers.length && pids.every(isRunning))
  node.kill('SIGKILL')
  await gone(pids)
})

test('an idle verifier does not keep Node alive', async () => {
  const module = pathToFileURL(join(import.meta.dirname, '../../lib/verify/verifier.js')).href
  const script = `
    const { openVerifier } = await import(${JSON.stringify(module)})
    const verifier = await openVerifier({ processes: 1 })
    await verifier.verify([], [{ text: 'print(1)', final: false }])
    console.log(verifier.stats().pids[0])`
  const node = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(node.stdout, 'data')) as [Buffer]
  const [exitCode] = await once(node, 'exit')
  assert.equal(exitCode, 0)
  await gone([Number(line.toString())])
})
