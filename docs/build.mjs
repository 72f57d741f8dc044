// `npm run docs`: the reference of all public names as HTML in docs/api/, from the doc comments. Needs no network, and
// neither do the pages. Fails on a public name without a doc comment, on a {@link} that leads nowhere, and on an example
// in a comment that does not hold. Types that are no public names, but those of parameters and results, are shown beside them.
import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Application, Comment, CommentTag, Converter, ReflectionKind } from 'typedoc'
import { build } from '../lib/cli/build.mjs'
import { root } from '../lib/cli/install.mjs'

/** Stages in the order in which data flows; folders of lib/, then the other two entry points with their folders. */
const STAGES = [
  ...['seed', 'file', 'problem', 'engine', 'model', 'policy', 'verify', 'search'],
  ...['annotate', 'pairs', 'train', 'run', 'eval', 'show', 'round'],
  ...['datasets', 'kernel', 'kernel/display', 'kernel/widgets', 'kernel/user', 'test/contracts'],
]
const OUT = join(root, 'docs', 'api')

const started = performance.now()
const { errors } = await build()
if (errors.length > 0) stop(errors)
say('reading the sources')
const { checkExamples, commentExamples } = await import('../dist/test/docs/examples.js')
const { ENTRY_POINTS, publicNames } = await import('../dist/test/docs/public-names.js')
const { undocumented } = await import('../dist/test/docs/comment-laws.js')

const names = publicNames()
const silent = undocumented(names)
if (silent.length > 0) stop(silent.map((place) => `expected a doc comment, there is none: ${place}`))

process.chdir(root)
const app = await Application.bootstrapWithPlugins({
  name: 'asterism',
  entryPoints: Object.values(ENTRY_POINTS),
  tsconfig: join(root, 'tsconfig.json'),
  skipErrorChecking: true, // `npm run check` does that
  readme: join(root, 'docs', 'reference.md'),
  sortEntryPoints: false,
  plugin: ['typedoc-plugin-missing-exports'],
  placeInternalsInOwningModule: true,
  excludeExternals: true,
  // The rest of a page would depend on the clone: where it is, and which commit it has.
  disableGit: true,
  sourceLinkTemplate: 'none',
  hideGenerator: true,
  markdownItOptions: { html: false, linkify: false }, // `isolate.py` is no address
  validation: { invalidLink: true, notExported: false, notDocumented: false },
  treatWarningsAsErrors: true,
  categorizeByGroup: false,
  categoryOrder: [...STAGES, '*'],
  sort: ['source-order'],
  navigation: { includeCategories: true, includeGroups: false },
  logLevel: 'Warn',
})

app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  const entries = Object.keys(ENTRY_POINTS)
  for (const [i, module] of project.getChildrenByKind(ReflectionKind.Module).entries()) module.name = entries[i]
  const isPublic = new Set(names.map(({ name, entry }) => `${entry} ${name}`))
  for (const reflection of Object.values(project.reflections)) {
    for (const source of reflection.sources ?? []) delete source.url
    const { parent } = reflection
    if (!parent?.kindOf(ReflectionKind.Module)) continue
    reflection.comment ??= new Comment()
    const { comment } = reflection
    comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: stageOf(reflection) }]))
    if (!isPublic.has(`${parent.name} ${reflection.name}`)) {
      const text = '\n\n*Not exported by this name: the type of a parameter, a field or a result.*'
      comment.summary.push({ kind: 'text', text })
    }
  }
})

const project = await app.convert()
if (!project) stop(['typedoc could not read the sources'])
app.validate(project)
if (app.logger.hasErrors() || app.logger.hasWarnings()) stop([])

say('running the examples')
const wrong = [...(await checkExamples(commentExamples(names)))].filter(([, fault]) => fault !== null)
if (wrong.length > 0)
  stop(wrong.map(([{ file, line }, fault]) => `${file}:${line}: an example does not hold\n${fault}`))

say('writing the pages')
rmSync(OUT, { recursive: true, force: true })
await app.generateDocs(project, OUT)
if (app.logger.hasErrors() || app.logger.hasWarnings()) stop([])
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(`${relative(root, OUT)}/index.html: ${names.length} public names, ${seconds} s`)

/** The stage of a name: the folder of its file. */
function stageOf(reflection) {
  const [top, ...folders] = relative(root, fileOf(reflection)).split('/').slice(0, -1)
  if (top === 'lib' && folders.length > 0) return folders[0]
  return [top, ...folders].join('/')
}

function fileOf(reflection) {
  const [source] = reflection.sources ?? reflection.signatures?.[0]?.sources ?? []
  if (!source) throw new Error(`Expected ${reflection.getFullName()} to have a source file, it has none`)
  return source.fullFileName
}

function say(what) {
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(3)} s  ${what} …`)
}

function stop(lines) {
  for (const line of lines) console.error(line)
  console.error('\nThe reference was not written (see above).')
  process.exit(1)
}
