// The list of system calls, for machines that the tests do not run on as well: numbers against the kernel's headers, and
// the filter itself, run by hand.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { findPython } from '../../lib/verify/python.ts'

const python = await findPython()
const folder = join(import.meta.dirname, '../../lib/verify/python')

/** What a script prints as JSON; it can import the files of lib/verify/python. */
function told(script: string): unknown {
  const given = `import json, sys\nsys.path.insert(0, ${JSON.stringify(folder)})\n${script}`
  const run = spawnSync(python.path, ['-B', '-c', given], { encoding: 'utf8' })
  assert.equal(run.status, 0, run.stderr)
  return JSON.parse(run.stdout)
}

const HEADERS = [
  ['x86_64', 0, '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'],
  ['aarch64', 1, '/usr/include/asm-generic/unistd.h'],
] as const
for (const [machine, column, header] of HEADERS) {
  const skip = !existsSync(header) && `${header} is not installed`
  test(`the system call numbers of ${machine} are those of the kernel's header`, { skip }, () => {
    const text = readFileSync(header, 'utf8')
    const numbers = told(`from seccomp import ALLOWED, CHECKED, CLONE3, FORK, ON_FILES, RECEIVE, SECCOMP
named = {**ALLOWED, **ON_FILES, **{name: call[0] for name, call in CHECKED.items()}}
print(json.dumps({**named, 'clone3': CLONE3, 'clone': FORK[0], 'seccomp': SECCOMP, 'recvmsg': RECEIVE}))`)
    for (const [name, columns] of Object.entries(numbers as Record<string, (number | null)[]>)) {
      const generic = name === 'newfstatat' ? 'fstatat' : name
      const found = text.match(new RegExp(`#define __NR(?:3264)?_(?:${name}|${generic}) (\\d+)`))
      assert.equal(columns[column] ?? undefined, found ? Number(found[1]) : undefined, `${name} on ${machine}`)
    }
  })
}

/** [architecture, number, first argument, second argument] of calls, and what the filter of each machine says to them. */
const CALLS: readonly [string, Record<'x86_64' | 'aarch64', number>, number, number, string][] = [
  ['openat', { x86_64: 257, aarch64: 56 }, 0, 0, 'allow'],
  ['exit_group', { x86_64: 231, aarch64: 94 }, 0, 0, 'allow'],
  ['kill of itself', { x86_64: 62, aarch64: 129 }, 77, 9, 'allow'],
  ['kill of another', { x86_64: 62, aarch64: 129 }, 1, 9, 'refuse'],
  ['fcntl to read flags', { x86_64: 72, aarch64: 25 }, 1, 3, 'allow'],
  ['fcntl to own signals', { x86_64: 72, aarch64: 25 }, 1, 8, 'refuse'],
  ['ioctl that types into a terminal', { x86_64: 16, aarch64: 29 }, 0, 0x5412, 'refuse'],
  ['clone', { x86_64: 56, aarch64: 220 }, 0x1200011, 0, 'refuse'],
  ['clone of a thread', { x86_64: 56, aarch64: 220 }, 0x3d0f00, 0, 'allow'],
  ['clone of a thread with namespaces of its own', { x86_64: 56, aarch64: 220 }, 0x203d0f00, 0, 'refuse'],
  ['a pair of streams', { x86_64: 53, aarch64: 199 }, 1, 0x80001, 'allow'],
  ['a pair of sockets that take addresses', { x86_64: 53, aarch64: 199 }, 1, 2, 'refuse'],
  ['a pair of another family', { x86_64: 53, aarch64: 199 }, 30, 1, 'refuse'],
  ['unlinkat', { x86_64: 263, aarch64: 35 }, 0, 0, 'refuse'],
  ['clone3', { x86_64: 435, aarch64: 435 }, 0, 0, 'unknown'],
  ['execve', { x86_64: 59, aarch64: 221 }, 0, 0, 'refuse'],
  ['socket', { x86_64: 41, aarch64: 198 }, 2, 1, 'refuse'],
  ['ptrace', { x86_64: 101, aarch64: 117 }, 16, 1, 'refuse'],
  ['unshare', { x86_64: 272, aarch64: 97 }, 0x10000000, 0, 'refuse'],
]
for (const machine of ['x86_64', 'aarch64'] as const) {
  test(`the filter of ${machine} says to each call what it should, and kills one of another machine`, () => {
    const calls = CALLS.map(([, numbers, first, second]) => [numbers[machine], first, second])
    const answers = told(`import platform, struct
platform.machine = lambda: ${JSON.stringify(machine)}
from seccomp import ALLOW, AUDIT, ENOSYS, EPERM, KILL, Filter
WORDS = {ALLOW: 'allow', EPERM: 'refuse', ENOSYS: 'unknown', KILL: 'kill'}
made = Filter()
for offset in made.own_id:
    struct.pack_into('I', made.buffer, offset, 77)
code = [struct.unpack_from('HBBI', made.buffer, 8 * i) for i in range(made.program.length)]
def answer(architecture, number, *arguments):
    data, value, at = struct.pack('IIQ6Q', number, architecture, 0, *arguments, *[0] * (6 - len(arguments))), 0, 0
    while True:
        kind, yes, no, operand = code[at]
        at += 1
        if kind == 0x20:
            value, = struct.unpack_from('I', data, operand)
        elif kind == 0x06:
            return WORDS[operand]
        else:
            at += yes if (value == operand if kind == 0x15 else value >= operand) else no
own = AUDIT[${JSON.stringify(machine)}]
other = [each for each in AUDIT.values() if each != own][0]
print(json.dumps([*[answer(own, *call) for call in ${JSON.stringify(calls)}], answer(other, 0, 0)]))`)
    const expected = CALLS.map(([name, , , , word]) => `${name}: ${word}`)
    const got = (answers as string[]).map((word, i) => `${CALLS[i]?.[0] ?? 'another machine'}: ${word}`)
    assert.deepEqual(got, [...expected, 'another machine: kill'])
  })
}
