// What people type from habit of other kernels and shells: `!ls`, `%%timeit`, `exit`, `pip install x`. Some of it is valid
// TypeScript, so it is only looked at when a cell has failed, and answered with what does the same here. Pure.

const quoted = (text: string): string => JSON.stringify(text.trim())

/** Prints into the cell, and waits for the command. */
const shell = (command: string): string =>
  `Shell commands: import { execSync } from 'node:child_process'; execSync(${quoted(command)}, { stdio: 'inherit' })`

const EXIT =
  'The kernel is ended by the client: Kernel → Shut Down, or Ctrl-D in a console. `process.exit()` ends the process that runs the cells, and with it all variables'
const TIME = 'To time code: const start = performance.now(); …; performance.now() - start'
const PICTURES = 'Pictures need no magic: the value of the last line is shown, and display(value) shows any other'

/** What does the work of an IPython magic; `rest`: what stands behind its name. */
const MAGICS: Record<string, (rest: string) => string> = {
  ...Object.fromEntries(['timeit', 'time', 'prun'].map((name) => [name, () => TIME])),
  ...Object.fromEntries(['matplotlib', 'pylab'].map((name) => [name, () => PICTURES])),
  ...Object.fromEntries(['pip', 'conda', 'mamba'].map((name) => [name, (rest: string) => shell(`${name} ${rest}`)])),
  ...Object.fromEntries(
    ['bash', 'sh', 'script', 'system', 'sx'].map((name) => [name, (rest: string) => shell(rest || '…')]),
  ),
  ...Object.fromEntries(['ls', 'cat', 'mkdir', 'rm'].map((name) => [name, (rest: string) => shell(`${name} ${rest}`)])),
  cd: (rest) => `To change the folder: process.chdir(${quoted(rest || '..')})`,
  pwd: () => 'The working directory: process.cwd()',
  env: () => 'Environment variables: process.env',
  run: (rest) =>
    `To run a file: await import(${quoted(rest === '' ? './file.ts' : rest.replace(/^(?!\.{0,2}\/)/, './'))})`,
  html: () => 'HTML: display(html`<b>…</b>`)',
  markdown: () => 'Markdown: display(markdown`**…**`)',
  latex: () => 'Formulas: display(latex`x^2`)',
  writefile: (rest) =>
    `To write a file: import { writeFileSync } from 'node:fs'; writeFileSync(${quoted(rest || 'file')}, '…')`,
  reset: () => 'All variables go with a restart of the kernel',
}

/** Commands of a shell that people type without `!`; `install` and the like follow. */
const COMMAND =
  /^(?:(?:pip3?|conda|mamba|npm|npx|pnpm|yarn|apt|apt-get|brew|git|ls|cd|cat|mkdir|curl|wget)(?:[ \t]+(?![=([.;,?:+*/%&|<>]).*)?)$/

/** What to use in place of the notation in one line; null for a line without any. Example: `exit` names Shut Down. */
function hintOf(line: string): string | null {
  const [, magic, rest = ''] = /^%{1,2}([a-z_]\w*)[ \t]*(.*)$/i.exec(line) ?? []
  if (magic !== undefined) {
    const known = Object.hasOwn(MAGICS, magic) ? MAGICS[magic] : undefined
    return known?.(rest.trim()) ?? `%${magic} is a magic of IPython; cells here are TypeScript, and have no magics`
  }
  const command = /^!{1,2}[ \t]*(\S.*)$/.exec(line)?.[1]
  if (command !== undefined) return shell(command)
  if (/^(?:exit|quit)[ \t]*(?:\([ \t]*\))?[ \t]*;?$/.test(line)) return EXIT
  if (/^print[ \t]*\(/.test(line)) return 'To print: console.log(…)'
  if (/^help[ \t]*\(/.test(line)) return 'For help: a name with a question mark behind it, such as display?'
  if (/^cd\b/.test(line) && COMMAND.test(line)) return MAGICS.cd?.(line.slice(2).trim()) ?? null
  return COMMAND.test(line) ? shell(line) : null
}

/**
 * What to use here in place of what a failed cell says; null where it says nothing of the kind. `missing`: the name that
 * does not exist; null where the cell is not TypeScript.
 */
export function foreignHint(code: string, missing: string | null): string | null {
  for (const line of code.split('\n').map((one) => one.trim())) {
    const hint = missing === null || line.split(/[^\p{ID_Continue}$]+/u).includes(missing) ? hintOf(line) : null
    if (hint !== null) return hint
  }
  return null
}
