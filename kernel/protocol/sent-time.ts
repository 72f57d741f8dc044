// When a request was sent at the latest, by the kernel's clock: an error aborts what was sent before its reply, however
// late that arrives, and never what is sent in answer to it, so that a window after each error would not do. A request
// carries its client's date; no clock of a client need be right, but each runs evenly. So the smallest delay that was
// seen of a client, its clock's error included, bounds every sending: date + that delay. Pure but for what it remembers.
import type { Header } from './message.ts'

/** Some clients cut their dates to whole milliseconds. A date without a fraction says too little. */
const DATE_STEP_MS = 1
const FINE_DATE = /\.\d{3}/
/** Requests of a client whose delays count: a clock that was set back is forgotten after as many. */
const REMEMBERED_DELAYS = 32
const REMEMBERED_CLIENTS = 64

/** What is known of the clocks of all clients. */
export interface SentTimes {
  /** The latest time at which a request that came in at `at` was sent. To be asked of each request as it comes. */
  of(request: Header, at: number): number
}

/** Nothing is known yet. Times are in milliseconds, of one clock that never jumps. */
export function createSentTimes(): SentTimes {
  const clients = new Map<string, number[]>()
  return {
    of({ session, date }, at) {
      const dated = FINE_DATE.test(date) ? Date.parse(date) : Number.NaN
      if (Number.isNaN(dated)) return at
      const delays = clients.get(session) ?? []
      clients.delete(session) // the client that was heard last stands last
      clients.set(session, delays)
      if (clients.size > REMEMBERED_CLIENTS) clients.delete(clients.keys().next().value as string)
      delays.push(at - dated)
      if (delays.length > REMEMBERED_DELAYS) delays.shift()
      return Math.min(at, dated + DATE_STEP_MS + Math.min(...delays))
    },
  }
}
