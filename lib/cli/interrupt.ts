// Ctrl-C and the terminate signal, as an AbortSignal: the work under way ends between two pieces of it, and whatever
// owns a process or a thread disposes it. Killing is safe at any moment, so nobody waits long for that.
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

/** How long the work may take to end by itself, in milliseconds. */
const PATIENCE_MS = 1_500

/** The reason of an abort by a signal. */
export class Interrupted extends Error {
  /** 128 and the number of the signal, as shells have it. */
  readonly exitCode: number

  constructor(signal: keyof typeof EXIT_CODES, message: string) {
    super(message)
    this.exitCode = EXIT_CODES[signal]
  }
}

/**
 * Runs `work`; the first Ctrl-C or SIGTERM aborts its signal with an `Interrupted`. The process ends at the second one,
 * or when the work has not ended soon after the first. `message`: what the `Interrupted` says. Errors: those of the
 * work, or the `Interrupted`.
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  message = 'Stopped. The same command goes on where this one ended.',
): Promise<T> {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    const reason = new Interrupted(name as keyof typeof EXIT_CODES, message)
    const leave = () => {
      console.error(`\n${reason.message}`)
      process.exit(reason.exitCode)
    }
    if (controller.signal.aborted) leave()
    controller.abort(reason)
    setTimeout(leave, PATIENCE_MS).unref()
  }
  const names = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[]
  for (const name of names) process.on(name, onSignal)
  try {
    return await work(controller.signal)
  } catch (error) {
    // What fails after the abort (a worker that was ended, say) failed because of it.
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    for (const name of names) process.off(name, onSignal)
  }
}
