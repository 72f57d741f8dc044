// What a round reports while it works, as bars that move: a new one for each stage. Knows no notebook; whoever has bars
// (a kernel's `progress`, say) hands in the function that starts one.
import type { RoundProgress } from '../../run/progress.ts'

/** A bar on the page. */
export interface ProgressBar {
  /** How much is done, and a note behind the bar. */
  update(done: number, note: string): void
}

/**
 * A listener for `onProgress`. `start` puts a bar on the page: how much there is to do, and what is being done. A new
 * bar begins with each stage, and where the same stage begins again.
 * @example
 * const seen: string[] = []
 * const onProgress = liveProgress((total, label) => ({ update: (done) => seen.push(`${label} ${done}/${total}`) }))
 * onProgress({ round: 1, stage: 'search', done: 2, of: 8, note: '' })
 * seen // [ 'round 1, search 2/8' ]
 */
export function liveProgress(start: (total: number, label: string) => ProgressBar): (progress: RoundProgress) => void {
  let shown: { label: string; of: number; done: number; bar: ProgressBar } | null = null
  return ({ round, stage, done, of, note }) => {
    const label = `round ${round}, ${stage}`
    // The same stage from its beginning again, e.g. a cell that runs twice, is another bar.
    if (shown === null || shown.label !== label || shown.of !== of || done < shown.done)
      shown = { label, of, done, bar: start(of, label) }
    shown.done = done
    shown.bar.update(done, note)
  }
}
