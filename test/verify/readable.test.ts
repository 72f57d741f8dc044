// Which files a step can read and write: Python's own and its modules, and nothing else that happens to lie beside them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { chooseIsolation } from '../../lib/verify/level.ts'
import { findPython } from '../../lib/verify/python.ts'
import { openVerifier } from '../../lib/verify/verifier.ts'
import { step } from './generated-steps.ts'

const python = await findPython()
const isolation = await chooseIsolation(python, { allowWeakIsolation: true })
const skip = isolation.level === 'rlimit' && 'limits alone close no files'
const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0

/** What setuptools writes, in short. */
function finder(mapping: string): string {
  return `import sys
from importlib.util import spec_from_file_location
MAPPING = ${mapping}
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name in MAPPING:
            start = MAPPING[name] + '/__init__.py'
            return spec_from_file_location(name, start, submodule_search_locations=[MAPPING[name]])
def install():
    sys.meta_path.append(Finder)
`
}

/** A virtual environment; beside it projects that are on its path in the ways in which editable installs put them there. */
let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'asterism-editable-'))
  chmodSync(folder, 0o755)
  const made = spawnSync(python.path, ['-m', 'venv', '--without-pip', join(folder, 'project', 'venv')], {
    encoding: 'utf8',
  })
  assert.equal(made.status, 0, made.stderr)
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const project of ['project', 'found', 'home', 'named']) {
    for (const name of [
      '.env',
      '.git/config',
      'notes.txt',
      'data/rows.csv',
      `${project}_pkg/.env`,
      `${project}_pkg/key.pem`,
    ])
      write(`${project}/${name}`, 'SECRET-31337')
    write(`${project}/${project}_pkg/__init__.py`, 'from .inner import value')
    write(`${project}/${project}_pkg/inner.py`, `value = "${project}"`)
    write(`${project}/${project}_module.py`, `value = "module of ${project}"`)
  }
  const library = join('project', 'venv', 'lib')
  const site = join(library, readdirSync(join(folder, library))[0]!, 'site-packages')
  write(join(site, '__editable__.project.pth'), `${join(folder, 'project')}\n`)
  write(join(site, 'home.pth'), `import sys; sys.path.append(${JSON.stringify(join(folder, 'home'))})\n`)
  write(
    join(site, '__editable___found_finder.py'),
    finder(JSON.stringify({ found_pkg: join(folder, 'found', 'found_pkg') })),
  )
  write(join(site, '__editable__.found.pth'), 'import __editable___found_finder; __editable___found_finder.install()\n')
})
after(() => rmSync(folder, { recursive: true }))

for (const level of ['jail', 'landlock'] as const) {
  test(`modules of projects on Python's path can be imported, and no other file there can be read, at level ${level}`, {
    skip,
  }, async (t) => {
    const own = join(folder, 'project', 'venv', 'bin', 'python3')
    const verifier = await openVerifier({ python: own, processes: 1, level, cache: false }).catch(() => null)
    if (!verifier) return t.skip(`this machine refuses ${level}`)
    try {
      const imports = ['project_pkg', 'project_module', 'home_pkg', 'home_module', 'found_pkg']
      const imported = await verifier.verify(
        [],
        imports.map((name) => step(`import ${name}\nprint(${name}.value)`)),
      )
      assert.deepEqual(
        imported.map((verdict) => (verdict.kind === 'ok' ? verdict.stdout : JSON.stringify(verdict))),
        ['project', 'module of project', 'home', 'module of home', 'found'],
      )
      const secrets = ['project', 'found', 'home', 'named'].flatMap((project) =>
        ['.env', '.git/config', 'notes.txt', 'data/rows.csv', `${project}_pkg/.env`, `${project}_pkg/key.pem`].map(
          (name) => join(folder, project, name),
        ),
      )
      assert.equal(readFileSync(secrets[0]!, 'utf8'), 'SECRET-31337') // it is there to be read
      const code = `found = []
for path in ${JSON.stringify(secrets)}:
    try:
        found.append((path, open(path).read()))
    except OSError:
        pass
print(found)`
      const [verdict] = await verifier.verify([], [step(code)])
      assert.equal(verdict!.kind === 'ok' && verdict!.stdout, '[]', JSON.stringify(verdict))
    } finally {
      await verifier.dispose()
    }
  })
}

