// Two ways lead from the user-code process: ordered frames, and the raw stdout and stderr that native code and commands
// write to. A frame may wait until raw text that was written before it has come: the process writes a mark into both raw
// pipes, and a frame that names the mark.
import type { StreamName } from '../protocol/stream-name.ts'

/** A mark that does not come within this time is not waited for, in milliseconds: somebody closed the pipe. */
const MARK_PATIENCE_MS = 1000
const MARK = /\0asterism:(\d+)\0/
const BOTH = ['stdout', 'stderr'] as const
const isBegun = (text: string): boolean => '\0asterism:'.startsWith(text) || /^\0asterism:\d*$/.test(text)

/** The text of a mark. */
export const markText = (mark: number): string => `\0asterism:${mark}\0`

/** Lets frames and raw text pass in the order in which they were written. */
export interface RawOrder<F> {
  /** `mark`: the raw text of these streams before this mark comes first. @default `streams` both */
  frame(frame: F, mark: number | null, streams?: readonly StreamName[]): void
  raw(name: StreamName, text: string): void
  /** Lets everything pass: no more raw text will come. */
  end(): void
}

/** `pass` gets the frames, `print` the raw text without its marks. */
export function createRawOrder<F>(
  pass: (frame: F) => void,
  print: (name: StreamName, text: string) => void,
): RawOrder<F> {
  const seen = { stdout: 0, stderr: 0 }
  const rest = { stdout: '', stderr: '' }
  const waiting: { frame: F; mark: number | null; streams: readonly StreamName[] }[] = []
  let timer: NodeJS.Timeout | null = null
  const isDue = (mark: number | null, streams: readonly StreamName[]): boolean =>
    mark === null || streams.every((name) => seen[name] >= mark)

  const release = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    for (let next = waiting[0]; next !== undefined && isDue(next.mark, next.streams); next = waiting[0]) {
      waiting.shift()
      pass(next.frame)
    }
    const first = waiting[0]
    if (first !== undefined) timer = setTimeout(() => skipTo(first.mark ?? 0), MARK_PATIENCE_MS)
  }
  const skipTo = (mark: number): void => {
    seen.stdout = Math.max(seen.stdout, mark)
    seen.stderr = Math.max(seen.stderr, mark)
    release()
  }

  return {
    frame(frame, mark, streams = BOTH) {
      if (waiting.length === 0 && isDue(mark, streams)) return pass(frame)
      waiting.push({ frame, mark, streams })
      if (waiting.length === 1) release()
    },
    raw(name, text) {
      let left = rest[name] + text
      for (let found = MARK.exec(left); found !== null; found = MARK.exec(left)) {
        if (found.index > 0) print(name, left.slice(0, found.index))
        left = left.slice(found.index + found[0].length)
        seen[name] = Math.max(seen[name], Number(found[1]))
        release()
      }
      // A mark may come in two pieces.
      const last = left.lastIndexOf('\0')
      const begun = last >= 0 && isBegun(left.slice(last)) ? last : left.length
      if (begun > 0) print(name, left.slice(0, begun))
      rest[name] = left.slice(begun)
    },
    end: () => skipTo(Number.POSITIVE_INFINITY),
  }
}
