// The protocol process's end of the pipe to user/debug-bridge.ts: requests to the V8 inspector of the user code, and its
// events. Covered: a process that ends (every open request fails). Not covered: what the messages mean.

import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

/** An inspector. Method names and shapes are those of the Chrome DevTools Protocol. */
export interface Inspector {
  post<T = unknown>(method: string, params?: object): Promise<T>
  /** Hears every event, in order. One listener. */
  onEvent(listener: (method: string, params: never) => void): void
  /** Fails what is open, and all that comes later. */
  end(): void
}

/** Speaks over the pipe. */
export function openInspector(pipe: Duplex): Inspector {
  let next = 0
  let ended = false
  let listener: (method: string, params: never) => void = () => undefined
  const open = new Map<number, { resolve(result: never): void; reject(error: Error): void }>()
  const end = (): void => {
    ended = true
    for (const { reject } of open.values()) reject(new Error('The process that runs the cells has ended'))
    open.clear()
  }
  createInterface({ input: pipe }).on('line', (line) => {
    let said: Record<string, never>
    try {
      said = JSON.parse(line) as Record<string, never>
    } catch {
      return // a cell wrote into the pipe
    }
    const { id, method, params, result, error } = said
    if (id === undefined) return listener(method as unknown as string, params as never)
    const request = open.get(id)
    open.delete(id)
    if (error === undefined) request?.resolve(result as never)
    else request?.reject(new Error(error))
  })
  pipe.on('error', end).on('close', end)
  return {
    post: (method, params = {}) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new Error('The process that runs the cells has ended'))
        open.set(++next, { resolve, reject })
        pipe.write(`${JSON.stringify({ id: next, method, params })}\n`)
      }),
    onEvent(to) {
      listener = to
    },
    end,
  }
}
