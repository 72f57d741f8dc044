import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Engine, Tensors } from '../../lib/engine/engine.ts'
import { Graph } from '../../lib/engine/graph.ts'
import { lazySession } from '../../lib/engine/lazy-session.ts'

/** An engine that writes down what it is asked for, and a graph that does the same. */
function recorded() {
  const log: string[] = []
  const session = async () => {
    log.push('open')
    const run = async (feeds: Tensors) => {
      log.push('run')
      return feeds
    }
    return { run, dispose: async () => void log.push('dispose') }
  }
  const graph = () => {
    log.push('build')
    return new Graph()
  }
  return { log, lazy: lazySession({ session } as unknown as Engine, graph) }
}

test('a graph is built and opened at the first run, once, also for runs at the same time', async () => {
  const { log, lazy } = recorded()
  assert.deepEqual(log, [])
  await Promise.all([lazy.run({}), lazy.run({})])
  await lazy.run({})
  assert.deepEqual(log, ['build', 'open', 'run', 'run', 'run'])
  await lazy.dispose()
  assert.equal(log.at(-1), 'dispose')
})

test('a session that was never used has nothing to dispose', async () => {
  const { log, lazy } = recorded()
  await lazy.dispose()
  assert.deepEqual(log, [])
})
