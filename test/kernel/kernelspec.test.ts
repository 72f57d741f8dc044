import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { userDataFolder } from '../../kernel/kernelspec.ts'
import { startKernelProcess } from '../../kernel/notebook/kernel-process.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'kernel spec '))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const CLI = `import { kernelCommand } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../kernel/cli.js')).href)}
process.exitCode = await kernelCommand(process.argv.slice(1))`
const kernel = (...args: string[]) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', CLI, '--', ...args], {
    encoding: 'utf8',
    env: { ...process.env, JUPYTER_DATA_DIR: join(folder, 'data'), JUPYTER_PATH: '' },
  })

test('install writes a kernelspec that Jupyter can start: absolute paths, files that exist, logos', () => {
  assert.equal(kernel('install').status, 0)
  const place = join(folder, 'data', 'kernels', 'asterism')
  const spec = JSON.parse(readFileSync(join(place, 'kernel.json'), 'utf8')) as Record<string, unknown>
  const [node, entry, file] = spec.argv as string[]
  assert.ok(
    isAbsolute(String(node)) && existsSync(String(node)) && isAbsolute(String(entry)) && existsSync(String(entry)),
  )
  assert.equal(file, '{connection_file}')
  assert.deepEqual(
    [spec.language, spec.display_name, spec.interrupt_mode, spec.kernel_protocol_version],
    ['typescript', 'TypeScript (Asterism)', 'message', '5.5'],
  )
  for (const logo of ['logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg']) assert.ok(existsSync(join(place, logo)))
})

test('install keeps the chosen treatment of type errors, and refuses one that does not exist', () => {
  const spec = (name: string): { argv: string[]; env?: unknown } => {
    const file = join(folder, 'data', 'kernels', name, 'kernel.json')
    return JSON.parse(readFileSync(file, 'utf8')) as { argv: string[] }
  }
  assert.equal(kernel('install', '--name', 'typed', '--typecheck', 'error').status, 0)
  assert.equal(kernel('install', '--name', 'default').status, 0)
  assert.deepEqual([spec('typed').argv[3], spec('default').argv[3]], ['--typecheck=error', undefined])
  for (const name of ['typed', 'default'])
    assert.equal(spec(name).env, undefined, 'it would override what the person sets')
  assert.match(kernel('install', '--name', 'x', '--typecheck', 'loud').stderr, /'off', 'warn' or 'error', got "loud"/)
  for (const name of ['typed', 'default']) assert.equal(kernel('uninstall', '--name', name).status, 0)
})

test('list marks ours; uninstall removes it and nothing else', () => {
  const foreign = join(folder, 'data', 'kernels', 'other')
  mkdirSync(foreign, { recursive: true })
  writeFileSync(join(foreign, 'kernel.json'), '{ "argv": ["x", "y"], "display_name": "Other" }')
  const list = kernel('list').stdout
  assert.match(list, /^\* asterism +TypeScript \(Asterism\)/m)
  assert.match(list, /^ {2}other +Other/m)
  const refused = kernel('uninstall', '--name', 'other')
  assert.deepEqual([refused.status, existsSync(foreign)], [1, true])
  assert.match(refused.stderr, /starts another kernel: not removed/)
  assert.equal(kernel('uninstall').status, 0)
  assert.doesNotMatch(kernel('list').stdout, /^\*.*data/m)
  assert.match(kernel('uninstall').stderr, /No kernelspec `asterism`/)
})

test("a prefix and a name of one's own, on a path with spaces", () => {
  const prefix = join(folder, 'my prefix')
  assert.equal(kernel('install', '--prefix', prefix, '--name', 'lab').status, 0)
  assert.ok(existsSync(join(prefix, 'share', 'jupyter', 'kernels', 'lab', 'kernel.json')))
  assert.match(kernel('list', '--prefix', prefix).stdout, /^\* lab/m)
  assert.match(kernel('install', '--name', '../x').stderr, /Expected a kernel name/)
  assert.match(kernel('install', '--user', '--prefix', prefix).stderr, /at most one of/)
})

test('the data folder of the user is where Jupyter looks on each system', () => {
  assert.equal(userDataFolder({ JUPYTER_DATA_DIR: '/x' }, 'linux'), '/x')
  assert.equal(userDataFolder({ XDG_DATA_HOME: '/y' }, 'linux'), join('/y', 'jupyter'))
  assert.match(userDataFolder({}, 'linux'), /\.local.share.jupyter$/)
  assert.match(userDataFolder({}, 'darwin'), /Library.Jupyter$/)
  assert.match(userDataFolder({ APPDATA: 'C:\\r' }, 'win32'), /jupyter$/)
})

test('what is installed starts: the argv of the kernelspec gives a kernel that answers', async () => {
  const prefix = join(folder, 'a prefix')
  assert.equal(kernel('install', '--prefix', prefix).status, 0)
  const file = join(prefix, 'share', 'jupyter', 'kernels', 'asterism', 'kernel.json')
  const { argv } = JSON.parse(readFileSync(file, 'utf8')) as { argv: string[] }
  const started = await startKernelProcess({ argv, cwd: folder })
  assert.equal((await started.client.execute('1 + 1')).status, 'ok')
  await started.dispose()
})

test('list tells of a kernel whose Node or whose files are gone; installing again mends it', () => {
  const prefix = join(folder, 'moved')
  const list = () => kernel('list', '--prefix', prefix).stdout
  kernel('install', '--prefix', prefix)
  assert.doesNotMatch(list(), /cannot start/)
  const file = join(prefix, 'share', 'jupyter', 'kernels', 'asterism', 'kernel.json')
  const spec = JSON.parse(readFileSync(file, 'utf8')) as { argv: string[] }
  writeFileSync(file, JSON.stringify({ ...spec, argv: ['/gone/bin/node', ...spec.argv.slice(1)] }))
  assert.match(list(), /cannot start: its Node \/gone\/bin\/node gone\. Install it again/)
  writeFileSync(file, JSON.stringify({ ...spec, argv: [spec.argv[0], '/gone/kernel/main.js', '{connection_file}'] }))
  assert.match(list(), /cannot start: its files \/gone\/kernel gone\. Install it again/)
  kernel('install', '--prefix', prefix)
  assert.doesNotMatch(list(), /cannot start/)
})

test('a kernelspec of another program is neither replaced nor in the way', () => {
  const prefix = join(folder, 'shared')
  const place = join(prefix, 'share', 'jupyter', 'kernels', 'asterism')
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'kernel.json'), '{ "argv": ["x"] }')
  assert.match(kernel('install', '--prefix', prefix).stderr, /starts another kernel: not replaced/)
  writeFileSync(join(place, 'kernel.json'), 'noise')
  assert.match(kernel('list', '--prefix', prefix).stdout, /kernel\.json is not JSON/)
})

test('a place that cannot be written to is named at once, with what to do', () => {
  writeFileSync(join(folder, 'file'), '')
  const places = [join(folder, 'file'), ...(process.platform === 'linux' ? ['/proc/nowhere'] : [])]
  for (const place of places) {
    const { status, stderr } = kernel('install', '--prefix', place)
    assert.equal(status, 1)
    assert.match(stderr, /^.*Cannot write the kernelspec .*asterism: .*Choose another place with --prefix DIR\n$/)
    assert.ok(stderr.includes(place), stderr)
  }
})
