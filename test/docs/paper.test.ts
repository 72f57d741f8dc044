// docs/ is held to the code: links lead to files, names are defined where the page says, quoted tests and settings exist.
// How docs/paper.md writes them, so that they can be found: [file](path) `name`, `name` for what a file defines,
// [test file](path) “title”, “title” for tests, `rounds.0.wave=24` for a default and `--set key=value` for a change.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { assign } from '../../lib/run/assign-settings.ts'
import { checkSettings } from '../../lib/run/check-settings.ts'
import { defaultSettings } from '../../lib/run/settings.ts'
import { packageRoot } from '../fixtures.ts'

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8')
const pages = readdirSync(join(packageRoot, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
const paper = read('docs/paper.md')

/** Every `[text](target)`, and what follows it: code spans, or titles in “…”. */
const LINK = /\[[^\]]*\]\((?<target>[^)\s]+)\)(?<names>(?:,?\s+`\w+`)*)(?<titles>(?:,?\s+“[^”]+”)*)/g
const links = (page: string) =>
  [...read(page).matchAll(LINK)].map(({ groups }) => {
    const { target, names, titles } = groups as Record<'target' | 'names' | 'titles', string>
    return {
      target,
      path: join(dirname(page), target.replace(/#.*/, '')),
      names: [...names.matchAll(/`(\w+)`/g)].map((match) => match[1]!),
      titles: [...titles.matchAll(/“([^”]+)”/g)].map((match) => match[1]!),
    }
  })
const isRelative = ({ target }: { target: string }): boolean => !/^(?:[a-z]+:|#)/.test(target)

test('every relative link leads to a file, and none to a line of it', () => {
  const broken = ['README.md', ...pages].flatMap((page) =>
    links(page)
      .filter(isRelative)
      .filter(({ target, path }) => /#L\d/.test(target) || !existsSync(join(packageRoot, path)))
      .map(({ target }) => `${page}: ${target}`),
  )
  assert.deepEqual(broken, [])
})

/** Whether a file declares a name, or an interface or object in it has a member of that name. */
const defines = (source: string, name: string): boolean =>
  new RegExp(
    `\\b(?:function\\*?|const|let|class|interface|type|def) ${name}\\b|^\\s+(?:readonly )?${name}\\??:`,
    'm',
  ).test(source)

test('every name that stands beside a file is defined in it', () => {
  const named = links('docs/paper.md').filter(({ names }) => names.length > 0)
  assert.ok(named.length > 50)
  const missing = named.flatMap(({ path, names }) =>
    names.filter((name) => !defines(read(path), name)).map((name) => `${path}: ${name}`),
  )
  assert.deepEqual(missing, [])
})

const titlesOf = (path: string): Set<string> =>
  new Set(
    [...read(path).matchAll(/\btest\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs)].map(([, , title]) =>
      title!.replace(/\\(.)/g, '$1'),
    ),
  )

test('every test that is quoted is in its file under that title', () => {
  const quoted = links('docs/paper.md').filter(({ titles }) => titles.length > 0)
  assert.ok(quoted.length > 50)
  const missing = quoted.flatMap(({ path, titles }) => {
    const known = titlesOf(path)
    return titles.filter((title) => !known.has(title)).map((title) => `${path}: ${title}`)
  })
  assert.deepEqual(missing, [])
  const bare = links('docs/paper.md').filter(({ path, titles }) => path.endsWith('.test.ts') && titles.length === 0)
  assert.deepEqual(
    bare.map(({ path }) => path),
    [],
    'a link to a test without a title',
  )
})

test('every setting that is quoted is the default, and every --set is accepted', () => {
  const defaults = [...paper.matchAll(/`((\w+)[\w.*]*=[^`]+)`/g)]
    .filter(([, , first]) => first! in defaultSettings)
    .map(([, assignment]) => assignment!)
  assert.ok(defaults.length > 50)
  for (const assignment of defaults)
    assert.deepEqual(assign(defaultSettings, [assignment]), defaultSettings, assignment)
  const changes = (text: string) => [...text.matchAll(/--set '?([\w.*]+=[^'`\s]+)/g)].map((match) => match[1]!)
  for (const change of changes(paper)) {
    const changed = assign(defaultSettings, [change])
    checkSettings(changed)
    assert.notDeepEqual(changed, defaultSettings, `${change} changes nothing`)
  }
  const commands = [...paper.matchAll(/^npx asterism evolve (?:.*\\\n)*.*$/gm)].map(([command]) => changes(command))
  assert.equal(commands.length, 2)
  for (const command of commands) checkSettings(assign(defaultSettings, command))
})
