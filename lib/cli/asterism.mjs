#!/usr/bin/env node
// The `asterism` command. Brings dist/ up to date in a checkout, then hands over to the part that owns the command:
// kernel/ for `kernel` and `run`, lib/ for the rest. This launcher is the only file that knows both.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
if (existsSync(join(root, 'package-lock.json')) && !process.env.ASTERISM_NO_BUILD) {
  const { install } = await import('./install.mjs')
  await install()
}
process.setSourceMapsEnabled(true)
const [command, ...args] = process.argv.slice(2)
const load = (part) => import(pathToFileURL(join(root, 'dist', part)).href)
if (command === 'run') process.exitCode = await (await load('kernel/cli.js')).runCommand(args)
else if (command === 'kernel') process.exitCode = await (await load('kernel/cli.js')).kernelCommand(args)
else {
  const { main } = await load('lib/cli/main.js')
  const { listKernels } = await load('kernel/kernelspec.js')
  process.exitCode = await main(process.argv.slice(2), listKernels)
}
