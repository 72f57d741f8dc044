/** The two streams of text that a cell writes to, by the name that `stream` messages give them. */
export type StreamName = 'stdout' | 'stderr'
