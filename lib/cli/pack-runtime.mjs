// ONNX Runtime as this package carries it: the JavaScript of the npm package onnxruntime-node, and its binaries for each
// platform compressed, so that an install needs neither its script, which fetches more, nor the room of all platforms.
// lib/engine/onnxruntime.ts unpacks the binaries of one platform at first use.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

/** What Asterism runs on. Each file is loaded by the name that stands in the binding. */
const PLATFORMS = {
  'linux-x64': ['libonnxruntime.so.1', 'onnxruntime_binding.node'],
  'linux-arm64': ['libonnxruntime.so.1', 'onnxruntime_binding.node'],
  'darwin-arm64': ['libonnxruntime.1.dylib', 'onnxruntime_binding.node'],
}
const NAME = 'onnxruntime-node'

/** Writes the folder `target`. Errors: npm cannot get the package, or it is not the locked one. */
export function packRuntime(root, target) {
  const scratch = mkdtempSync(join(tmpdir(), 'asterism-pack-'))
  try {
    const source = fetchPackage(root, scratch)
    rmSync(target, { recursive: true, force: true })
    mkdirSync(join(target, 'dist'), { recursive: true })
    const { name, version, license, main } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
    writeFileSync(join(target, 'package.json'), `${JSON.stringify({ name, version, license, main }, null, 2)}\n`)
    writeFileSync(join(target, 'LICENSE'), LICENSE)
    for (const file of readdirSync(join(source, 'dist')).filter((file) => file.endsWith('.js')))
      copyFileSync(join(source, 'dist', file), join(target, 'dist', file))
    for (const [platform, files] of Object.entries(PLATFORMS)) {
      const archives = join(target, 'archives', platform)
      mkdirSync(archives, { recursive: true })
      for (const file of files) {
        const bytes = readFileSync(join(source, 'bin/napi-v6', ...platform.split('-'), file))
        writeFileSync(join(archives, `${file}.br`), compressed(bytes))
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** A checkout keeps the binaries of its own platform only, so the whole package comes from the registry. */
function fetchPackage(root, scratch) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { version, integrity } = packages[`node_modules/${NAME}`]
  run('npm', ['pack', `${NAME}@${version}`, '--pack-destination', scratch, '--silent'], root)
  const archive = join(scratch, `${NAME}-${version}.tgz`)
  const hash = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (hash !== integrity)
    throw new Error(`Expected ${NAME} ${version} of the lockfile (${integrity}), got ${hash} from the registry`)
  run('tar', ['-xzf', archive, '-C', scratch], root)
  return join(scratch, 'package')
}

function run(command, args, cwd) {
  const env = { ...process.env, npm_config_dry_run: undefined } // `npm pack --dry-run` tells its scripts so
  const { status, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`)
}

const compressed = (bytes) =>
  brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })

const LICENSE = `MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`
