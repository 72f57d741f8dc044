// Some at a time of what comes one by one, so that work is done together and no list of all is kept.

/** Lists of `size` items, the last one perhaps shorter; none where there are no items. `size`: integer from 1 up. */
export function* batches<T>(items: Iterable<T>, size: number): Generator<T[], void, void> {
  let batch: T[] = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
