// A Python on a machine that can isolate nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPython } from '../../lib/verify/python.ts'

/** Gives `body` an interpreter that takes its machine for one without a system call table. */
export async function withRefusals<T>(body: (python: string) => Promise<T>): Promise<T> {
  const python = await findPython()
  const folder = mkdtempSync(join(tmpdir(), 'asterism-riscv-'))
  try {
    const [path, site] = [join(folder, 'python3'), join(folder, 'start.py')]
    writeFileSync(
      site,
      `import platform, runpy, sys
platform.machine = lambda: 'riscv64'
arguments = sys.argv[1:]
while arguments[0].startswith('-') and arguments[0] != '-c':
    arguments.pop(0)
if arguments[0] == '-c':
    sys.argv = ['-c', *arguments[2:]]
    exec(compile(arguments[1], '<string>', 'exec'))
else:
    sys.argv = arguments
    sys.path[0] = arguments[0].rpartition('/')[0]
    runpy.run_path(arguments[0], run_name='__main__')
`,
    )
    writeFileSync(
      path,
      `#!/bin/sh\n[ "$1" = -I ] && echo '["${path}", [3, 11]]' || exec ${python.path} ${site} "$@"\n`,
      {
        mode: 0o755,
      },
    )
    return await body(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
