// The folders of lib/ tell the data's way, and imports follow it.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { packageRoot } from './fixtures.ts'

const ORDER = [
  ...['seed', 'file', 'problem', 'engine', 'model', 'policy', 'verify', 'search'],
  ...['annotate', 'pairs', 'train', 'run', 'eval', 'show', 'round', 'cli'],
]

interface Import {
  readonly from: string
  readonly to: string
}

const imports = (folder: string): Import[] =>
  readdirSync(join(packageRoot, folder), { recursive: true })
    .map((file) => join(folder, String(file)))
    .filter((file) => /\.(ts|mjs)$/.test(file))
    .flatMap((from) => {
      const source = readFileSync(join(packageRoot, from), 'utf8')
      return [...source.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((match) => ({
        from,
        to: relative(packageRoot, resolve(packageRoot, dirname(from), match[1]!)),
      }))
    })

const stage = (path: string): number => ORDER.indexOf(path.split('/')[1]!)
const isIndex = (path: string): boolean => path === 'lib/index.ts'

test('every folder of lib/ has its place in the order', () => {
  const folders = readdirSync(join(packageRoot, 'lib'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  assert.deepEqual(
    folders.map((entry) => entry.name).filter((name) => !ORDER.includes(name)),
    [],
  )
})

test('a folder of lib/ imports only itself and folders before it', () => {
  const backwards = imports('lib').filter(
    ({ from, to }) => !isIndex(from) && to.startsWith('lib/') && (isIndex(to) || stage(to) > stage(from)),
  )
  assert.deepEqual(backwards, [])
})

test('kernel and lib never import each other', () => {
  const crossing = [
    ...imports('kernel').filter(({ to }) => !to.startsWith('kernel/')),
    ...imports('lib').filter(({ to }) => to.startsWith('kernel/')),
  ]
  assert.deepEqual(crossing, [])
})

test('datasets import only seeds, files and problems from lib', () => {
  const allowed = /^(datasets|lib\/(seed|file|problem))\//
  assert.deepEqual(
    imports('datasets').filter(({ to }) => !allowed.test(to)),
    [],
  )
})
