// The connection file that a Jupyter client writes for a kernel: where the five sockets live and the signing key.
// Every field is checked here, so that the rest of the kernel may trust it. Does not open sockets.
import { readFileSync } from 'node:fs'

/** The five channels of the Jupyter protocol. */
export type Channel = 'shell' | 'control' | 'iopub' | 'stdin' | 'hb'

/** A checked connection file. */
export interface Connection {
  /** `tcp`, or `ipc` (unix domain sockets). */
  readonly transport: 'tcp' | 'ipc'
  /** Address of the interface, or the path prefix for `ipc`. */
  readonly ip: string
  /** Port of each channel, 1 to 65535. */
  readonly ports: Readonly<Record<Channel, number>>
  /** Key of the message signatures; empty: messages are not signed. */
  readonly key: string
}

const CHANNELS: readonly Channel[] = ['shell', 'control', 'iopub', 'stdin', 'hb']

/** Reads and checks a connection file. Throws one error that names the file and what is wrong with it. */
export function readConnection(path: string): Connection {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`Expected a Jupyter connection file at ${path}: ${(error as Error).message}`)
  }
  try {
    return parseConnection(text)
  } catch (error) {
    throw new Error(`Malformed connection file ${path}: ${(error as Error).message}`)
  }
}

/** Parses the text of a connection file. Throws an error that says which field was expected and what came. */
export function parseConnection(text: string): Connection {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`expected JSON (${(error as Error).message})`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected a JSON object')
  const fields = value as Record<string, unknown>
  const transport = fields.transport ?? 'tcp'
  if (transport !== 'tcp' && transport !== 'ipc') {
    throw new Error(`expected \`transport\` to be "tcp" or "ipc", got ${JSON.stringify(transport)}`)
  }
  const scheme = fields.signature_scheme ?? 'hmac-sha256'
  if (scheme !== 'hmac-sha256') {
    throw new Error(`expected \`signature_scheme\` "hmac-sha256", got ${JSON.stringify(scheme)}`)
  }
  if (typeof fields.ip !== 'string' || fields.ip === '') {
    throw new Error(`expected \`ip\` to be an address, got ${JSON.stringify(fields.ip)}`)
  }
  if (typeof fields.key !== 'string') throw new Error(`expected \`key\` to be a string, got ${typeof fields.key}`)
  const ports = {} as Record<Channel, number>
  for (const channel of CHANNELS) {
    const port = fields[`${channel}_port`]
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65535) {
      throw new Error(`expected \`${channel}_port\` to be a port from 1 to 65535, got ${JSON.stringify(port)}`)
    }
    ports[channel] = port
  }
  return { transport, ip: fields.ip, ports, key: fields.key }
}

/** The ZeroMQ address of a channel. */
export function endpoint(connection: Connection, channel: Channel): string {
  const separator = connection.transport === 'tcp' ? ':' : '-'
  return `${connection.transport}://${connection.ip}${separator}${connection.ports[channel]}`
}

/** The text of a connection file, as `parseConnection` reads it. */
export function connectionText({ transport, ip, ports, key }: Connection): string {
  const fields = {
    transport,
    ip,
    key,
    signature_scheme: 'hmac-sha256',
    kernel_name: 'asterism',
    ...Object.fromEntries(CHANNELS.map((channel) => [`${channel}_port`, ports[channel]])),
  }
  return `${JSON.stringify(fields, null, 2)}\n`
}
