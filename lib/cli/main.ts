// The commands of `asterism` that belong to the library. `kernel` and `run` belong to the kernel.
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Device } from '../engine/devices.ts'
import { evolve, withParts } from '../round/evolve.ts'
import { writeReport } from '../round/report.ts'
import { writeReportPage } from '../round/report-page.ts'
import { startRun } from '../round/start-run.ts'
import { packageVersion } from '../run/manifest.ts'
import type { RoundProgress } from '../run/progress.ts'
import { reopenRun } from '../run/run.ts'
import { progressText } from '../show/draw/progress.ts'
import { stagesTable } from '../show/views/stages-table.ts'
import { painter, reportText } from '../show/views/terminal.ts'
import { doctorCommand, type Kernelspec } from './doctor.ts'
import { Interrupted, interruptible } from './interrupt.ts'
import { VERIFY_HELP, type VerifyFlags, verifyCommand } from './verify.ts'

interface EvolveFlags {
  run: string
  seed: number
  rounds?: number
  problems?: string
  limit?: number
  set: string[]
  device: Device
  threads?: number
  runs?: string
}

/**
 * Runs a command line without its first two words. `kernels`: tells the kernelspecs of this machine; the kernel knows
 * them, and the launcher knows the kernel. Result: the exit code.
 */
export async function main(argv: readonly string[], kernels: () => readonly Kernelspec[] = () => []): Promise<number> {
  let exitCode = 0
  const program = new Command('asterism')
    .description('Self-evolving small reasoners (rStar-Math) in TypeScript: notebooks, search, training, reports')
    .version(packageVersion())
    .exitOverride()
    .configureHelp({ sortSubcommands: false })
  program
    .command('evolve')
    .description('do the rounds of self-evolution without notebooks; goes on where an earlier call stopped')
    .option('--run <name>', 'name of the run: its folder below --runs', 'default')
    .option('--seed <n>', 'decides everything random', integer(0), 1)
    .option('--rounds <n>', 'do only the first rounds', integer(1))
    .option(
      '--problems <file>',
      'GSM8K, MATH, {question, answer} or another set as JSONL, JSON or CSV (default: generated word problems)',
    )
    .option('--limit <n>', 'use at most this many problems of the file', integer(1))
    .option('--set <key=value>', 'change a setting, e.g. rounds.1.passes.0.rollouts=16 (may be repeated)', collect, [])
    .option('--device <name>', 'cpu, webgpu, cuda, coreml or directml', 'cpu')
    .option('--threads <n>', 'threads of the engine (default: all cores)', integer(1))
    .option('--runs <folder>', "folder that holds the runs (default: the project's folder runs)")
    .action(evolveCommand)
  program
    .command('report')
    .description('print the tables of a run and write its report.json and report.html again')
    .argument('[run]', 'name of the run', 'default')
    .option('--runs <folder>', "folder that holds the runs (default: the project's folder runs)")
    .action(reportCommand)
  program
    .command('verify')
    .description(
      'run programs, one JSON line each, and print one JSON line with the verdict of each, in the same order',
    )
    .argument('<file>', 'JSONL of {"id", "code"} or {"id", "steps": [...]}; - reads stdin')
    .addOption(
      new Option('--level <name>', 'how programs are kept from this machine, see below')
        .choices(['auto', 'jail', 'landlock', 'rlimit', 'container'])
        .default('auto'),
    )
    .option('--wrap <command>', 'command that starts Python in a container, cut at spaces (level container)')
    .option('--concurrency <n>', 'programs that run at once (default: all cores)', integer(1))
    .option('--twice', 'run each program twice and flag those that come out differently')
    .addHelpText('after', VERIFY_HELP)
    .action(async (file: string, flags: VerifyFlags) => {
      exitCode = await verifyCommand(file, flags)
    })
  program
    .command('doctor')
    .description('say what of this machine the loop will use, and which command installs what is missing')
    .option('--json', 'print the same as one JSON object')
    .addHelpText('after', '\nExit code: 0 when the loop can run, 1 otherwise.')
    .action(async ({ json = false }: { json?: boolean }) => {
      exitCode = await doctorCommand({ json, kernels })
    })
  program.command('run').description('execute a notebook through the kernel (asterism run --help)')
  program.command('kernel').description('install, list or remove the Jupyter kernel (asterism kernel --help)')
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(141) // whoever read our output has left, e.g. `asterism report | head`
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    const { exitCode, code, message } = error as Error & { exitCode?: number; code?: string }
    if (code?.startsWith('commander.')) return exitCode ?? 1
    if (error instanceof Interrupted) {
      console.error(message)
      return error.exitCode
    }
    console.error(process.env.ASTERISM_DEBUG ? (error as Error).stack : message)
    return 1
  }
}

async function evolveCommand(flags: EvolveFlags): Promise<void> {
  const { run: name, seed, rounds, problems, limit, set, device, threads, runs } = flags
  const run = startRun({ name, seed, ...(runs !== undefined && { root: runs }), problems, limit, set })
  const screen = liveScreen()
  const report = await interruptible((signal) =>
    withParts({ device, threads }, (parts) =>
      evolve(run, { ...parts, rounds, signal, onProgress: screen.progress, onStage: screen.line }),
    ),
  ).finally(screen.end)
  console.log(`\n${reportText(report, painter({ stream: process.stdout, env: process.env }))}`)
  console.log(`\nreport  ${run.path('report.html')}\n        ${run.path('report.json')}`)
}

async function reportCommand(name: string, { runs }: { runs?: string }): Promise<void> {
  const run = reopenRun(name, runs === undefined ? {} : { root: runs })
  const report = writeReport(run)
  const page = await writeReportPage(run, report)
  console.log(reportText(report, painter({ stream: process.stdout, env: process.env })))
  if (report.rounds.length < run.settings.rounds.length) console.log(`\n${stagesTable(run)}`)
  console.log(`\nreport  ${page}\n        ${run.path('report.json')}`)
}

/** One progress line that redraws itself on a terminal, or a line every ten seconds elsewhere; finished stages stay. */
function liveScreen() {
  const tty = process.stdout.isTTY === true
  let stage = ''
  let began = performance.now()
  let drawn = 0
  const wipe = () => tty && process.stdout.write('\r\x1b[2K')
  return {
    progress({ round, stage: name, done, of, note }: RoundProgress) {
      const now = performance.now()
      if (stage !== `${round} ${name}`) {
        stage = `${round} ${name}`
        began = now
        drawn = tty ? 0 : now
      }
      if (now - drawn < (tty ? 100 : 10_000)) return
      drawn = now
      const elapsedSeconds = (now - began) / 1000
      const text = progressText({ label: `round ${round}  ${name}`, done, total: of, elapsedSeconds, note }, 110)
      wipe()
      process.stdout.write(tty ? text : `${text}\n`)
    },
    line(text: string) {
      wipe()
      console.log(text)
    },
    end: () => void wipe(),
  }
}

const collect = (value: string, before: string[]): string[] => [...before, value]

const integer =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number from ${least} up, got "${text}"`)
    return value
  }
