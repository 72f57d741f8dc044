// Entry of a worker thread in the user-code process: passes inspector messages between a pipe from the protocol process
// and the main thread, also while that computes or is stopped at a breakpoint. A thread and not an inspector port: a port
// can be reached by everybody on the machine, and Node prints its address into the user's output. Started once, at the
// first debugging; without a session it only waits. Understands no message but `open` and `close`.
import { Session } from 'node:inspector'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { parentPort, workerData } from 'node:worker_threads'
import { DEBUG_FD } from './pipes.ts'

// The socket also keeps this thread alive: a session does not, and would stall for good.
const pipe = new Socket({ fd: DEBUG_FD, readable: true, writable: true })
let session: Session | null = null

const say = (message: object): void => void pipe.write(`${JSON.stringify(message)}\n`)

function open(): void {
  session?.disconnect()
  session = new Session()
  session.connectToMainThread()
  session.on('inspectorNotification', say)
}

function receive(line: string): void {
  const { id, method, params } = JSON.parse(line) as { id: number; method: string; params: object }
  if (method === 'open') open()
  else if (method === 'close') close()
  else if (session === null) {
    say({ id, error: 'The inspector session is closed' })
    return
  } else {
    session.post(method, params, (error: Error | null, result?: object) => {
      say(error === null ? { id, result } : { id, error: error.message })
    })
    return
  }
  say({ id, result: {} })
}

function close(): void {
  session?.disconnect()
  session = null
}

// The process exits.
parentPort?.on('message', () => {
  close()
  const closed = workerData as Int32Array
  Atomics.store(closed, 0, 1)
  Atomics.notify(closed, 0)
})
createInterface({ input: pipe }).on('line', receive)
pipe.on('error', () => process.exit(0)) // the protocol process has gone; the main thread sees to its own end
