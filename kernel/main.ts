// Entry of the kernel: `node dist/kernel/main.js CONNECTION_FILE`. Starts the protocol process on ZeroMQ; exits when a
// client asks for it or the process that started it has gone.

import { typecheckOf } from './cell/typecheck.ts'
import { startKernel } from './core.ts'
import { readConnection } from './protocol/connection.ts'
import { openZeromq } from './protocol/zeromq.ts'

/** A client that names itself in JPY_PARENT_PID is watched at this interval, in milliseconds. */
const PARENT_CHECK_MS = 1000

async function main(args: readonly string[]): Promise<void> {
  const [file, ...flags] = args
  const [, typecheck] = /^--typecheck=(.*)$/.exec(flags[0] ?? '') ?? []
  if (file === undefined || flags.length > (typecheck === undefined ? 0 : 1)) {
    throw new Error('Expected one argument, a Jupyter connection file: node dist/kernel/main.js CONNECTION_FILE')
  }
  const kernel = startKernel(await openZeromq(readConnection(file)), {
    typecheck: typecheckOf(process.env.ASTERISM_TYPECHECK || typecheck),
  })
  process.on('SIGINT', () => undefined) // interrupts come as messages; Ctrl-C in a shared terminal is the client's
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void kernel.dispose())
  watchParent(() => void kernel.dispose())
  await kernel.closed
}

function watchParent(gone: () => void): void {
  const parent = process.env.JPY_PARENT_PID
  if (parent === undefined || Number(parent) !== process.ppid) return
  const started = process.ppid
  setInterval(() => {
    if (process.ppid !== started) gone()
  }, PARENT_CHECK_MS).unref()
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`asterism kernel: ${error.message}\n`)
    process.exit(1)
  },
)