const VOLUME = '/usr/local/lib/asterism-volume'
const ATTACK = `import os
d = '${VOLUME}'
done = []
for name, attack in (
    ('create', lambda: os.close(os.open(d + '/made', os.O_CREAT | os.O_WRONLY, 0o666))),
    ('truncate', lambda: os.close(os.open(d + '/precious', os.O_WRONLY | os.O_TRUNC))),
    ('append', lambda: open(d + '/inner/precious', 'a').close()),
    ('rename', lambda: os.rename(d + '/precious', d + '/other')),
    ('read', lambda: print(open(d + '/inner/precious').read())),
):
    try:
        attack()
        done.append(name)
    except OSError:
        pass
print(done)`

/** Runs a command where there is a volume below a folder that Python reads, with another one in it. */
function besideVolume(command: readonly string[]): { out: string; left: string } {
  const mounts = `set -e; mkdir -p ${VOLUME}; mount -t tmpfs -o size=1m,mode=1777 t ${VOLUME}
mkdir -m 1777 ${VOLUME}/inner; mount -t tmpfs -o size=1m,mode=1777 t ${VOLUME}/inner
for d in ${VOLUME} ${VOLUME}/inner; do printf whole >$d/precious; chmod 666 $d/precious; done
"$@"; echo; echo LEFT; ls -A ${VOLUME} | xargs; cat ${VOLUME}/precious ${VOLUME}/inner/precious || true`
  const run = spawnSync('unshare', ['-m', 'bash', '-c', mounts, '-', ...command], { encoding: 'utf8' })
  rmSync(VOLUME, { recursive: true })
  assert.equal(run.status, 0, run.stderr)
  const [out, left] = run.stdout.split('\nLEFT\n')
  return { out: out!, left: left!.trim() }
}

test('a volume below a folder that Python reads can be read and not written', {
  skip: !canMount && 'only root can mount one',
}, () => {
  const module = pathToFileURL(join(import.meta.dirname, '../../lib/verify/verifier.js')).href
  for (const level of ['jail', 'landlock']) {
    const script = `const { openVerifier } = await import(${JSON.stringify(module)})
const verifier = await openVerifier({ processes: 1, level: ${JSON.stringify(level)} })
console.log(JSON.stringify(await verifier.verify([], [{ text: ${JSON.stringify(ATTACK)}, final: false }])))
await verifier.dispose()`
    const { out, left } = besideVolume([process.execPath, '--input-type=module', '-e', script])
    assert.match(out, /whole\\n\['read'\]/, level)
    assert.equal(left, 'inner precious\nwholewhole', level)
  }
  const unconfined = besideVolume([python.path, '-c', ATTACK])
  assert.match(unconfined.out, /\['create', 'truncate', 'append', 'rename', 'read'\]/) // so the attacks work
})

test('on a kernel that cannot make many mounts read-only at once, each is made so by itself', {
  skip: !canMount && 'only root can mount one',
}, () => {
  const script = `import os, sys
sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, '../../lib/verify/python'))})
import jail
jail.MOUNT_SETATTR = 100_000  # no such call
os.chdir('/')
pid = os.fork()
if pid == 0:
    jail.check(jail.LIBC.unshare(jail.NEWNS), 'unshare')
    jail.make_root(['/dev/null', '/usr/local/lib'], [], [])
    flags = [os.statvfs(path).f_flag for path in ('/usr/local/lib', '${VOLUME}', '${VOLUME}/inner')]
    os.write(1, str([flag & os.ST_RDONLY for flag in flags]).encode())
    os._exit(0)
os.waitpid(pid, 0)`
  const { out, left } = besideVolume([python.path, '-B', '-c', script])
  assert.equal(out.trim(), '[1, 1, 1]')
  assert.equal(left, 'inner precious\nwholewhole')
})
