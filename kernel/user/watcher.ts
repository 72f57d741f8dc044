// A thread beside the cells, which goes on while they compute. It ends the process, with all that it started, when the
// protocol process dies, and stops loops when an interrupt comes and the main thread does not hear it.
import { Session } from 'node:inspector'
import { Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { HOST } from '../cell/host-names.ts'
import { endAll } from './marked-processes.ts'
import { INTERRUPT_FD } from './pipes.ts'

/** A main thread that waits answers within this time, in milliseconds. */
const HEARD_MS = 100
/** A main thread that is not in native code halts within this time, in milliseconds. */
const HALT_MS = 250

/** Halts the main thread as a debugger does, because only then another thread may have it run code. */
function stopLoops(): void {
  const session = new Session()
  session.connectToMainThread()
  let isOpen = true
  const close = (): void => {
    isOpen = false
    session.disconnect()
  }
  const giveUp = setTimeout(close, HALT_MS)
  session.once('Debugger.paused', () => {
    clearTimeout(giveUp)
    session.post('Runtime.evaluate', { expression: `${HOST}.stopLoops()` }, () => {
      session.post('Debugger.resume', close)
    })
  })
  session.post('Debugger.enable', () => {
    if (isOpen) session.post('Debugger.pause')
  })
}

if (parentPort !== null) {
  const port = parentPort
  let unheard: NodeJS.Timeout | null = null
  port.on('message', () => {
    if (unheard !== null) clearTimeout(unheard)
    unheard = null
  })
  const line = new Socket({ fd: INTERRUPT_FD, writable: false })
  line.on('data', () => {
    port.postMessage('interrupt')
    unheard ??= setTimeout(() => {
      unheard = null
      stopLoops()
    }, HEARD_MS)
  })
  line.on('error', () => undefined) // 'close' follows
  line.on('close', () => endAll(workerData as string)) // the protocol process has gone
}
