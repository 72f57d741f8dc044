// A contract as a list of laws, each a title and a check: declared as tests of node:test, or asked one by one.
import { describe, test } from 'node:test'

/** One law of a contract. */
export interface Law<Part> {
  /** What holds of every part that keeps the contract, as the title of a test. */
  readonly title: string
  /** Throws or rejects where the part breaks the law. `make` gives another part made alike, which the check disposes. */
  check(part: Part, make: Make<Part>): void | Promise<void>
}

/** Gives a fresh part. */
export type Make<Part> = () => Part | Promise<Part>

/** How a suite is declared. */
export interface ContractOptions {
  /** Why the suite cannot run here. @default false */
  readonly skip?: string | false
}

/** Declares each law as a test of a fresh part. */
export function declareLaws<Part>(
  suite: string,
  laws: readonly Law<Part>[],
  make: Make<Part>,
  { skip = false }: ContractOptions = {},
): void {
  describe(suite, { skip }, () => {
    for (const law of laws) test(law.title, () => holds(law, make))
  })
}

/** The titles of the laws that a part breaks, without a test: none where it keeps the contract. */
export async function brokenLaws<Part>(laws: readonly Law<Part>[], make: Make<Part>): Promise<string[]> {
  const broken: string[] = []
  for (const law of laws) {
    try {
      await holds(law, make)
    } catch {
      broken.push(law.title)
    }
  }
  return broken
}

const holds = <Part>(law: Law<Part>, make: Make<Part>): Promise<void> =>
  using(make, async (part) => law.check(part, make))

/** Works with a fresh part, and disposes it where it can be. */
export async function using<Part, T>(make: Make<Part>, work: (part: Part) => Promise<T>): Promise<T> {
  const part = await make()
  try {
    return await work(part)
  } finally {
    await (part as { dispose?(): Promise<void> }).dispose?.()
  }
}

/** A law that parts with something to dispose share. */
export const disposesTwice: Law<{ dispose(): Promise<void> }> = {
  title: 'disposing twice is harmless',
  async check(part) {
    await part.dispose()
    await part.dispose()
  },
}

/** Errors: no text, or an empty one. */
export function expectName(name: unknown): void {
  if (typeof name !== 'string' || name.trim() === '') throw new Error(`Expected a name, got ${JSON.stringify(name)}`)
}

/** Laws that parts which serve batches share. */
export const servesBatches: Law<{ readonly name: string; readonly batchSize: number }> = {
  title: 'it has a name and serves at least one request at a time',
  check({ name, batchSize }) {
    expectName(name)
    if (!(typeof batchSize === 'number' && batchSize >= 1))
      throw new RangeError(`Expected \`batchSize\` to be a number from 1 up, got \`${batchSize}\``)
  },
}
