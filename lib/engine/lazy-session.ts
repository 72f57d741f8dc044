// A session that costs nothing until it is used: models have several graphs, and a run of the loop needs few of them.
import type { Engine, Session, SessionOptions } from './engine.ts'
import type { Graph } from './graph.ts'

/** A session whose graph is built and opened at its first run. */
export function lazySession(engine: Engine, graph: () => Graph, options?: SessionOptions): Session {
  let opened: Promise<Session> | undefined
  return {
    run: async (feeds) => {
      opened ??= engine.session(graph(), options)
      return (await opened).run(feeds)
    },
    dispose: async () => {
      await (await opened)?.dispose()
    },
  }
}
