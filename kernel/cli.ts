// The commands `asterism kernel …` and `asterism run …`, as functions of their arguments that give an exit code: 0 done,
// 1 a failure that was told in one clear message, 2 wrong usage, 130 stopped by Ctrl-C.
import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { type Typecheck, typecheckOf } from './cell/typecheck.ts'
import type { Place } from './kernelspec.ts'

interface InstallFlags extends PlaceFlags {
  typecheck?: string
}

interface PlaceFlags {
  user?: boolean
  prefix?: string
  sysPrefix?: boolean
  name: string
}

/** `asterism kernel install|uninstall|list`. `args`: what follows `kernel`. */
export async function kernelCommand(args: readonly string[]): Promise<number> {
  const { displayName, installKernel, listKernels, uninstallKernel } = await import('./kernelspec.ts')
  const program = new Command('asterism kernel').description('Makes the TypeScript kernel known to Jupyter.')
  const withPlace = (command: Command): Command =>
    command
      .option('--user', 'in the data folder of the user (default)')
      .option('--prefix <dir>', 'under DIR/share/jupyter')
      .option('--sys-prefix', 'in the active Python environment')
      .option('--name <name>', 'name of the kernelspec', 'asterism')
  withPlace(program.command('install'))
    .description('writes the kernelspec')
    .option(
      '--typecheck <mode>',
      'off, warn (show type errors; default) or error (do not run a cell that has some); ASTERISM_TYPECHECK overrides it',
    )
    .action((flags: InstallFlags) => {
      say(`Installed the kernel in ${installKernel(place(flags), flags.name, chosen(flags.typecheck))}`)
      say(`It runs on this Node, also when another is active: ${process.execPath}`)
      say(`In Jupyter and VS Code, choose the kernel "${displayName(flags.name)}"`)
    })
  withPlace(program.command('uninstall'))
    .description('removes the kernelspec')
    .action((flags: PlaceFlags) => say(`Removed ${uninstallKernel(place(flags), flags.name)}`))
  program
    .command('list')
    .description('lists the kernels that Jupyter would find; * marks ours')
    .option('--prefix <dir>', 'look also under DIR/share/jupyter')
    .action(({ prefix }: { prefix?: string }) => {
      const kernels = listKernels(prefix === undefined ? [] : [join(prefix, 'share', 'jupyter')])
      for (const { name, folder, displayName, isOurs, defect } of kernels) {
        say(`${isOurs ? '*' : ' '} ${name.padEnd(16)} ${displayName.padEnd(28)} ${folder}`)
        if (defect !== null) say(`${' '.repeat(19)}${defect}`)
      }
      if (kernels.length === 0) say('No kernels are installed. Install this one with: asterism kernel install')
    })
  return parse(program, args)
}

interface RunFlags {
  parameter: string[]
  out?: string
  quiet?: boolean
  timeout?: number
  typecheck?: boolean
}

/** `asterism run NOTEBOOK`. `args`: what follows `run`. */
export async function runCommand(args: readonly string[]): Promise<number> {
  let code = 0
  const program = new Command('asterism run')
    .description('Executes a notebook and writes it with its outputs.')
    .argument('<notebook>', 'path of the .ipynb file')
    .option('-p, --parameter <key=value>', 'value for a key of the parameters cell', gather, [] as string[])
    .option('--out <file>', 'path of the executed notebook (default: NOTEBOOK with .executed before .ipynb)')
    .option('--quiet', 'shows errors only')
    .option('--timeout <seconds>', 'limit for one cell', seconds)
    .option('--typecheck', 'stops at the first cell with a type error, before it runs')
    .action(async (notebook: string, flags: RunFlags) => {
      code = await run(notebook, flags)
    })
  return (await parse(program, args)) || code
}

async function run(
  notebook: string,
  { parameter, out = executedPath(notebook), quiet, timeout, typecheck = false }: RunFlags,
): Promise<number> {
  const [{ runNotebook }, { createLiveView }, { parseParameters }] = await Promise.all([
    import('./notebook/run.ts'),
    import('./notebook/live-view.ts'),
    import('./notebook/parameters.ts'),
  ])
  if (!existsSync(dirname(out)))
    throw new Error(`Expected the folder ${dirname(out)} to exist, to write ${basename(out)}`)
  const { stdout } = process
  const terminal = {
    write: (text: string) => void stdout.write(text),
    isTty: stdout.isTTY === true,
    columns: () => stdout.columns ?? 80,
  }
  const abort = new AbortController()
  const onInterrupt = (): void => {
    if (abort.signal.aborted) process.exit(130) // a second Ctrl-C does not wait
    abort.abort()
  }
  process.on('SIGINT', onInterrupt)
  try {
    const result = await runNotebook({
      notebook,
      out,
      parameters: parseParameters(parameter),
      signal: abort.signal,
      ...(typecheck ? { typecheck: 'error' } : {}),
      ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
      ...(quiet ? {} : { view: createLiveView(terminal) }),
    })
    if (result.kind === 'failed') {
      const { cell, line, message, traceback } = result
      const place = line === null ? `cell ${cell}` : `cell ${cell}, line ${line}`
      complain(`\n${notebook}, ${place}: ${message}`)
      const text = traceback.join('\n')
      const below = text.startsWith(message) ? text.slice(message.length).replace(/^\n/, '') : text
      if (below !== '') complain(below.replace(/^/gm, '  '))
    } else if (result.kind === 'aborted') complain('\nStopped.')
    if (!quiet || result.kind !== 'done') say(`\nExecuted notebook: ${out}`)
    return { done: 0, failed: 1, aborted: 130 }[result.kind]
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

/** `a/b.ipynb` → `a/b.executed.ipynb`. */
function executedPath(notebook: string): string {
  return join(dirname(notebook), `${basename(notebook, extname(notebook))}.executed.ipynb`)
}

const chosen = (typecheck: string | undefined): Typecheck | null =>
  typecheck === undefined ? null : typecheckOf(typecheck)

const gather = (pair: string, before: string[]): string[] => [...before, pair]

function seconds(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('Expected a number of seconds above 0.')
  return value
}

function place({ user, prefix, sysPrefix }: PlaceFlags): Place {
  if ([user, prefix, sysPrefix].filter((flag) => flag !== undefined).length > 1) {
    throw new Error('Expected at most one of --user, --prefix and --sys-prefix')
  }
  if (prefix !== undefined) return { kind: 'prefix', prefix }
  return sysPrefix ? { kind: 'sysPrefix' } : { kind: 'user' }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const complain = (text: string): void => void process.stderr.write(`${text}\n`)

async function parse(program: Command, args: readonly string[]): Promise<number> {
  for (const command of [program, ...program.commands]) command.exitOverride()
  try {
    await program.parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    complain(`asterism: ${(error as Error).message}`)
    return 1
  }
}
