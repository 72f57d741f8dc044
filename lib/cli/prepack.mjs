// Before `npm pack` and `npm publish`: code, declarations and ONNX Runtime into dist/. After it (`--after`): what only a
// package needs leaves dist/ again.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { install, root } from './install.mjs'
import { packRuntime } from './pack-runtime.mjs'
import { removeTypes, writeTypes } from './pack-types.mjs'

const runtime = join(root, 'dist', 'onnxruntime')
if (process.argv.includes('--after')) {
  rmSync(runtime, { recursive: true, force: true })
  removeTypes(join(root, 'dist'))
} else {
  await install()
  writeTypes(root)
  packRuntime(root, runtime)
}
