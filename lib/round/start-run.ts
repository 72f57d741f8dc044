// From what a person asks for (a name, a seed, a file of problems) to an opened run.

import {
  describeSkipped,
  generatedProblems,
  type ProblemFamily,
  readProblems,
  splitHeldOut,
} from '../../datasets/index.ts'
import { expectKnown, type OptionNames } from '../options/expect-known.ts'
import { assign, type Changes } from '../run/assign-settings.ts'
import { openRun, type Run } from '../run/run.ts'
import { defaultSettings, type Settings } from '../run/settings.ts'

export interface StartRunOptions {
  /** Folder of the run below `root`. @default 'default' */
  readonly name?: string
  /** Decides everything random. @default 1 */
  readonly seed?: number
  /** Folder that holds the runs. @default the project's folder `runs`, from wherever in it */
  readonly root?: string
  /** A file of problems (GSM8K, MATH or plain question and answer); without it they are generated. */
  readonly problems?: string
  /** Kinds of problems to generate: own ones, and built-in ones by name. @default all built-in ones */
  readonly families?: readonly (string | ProblemFamily)[]
  /** At most this many problems of the file. */
  readonly limit?: number
  /** @default defaultSettings */
  readonly settings?: Settings
  /**
   * Changes to the settings: each `key=value`, e.g. `rounds.0.passes.0.rollouts=8`, or an object of the settings' shape that
   * holds only what changes. There an object in the place of a list changes all its elements: `{ rounds: { wave: 8 } }`.
   */
  readonly set?: readonly string[] | Changes<Settings>
  /** Gets one line for each thing worth knowing: rows that were skipped. @default prints to stderr */
  readonly warn?: (line: string) => void
}

/** Opens a run, new or begun. Errors: unusable problems, unknown settings, a run of that name with other settings. */
export function startRun(options: StartRunOptions = {}): Run {
  expectKnown('startRun', options, START_OPTIONS)
  const { name = 'default', seed = 1, root, warn = console.error } = options
  if (options.limit !== undefined && options.problems === undefined)
    throw new Error(
      'Expected a limit only for the problems of a file. For fewer generated ones use --set problems=[20,20,20,20,10,10]',
    )
  if (options.families !== undefined && options.problems !== undefined)
    throw new Error('Expected either families to generate problems or a file of problems, got both')
  const settings = assign(options.settings ?? defaultSettings, options.set ?? [])
  const data = options.problems
    ? fromFile(options.problems, { seed, settings, limit: options.limit, warn })
    : generated(seed, settings, options.families)
  return openRun({ name, seed, settings, ...data, ...(root !== undefined && { root }) })
}

function generated(seed: number, settings: Settings, families: StartRunOptions['families']) {
  const kinds = families && { families }
  const train = generatedProblems({ seed, counts: settings.problems, idPrefix: 't', ...kinds })
  const counts = settings.problems.map(() => settings.heldOut)
  const heldOut = generatedProblems({ seed: seed ^ 0x5eed, counts, idPrefix: 'h', except: train, ...kinds })
  const names = families?.map((family) => (typeof family === 'string' ? family : family.name))
  return { source: names ? `generated: ${names.join(', ')}` : 'generated', train, heldOut }
}

function fromFile(
  path: string,
  {
    seed,
    settings,
    limit,
    warn,
  }: { seed: number; settings: Settings; limit?: number | undefined; warn: (line: string) => void },
) {
  const file = readProblems(path, limit === undefined ? {} : { limit })
  for (const line of describeSkipped(path, file)) warn(line)
  const count = Math.min(settings.heldOut * 6, Math.floor(file.problems.length / 5))
  return { source: path, ...splitHeldOut(file.problems, { seed, count }) }
}

const START_OPTIONS: OptionNames<StartRunOptions> = {
  name: true,
  seed: true,
  root: true,
  problems: true,
  families: true,
  limit: true,
  settings: true,
  set: true,
  warn: true,
}
