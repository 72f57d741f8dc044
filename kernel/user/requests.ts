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
  const take = (bytes: Buffer): void => {
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...begun, bytes.subarray(start, end)]).toString('utf8')
      begun = []
      start = end + 1
      receive(JSON.parse(line) as UserRequest)
    }
    if (start < bytes.length) begun.push(Buffer.from(bytes.subarray(start))) // the buffer is used again
  }
  const callback = (size: number, buffer: Uint8Array): boolean => {
    leaveOwnRealm() // a cell that was ended within the kernel's code left it there
    inOwnRealm(() => take((buffer as Buffer).subarray(0, size)))
    return true
  }
  const options = { fd: REQUEST_FD, writable: false, onread: { buffer: Buffer.alloc(1 << 16), callback } }
  const socket = new Socket(options as SocketConstructorOpts)
  socket.on('error', () => undefined) // 'close' follows
  socket.on('close', () => endAll(MARK))
}
