// Finds the Python interpreter that runs steps: the real one, once, so that no shim is paid for at every start.
// Assumes nothing about the machine. Does not install anything.
import { execFile } from 'node:child_process'

/** A Python interpreter that was asked who it is. */
export interface Python {
  /** Absolute path of the interpreter itself, shims resolved. */
  readonly path: string
  /** [major, minor], at least [3, 9]. */
  readonly version: readonly [number, number]
}

const OLDEST = [3, 9] as const
const QUESTION = 'import json, sys; print(json.dumps([sys.executable, sys.version_info[:2]]))'
const ADVICE =
  'Install it (apt-get install python3, or brew install python), or set ASTERISM_PYTHON to the path of an interpreter.'

const found = new Map<string, Promise<Python>>()

/**
 * The interpreter named by `wanted`, else by ASTERISM_PYTHON, else `python3` of PATH. Asked once per name and process.
 * Throws one line that says what to install when there is none, or when it is older than 3.9.
 */
export function findPython(wanted?: string): Promise<Python> {
  const name = wanted || process.env.ASTERISM_PYTHON || 'python3'
  let python = found.get(name)
  if (!python) {
    python = ask(name)
    found.set(name, python)
    python.catch(() => found.delete(name)) // it may be installed before the next call
  }
  return python
}

/** An interpreter that only a container has, so it is not asked; its version is that of its first answer. */
export function namedPython(wanted = 'python3'): Python {
  return { path: wanted, version: OLDEST }
}

function ask(name: string): Promise<Python> {
  return new Promise((resolve, reject) => {
    execFile(name, ['-I', '-c', QUESTION], { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error) {
        const got = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'found none' : `got: ${reason(stderr, error)}`
        reject(new Error(`Expected Python 3.9 or later as \`${name}\` to run the steps, ${got}. ${ADVICE}`))
        return
      }
      let answer: unknown
      try {
        answer = JSON.parse(stdout)
      } catch {
        answer = null
      }
      if (!Array.isArray(answer) || typeof answer[0] !== 'string' || !Array.isArray(answer[1])) {
        reject(new Error(`Expected a Python interpreter at \`${name}\`, got an answer of another kind. ${ADVICE}`))
        return
      }
      const version = [Number(answer[1][0]), Number(answer[1][1])] as const
      if (version[0] !== OLDEST[0] || version[1] < OLDEST[1]) {
        reject(
          new Error(
            `Expected Python 3.9 or later to run the steps, got ${version.join('.')} at ${answer[0]}. ${ADVICE}`,
          ),
        )
        return
      }
      resolve({ path: answer[0], version })
    })
  })
}

function reason(stderr: string, error: Error): string {
  return stderr.trim().split('\n').at(-1) || error.message
}
