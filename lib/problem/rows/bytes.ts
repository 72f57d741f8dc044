// The bytes of a problem file, a piece at a time: packed or not, in UTF-8 or refused by the name of what they are instead.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** A file that can be gone through more than once. A piece is good until the next one is asked for. */
export interface Bytes {
  pieces(): Iterable<Buffer>
}

/** Bytes read at once. */
const PIECE = 1 << 20
/** Largest unpacked size of a gzip file: it is unpacked in memory. */
const LARGEST_UNPACKED = 1 << 30
const NEWLINE = 10

const REFUSED: readonly (readonly [magic: string, name: string, advice: string])[] = [
  ['504b0304', 'a zip archive', 'Unpack it'],
  ['28b52ffd', 'Zstandard', 'Unpack it with `zstd -d`'],
  ['425a68', 'bzip2', 'Unpack it with `bunzip2`'],
  ['fd377a585a00', 'xz', 'Unpack it with `unxz`'],
  [
    '50415231',
    'Parquet',
    'Write it as JSONL, as with `pandas.read_parquet(…).to_json(…, orient="records", lines=True)`',
  ],
  ['4152524f5731', 'Arrow', 'Write it as JSONL, as with `datasets.Dataset.to_json`'],
  ['53514c69746520666f726d6174', 'an SQLite database', 'Export the table as CSV'],
  ['fffe0000', 'UTF-32', 'Save it as UTF-8'],
  ['0000feff', 'UTF-32', 'Save it as UTF-8'],
  ['fffe', 'UTF-16 (little endian)', 'Save it as UTF-8, as with `iconv -f UTF-16 -t UTF-8`'],
  ['feff', 'UTF-16 (big endian)', 'Save it as UTF-8, as with `iconv -f UTF-16 -t UTF-8`'],
]

/** Opens a file, packed with gzip or not. Errors: what it is instead of text in UTF-8, and what to do; what the disk says. */
export function openBytes(path: string): Bytes {
  const start = firstBytes(path)
  if (start.toString('hex').startsWith('1f8b')) {
    const whole = unpacked(path)
    refuseOthers(whole.subarray(0, 64))
    return { pieces: () => [whole] }
  }
  refuseOthers(start)
  return { pieces: () => piecesOf(path) }
}

function* piecesOf(path: string): Generator<Buffer, void, void> {
  const file = openSync(path, 'r')
  const piece = Buffer.allocUnsafe(PIECE)
  try {
    for (;;) {
      const length = readSync(file, piece, 0, PIECE, null)
      if (length === 0) return
      yield piece.subarray(0, length)
    }
  } finally {
    closeSync(file)
  }
}

function firstBytes(path: string): Buffer {
  for (const piece of piecesOf(path)) return Buffer.from(piece.subarray(0, 64))
  return Buffer.alloc(0)
}

function unpacked(path: string): Buffer {
  try {
    return gunzipSync(readFileSync(path), { maxOutputLength: LARGEST_UNPACKED })
  } catch (error) {
    const isLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    const got = isLarge ? `more than ${LARGEST_UNPACKED} bytes` : `a damaged one (${(error as Error).message})`
    throw new Error(`expected a whole gzip file, got ${got}. Unpack it with \`gunzip\``, { cause: error })
  }
}

function refuseOthers(start: Buffer): void {
  const hex = start.toString('hex')
  const known = REFUSED.find(([magic]) => hex.startsWith(magic))
  if (known) throw new Error(`expected text in UTF-8, got ${known[1]}. ${known[2]}`)
  if (!start.includes(0)) return
  const isWide = start.length > 3 && (start[0] === 0) !== (start[1] === 0) && (start[2] === 0) === (start[0] === 0)
  const got = isWide ? 'UTF-16 without a byte-order mark' : 'bytes that are no text'
  throw new Error(`expected text in UTF-8, got ${got}. Save it as UTF-8, as JSONL, JSON or CSV`)
}

/** A line as bytes, without its line end, with its number from 1; good until the next one is asked for. */
export interface ByteLine {
  readonly line: number
  readonly bytes: Buffer
}

/** The lines of a file, one at a time. A line end is a newline, with a carriage return before it or not. */
export function* linesOf(source: Bytes): Generator<ByteLine, void, void> {
  let line = 0
  let parts: Buffer[] = []
  const finish = (): ByteLine => {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    parts = []
    line++
    return { line, bytes: bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes }
  }
  for (const piece of source.pieces()) {
    let start = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      parts.push(piece.subarray(start, end))
      start = end + 1
      yield finish()
    }
    if (start < piece.length) parts.push(Buffer.from(piece.subarray(start)))
  }
  if (parts.length > 0) yield finish()
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Text in UTF-8, a byte-order mark cut; else null, see `encodingFault`. */
export function decode(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null // all that a fatal decoder throws for
  }
}

/** What bytes are that are no UTF-8, as one clause. */
export function encodingFault(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const at = buffer.toString('utf8').indexOf('\ufffd')
  const column = Buffer.byteLength(buffer.toString('utf8').slice(0, at))
  const byte = `0x${buffer[column]!.toString(16).toUpperCase()} at byte ${column + 1}`
  const hasUtf8 = /[\u0080-\ufffc]/.test(buffer.toString('utf8'))
  const got = hasUtf8 ? `broken UTF-8 (${byte})` : `another encoding, as Latin-1 (ISO-8859-1, Windows-1252) has ${byte}`
  return `expected text in UTF-8, got ${got}; save the file as UTF-8, as with \`iconv -f LATIN1 -t UTF-8\``
}
