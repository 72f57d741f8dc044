// The contract suite of engine and models on WebGPU, without a GPU: Debian's Chromium brings SwiftShader, a Vulkan on the
// CPU. Where libraries lie is read when a process starts, so the tests run in a process of their own and each is reported
// here again.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { packageRoot } from '../fixtures.ts'
import type { Outcome } from './tell-outcomes.ts'

const CHROMIUM = '/usr/lib/chromium'
const SUITE = [
  ...['engine/engine', 'engine/gradients', 'engine/optimizer', 'engine/pair-loss'],
  ...['generation', 'likelihood', 'parity', 'scoring', 'training'].map((part) => `model/network-${part}`),
  ...['policy/local', 'policy/local-ppm'],
]
const found = ['vk_swiftshader_icd.json', 'libvulkan.so.1'].every((file) => existsSync(join(CHROMIUM, file)))
const skip = found ? false : `no SwiftShader in ${CHROMIUM}: install it with \`apt-get install chromium\` on Debian`

/** Runs the suite on webgpu with SwiftShader's Vulkan. */
async function* outcomes(t: TestContext): AsyncGenerator<Outcome> {
  const libraries = mkdtempSync(join(tmpdir(), 'asterism-swiftshader-'))
  t.after(() => rmSync(libraries, { recursive: true }))
  symlinkSync(join(CHROMIUM, 'libvulkan.so.1'), join(libraries, 'libvulkan.so.1'))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const files = SUITE.map((file) => join(packageRoot, 'dist', 'test', `${file}.test.js`))
  const runner = join(packageRoot, 'dist', 'test', 'engine', 'tell-outcomes.js')
  const child = spawn(process.execPath, [runner, ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...env,
      ASTERISM_TEST_DEVICE: 'webgpu',
      VK_ICD_FILENAMES: join(CHROMIUM, 'vk_swiftshader_icd.json'),
      LD_LIBRARY_PATH: [libraries, env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
    },
  })
  t.after(() => child.kill())
  for await (const line of createInterface(child.stdout)) yield JSON.parse(line) as Outcome
}

test('the contract suite of engine, networks, policy and PPM holds on webgpu (SwiftShader)', { skip }, async (t) => {
  let count = 0
  for await (const { name, error } of outcomes(t)) {
    count++
    await t.test(`webgpu (SwiftShader): ${name}`, () => assert.ok(error === undefined, error))
  }
  assert.ok(count >= 70, `Expected the whole suite, got ${count} tests`)
})
