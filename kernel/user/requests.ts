// Requests of the protocol process, each a line of JSON. They come through the one part of a socket that needs nothing which
// cells can take away: bytes go straight from the pipe to a function, past streams and events.
import { Socket, type SocketConstructorOpts } from 'node:net'
import { inOwnRealm, leaveOwnRealm } from '../display/own-realm.ts'
import { endAll } from './marked-processes.ts'
import { MARK } from './output.ts'
import { REQUEST_FD } from './pipes.ts'
import type { UserRequest } from './user-process.ts'

const NEWLINE = 10

/** Starts to listen. The process ends with the protocol process. */
export function hearRequests(receive: (request: UserRequest) => void): void {
  let begun: Buffer[] = []
  /** Deals with the first line. Result: the rest; null where no line is complete. */
  const takeLine = (bytes: Buffer): Buffer | null => {
    const end = bytes.indexOf(NEWLINE)
    if (end < 0) {
      if (bytes.length > 0) begun.push(Buffer.from(bytes)) // the buffer is used again
      return null
    }
    const line = Buffer.concat([...begun, bytes.subarray(0, end)]).toString('utf8')
    const rest = bytes.subarray(end + 1)
    begun = []
    receive(JSON.parse(line) as UserRequest)
    return rest
  }
  const callback = (size: number, buffer: Uint8Array): boolean => {
    leaveOwnRealm() // a cell that was ended within the kernel's code left it there
    let left = inOwnRealm(() => takeLine((buffer as Buffer).subarray(0, size)))
    // A line may end in people's code: each begins in the kernel's own realm.
    while (left !== null) left = inOwnRealm(() => takeLine(left as Buffer))
    return true
  }
  const options = { fd: REQUEST_FD, writable: false, onread: { buffer: Buffer.alloc(1 << 16), callback } }
  const socket = new Socket(options as SocketConstructorOpts)
  socket.on('error', () => undefined) // 'close' follows
  socket.on('close', () => endAll(MARK))
}
