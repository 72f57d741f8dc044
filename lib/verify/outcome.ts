// From what a fork server reports to a verdict. Pure.

import type { Limits, PlainError, Reply } from './protocol.ts'
import type { Verdict } from './verdict.ts'

/** Modules that solutions of mathematics problems use: import name → [Debian package, name for pip]. */
const OPTIONAL_MODULES: Record<string, readonly [string, string]> = {
  sympy: ['python3-sympy', 'sympy'],
  numpy: ['python3-numpy', 'numpy'],
  scipy: ['python3-scipy', 'scipy'],
  mpmath: ['python3-mpmath', 'mpmath'],
  pandas: ['python3-pandas', 'pandas'],
  networkx: ['python3-networkx', 'networkx'],
  matplotlib: ['python3-matplotlib', 'matplotlib'],
  sklearn: ['python3-sklearn', 'scikit-learn'],
}

/** The verdict on the last step of a run. `python`: path of the interpreter, for the advice on a missing module. */
export function verdictOf(reply: Reply, limits: Limits, python: string): Verdict {
  switch (reply.status) {
    case 'ok':
      return printed(reply.stdout)
    case 'error':
      if (reply.module !== undefined && Object.hasOwn(OPTIONAL_MODULES, reply.module)) {
        return { kind: 'unsupported', missing: reply.module, advice: adviceFor(reply.module, python) }
      }
      return failed([reply.type ?? 'Exception', reply.message ?? '', reply.line ?? null])
    case 'memory':
      return { kind: 'memory', limitMb: limits.memoryMb }
    case 'timeout':
      return { kind: 'timeout', clock: reply.clock, limitMs: reply.clock === 'cpu' ? limits.cpuMs : limits.wallMs }
    case 'output':
      return { kind: 'output', limitBytes: limits.outputBytes }
    case 'died':
      return { kind: 'died', how: reply.how }
    case 'infra':
      return { kind: 'infra', message: reply.message }
    case 'batch':
      return { kind: 'infra', message: 'a single run was answered as a batch' }
  }
}

/** `ok` with what a step printed, less the newline that ends it. */
export function printed(stdout: string): Verdict {
  return { kind: 'ok', stdout: stdout.endsWith('\n') ? stdout.slice(0, -1) : stdout }
}

export function failed([errorType, message, line]: PlainError): Verdict {
  return { kind: 'error', errorType, message, line }
}

/** The verdict when not the step but one of those before it failed, although it ran without error before. */
export function prefixFailed(verdict: Verdict): Verdict {
  const what = verdict.kind === 'error' ? `${verdict.errorType}: ${verdict.message}` : verdict.kind
  return { kind: 'infra', message: `an earlier step no longer runs (${what})` }
}

/** A verdict in a few words. Example: `error: ZeroDivisionError: division by zero`. */
export function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'ok':
      return verdict.stdout === '' ? 'ok' : `ok, prints ${verdict.stdout}`
    case 'error':
      return `error: ${verdict.errorType}: ${verdict.message}`
    case 'timeout':
      return `timeout: more than ${verdict.limitMs} ms of ${verdict.clock} time`
    case 'memory':
      return `memory: more than ${verdict.limitMb} MB`
    case 'output':
      return `output: more than ${verdict.limitBytes} bytes`
    case 'died':
      return `died: ${verdict.how}`
    case 'refused':
      return `refused: ${verdict.reason}`
    case 'unsupported':
      return `unsupported: ${verdict.missing} is not installed (${verdict.advice})`
    case 'infra':
      return `the sandbox failed: ${verdict.message}`
  }
}

/** The command that installs one of the modules which steps may lack. `python`: path of the interpreter. */
export function adviceFor(module: string, python: string): string {
  const [debian, pip] = OPTIONAL_MODULES[module]!
  const byPip = `${python} -m pip install ${pip}`
  return python.startsWith('/usr/bin/') && process.platform === 'linux'
    ? `apt-get install ${debian}, or: ${byPip}`
    : byPip
}
