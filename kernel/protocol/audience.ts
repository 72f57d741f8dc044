// Who listens after a cell has ended. Pages and consoles do: what comes late finds its cell there. Programs that execute a
// notebook (nbclient, nbconvert) stop at the cell's `idle`, and what comes after it is lost. Neither says what it is, but
// only the former ask what a person at the keyboard needs.
import type { Header } from './message.ts'

/** What a page or a console asks, and a program that executes cells does not. */
const SIGNS = new Set([
  ...['complete_request', 'inspect_request', 'is_complete_request'],
  ...['history_request', 'comm_info_request', 'debug_request'],
])

/** The clients of a kernel. */
export interface Audience {
  /** A client sent this. Result: true where it shows, for the first time, that a person is there. */
  heard(header: Header): boolean
  /** True for a client that is known to listen on after its cell has ended. */
  stays(header: Header): boolean
}

export function createAudience(): Audience {
  const sessions = new Set<string>()
  return {
    heard({ msg_type: type, session }) {
      if (!SIGNS.has(type) || sessions.has(session)) return false
      sessions.add(session)
      return true
    },
    stays: ({ session }) => sessions.has(session),
  }
}
