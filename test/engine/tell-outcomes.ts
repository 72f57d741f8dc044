// Started by swiftshader.test.ts: runs the test files of its arguments and writes a line of JSON for each test outside
// others, and for each that fails.
import { run } from 'node:test'

/** One finished test. */
export interface Outcome {
  readonly name: string
  readonly error?: string
}

const tell = (outcome: Outcome) => console.log(JSON.stringify(outcome))
run({ files: process.argv.slice(2), concurrency: 2 })
  .on('test:pass', ({ name, nesting }) => {
    if (nesting === 0) tell({ name })
  })
  .on('test:fail', ({ name, details: { error } }) => {
    tell({ name, error: error.cause instanceof Error ? error.cause.stack : error.message })
  })
  .resume()
