// Parts of a bundle that take time, such as the picture of a plot: the page has the rest at once, and the whole when it is
// ready. A display that changes again and again spends at most one part in so many of its time on them.
import type { MimeBundle } from '../protocol/message.ts'

/** Makes one part. A rejection becomes a remark in the text of the bundle. */
export type LatePart = () => Promise<unknown>

/** What a value shows: a bundle, and the parts that follow, by MIME type. */
export interface Shown {
  readonly bundle: MimeBundle
  readonly late: Readonly<Record<string, LatePart>>
}

/** True where nothing follows. */
export const isWhole = ({ late }: Shown): boolean => Object.keys(late).length === 0

const SHARE = 5
/** No late part of an update is made before. */
let nextAt = 0

/** The bundle with all its parts; null where nobody wants it any more when its turn has come. */
export async function wholeOf(
  { bundle, late }: Shown,
  { isUpdate, isWanted }: { isUpdate: boolean; isWanted: () => boolean },
): Promise<MimeBundle | null> {
  const parts = Object.entries(late)
  const wait = isUpdate ? nextAt - performance.now() : 0
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  if (!isWanted()) return null
  const started = performance.now()
  let whole = bundle
  // After an await the realm is people's, who may have replaced the iterator of lists.
  for (let i = 0; i < parts.length; i++) {
    const type = parts[i]![0]
    try {
      whole = { ...whole, [type]: await parts[i]![1]() }
    } catch (error) {
      whole = told(whole, `no picture: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const now = performance.now()
  nextAt = now + (SHARE - 1) * (now - started)
  return isWanted() ? whole : null
}

const told = (bundle: MimeBundle, why: string): MimeBundle => {
  const text = String(bundle['text/plain'] ?? '')
  return { ...bundle, 'text/plain': text.endsWith(']') ? `${text.slice(0, -1)}; ${why}]` : `${text}\n[${why}]` }
}
