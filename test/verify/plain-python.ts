// Programs run by python3 itself, as a user would: the judge of what a sandbox may not change.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface PlainRun {
  /** What the last step printed. */
  readonly stdout: string
  /** Exit status; null where a signal ended it. */
  readonly status: number | null
  readonly stderr: string
}

const MARK = '<<the last step prints from here>>'

/** `python3 main.py` in an empty folder, all steps in one file, with nothing on standard input. */
export async function byPlainPython(python: string, steps: readonly string[]): Promise<PlainRun> {
  const folder = mkdtempSync(join(tmpdir(), 'asterism-plain-'))
  try {
    const mark = `import sys as mark\nmark.stdout.write(${JSON.stringify(MARK)})`
    const texts = steps.length > 1 ? [...steps.slice(0, -1), mark, steps.at(-1)!] : steps
    writeFileSync(join(folder, 'main.py'), texts.join('\n'))
    const options = { cwd: folder, env: { LANG: 'C.UTF-8', PYTHONHASHSEED: '0' }, timeout: 60_000 }
    return await new Promise((resolve) => {
      const child = execFile(python, ['-B', 'main.py'], options, (error, stdout, stderr) => {
        const status = error ? (typeof error.code === 'number' ? error.code : null) : 0
        resolve({ stdout: steps.length > 1 ? (stdout.split(MARK)[1] ?? '') : stdout, status, stderr })
      })
      child.stdin!.end()
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
