// A report as one HTML file that needs nothing else: no network, no fonts, no server. Plots are interactive where
// scripts run and pictures where they do not; colours follow the reader's light or dark setting. round/report-page.ts
// writes it to a run's folder.
import { readFileSync } from 'node:fs'
import type { Report } from '../../eval/report-schema.ts'
import { escapeHtml } from '../draw/display.ts'
import { PLOT_CONFIG, type Plot } from '../draw/figure.ts'
import { plotlyBundle } from '../draw/png.ts'
import type { Table } from '../draw/table.ts'
import { roundBars, roundCurve, scalingCurve } from './curves.ts'
import { resultTables } from './round-table.ts'
import { headline } from './terminal.ts'
import type { TreeView } from './tree-view.ts'

/** What stands in the page beside what follows from the report. */
export interface ReportExtras {
  /** Further plots, e.g. Q-value histograms and learning curves, in order. */
  readonly plots?: readonly Plot[]
  /** Further tables, in order. */
  readonly tables?: readonly Table[]
  /** A few example trees. */
  readonly trees?: readonly TreeView[]
  /** How the run can be repeated: command, machine, versions … Shown as a list. */
  readonly provenance?: Readonly<Record<string, string | number>>
  /** Draws each plot once as a picture for readers without scripts, about 0.1 s and 60 KB each. @default true */
  readonly pictures?: boolean
}

/**
 * The page as text, 1.5 MB and more, as it holds plotly. It needs neither network nor server. Equal report and extras
 * give an equal page. With `pictures` each plot is drawn once, about 0.1 s and 60 KB each.
 * Errors: those of drawing a picture.
 */
export async function reportHtml(report: Report, extras: ReportExtras = {}): Promise<string> {
  const { pictures = true, trees = [], tables = [], provenance = {} } = extras
  const plots = [...reportPlots(report), ...(extras.plots ?? [])]
  const figures = await Promise.all(plots.map((plot, i) => figureHtml(plot, i, pictures)))
  const title = `Run ${report.name}`
  const rounds = `${report.rounds.length} ${report.rounds.length === 1 ? 'round' : 'rounds'}`
  const facts = Object.entries({ seed: report.seed, ...provenance })
  const sections = [
    section('Headline', headlineHtml(report)),
    section('Plots', figures.join('\n')),
    section('Tables', [...resultTables(report), ...tables].map(tableHtml).join('\n')),
    section('Example trees', trees.map(({ html }) => html).join('\n')),
    section(
      'Provenance',
      `<dl>${facts.map(([key, value]) => `<dt>${escapeHtml(key)}</dt><dd>${escapeHtml(String(value))}</dd>`).join('')}</dl>`,
    ),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>${escapeHtml(title)}</h1>
<p>Self-evolution of a small reasoner, ${rounds}. Shares carry their 95 % Wilson interval; n counts cases.</p></header>
${sections.join('\n')}
</main>
${plots.length === 0 ? '' : plotScripts(plots)}
</body>
</html>
`
}

/** The plots that follow from a report alone. */
export function reportPlots(report: Report): Plot[] {
  const { rounds, baseline } = report
  const has = (measure: 'coverage' | 'passAt1' | 'system2' | 'faithful') => rounds.some((round) => round[measure])
  const scaled = rounds.findLast(({ scaling }) => scaling !== undefined && scaling.length > 0)
  const hard = rounds.some(({ system2 }) => system2?.hard)
  return [
    ...(has('coverage') ? [roundCurve(rounds, 'coverage')] : []),
    ...(has('passAt1') ? [roundCurve(rounds, 'passAt1', baseline ? { baseline } : {})] : []),
    ...(has('system2') ? [roundBars(rounds)] : []),
    ...(hard ? [roundBars(rounds, { band: 'hard' })] : []),
    ...(scaled
      ? [scalingCurve(scaled.scaling!, { title: `Accuracy against number of trajectories, round ${scaled.round}` })]
      : []),
  ]
}

const section = (title: string, content: string): string =>
  content === ''
    ? ''
    : `<section aria-labelledby="${anchor(title)}"><h2 id="${anchor(title)}">${title}</h2>\n${content}\n</section>`
const anchor = (title: string) => title.toLowerCase().replace(/\W+/g, '-')

function headlineHtml(report: Report): string {
  const cards = headline(report).map(({ label, value }) => {
    const [main, interval = ''] = value.split(/ (?=±)/)
    return `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(main!)} <small>${escapeHtml(interval)}</small></dd></div>`
  })
  return `<dl class="headline">${cards.join('\n')}</dl>`
}

const tableHtml = ({ html }: Table) => `<div class="wide" tabindex="0">${html}</div>`

async function figureHtml(plot: Plot, index: number, pictures: boolean): Promise<string> {
  const height = Number(plot.figure.layout.height)
  const picture = pictures ? Buffer.from(await plot.png()).toString('base64') : undefined
  const fallback = picture
    ? `<img src="data:image/png;base64,${picture}" alt="${escapeHtml(plot.alt)}">`
    : `<pre>${escapeHtml(String(plot))}</pre>`
  return `<figure><div class="plot" id="plot-${index}" style="height:${height}px" role="img" aria-label="${escapeHtml(plot.alt)}"></div><noscript>${fallback}</noscript></figure>`
}

/** Text that may stand inside a script element: nothing in it can end the element or open a comment. */
const inScript = (text: string) => text.replace(/<(?=\/script|!--)/gi, '\\x3c')

function plotScripts(plots: readonly Plot[]): string {
  const stored = { figures: plots.map(({ figure }) => figure), config: PLOT_CONFIG }
  const figures = JSON.stringify(stored).replace(/</g, '\\u003c')
  const page = readFileSync(new URL('./report-in-browser.js', import.meta.url), 'utf8').replace(
    /\n\/\/# sourceMappingURL.*/,
    '',
  )
  return `<script type="application/json" id="figures">${figures}</script>
<script>${inScript(plotlyBundle())}</script>
<script type="module">${inScript(page)}</script>`
}

const STYLE = `
:root { --ink: #1f2937; --soft: #4b5563; --paper: #ffffff; --card: #f3f4f6; --rule: #d1d5db }
@media (prefers-color-scheme: dark) { :root { --ink: #e5e7eb; --soft: #a3adba; --paper: #11161d; --card: #1b232e; --rule: #374151 } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, Verdana, Arial, sans-serif }
main { max-width: 1000px; margin: 0 auto; padding: 1.5rem }
h1 { margin: 0 } h2 { border-bottom: 1px solid var(--rule); margin-top: 2.5rem }
small, dt { color: var(--soft) }
.headline { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: .8rem }
.headline div { background: var(--card); border-radius: 8px; padding: .7rem 1rem }
.headline dt { font-size: .85rem } .headline dd { margin: 0; font-size: 1.5rem; font-weight: 600 }
.headline small { font-size: .85rem; font-weight: 400; white-space: nowrap }
figure { margin: 1rem 0 } figure img { max-width: 100% }
.wide { overflow-x: auto; margin: 1rem 0 } .wide:focus-visible { outline: 2px solid #0072b2 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem }
caption { padding: .3rem 0; white-space: nowrap }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--rule); white-space: nowrap }
thead th { border-bottom: 2px solid var(--rule) } tbody th { font-weight: 400 }
.tree { margin: 1rem 0; overflow-x: auto; font-size: .9rem } .tree li { margin: .1rem 0 }
pre { background: var(--card); padding: .5rem .8rem; border-radius: 6px; overflow-x: auto; margin: .3rem 0 .3rem 1.2rem }
summary { cursor: pointer }
dl { margin: 0 } dd { margin: 0 0 .4rem }
@media (scripting: none) { .plot { display: none } }
@media print { .plot { break-inside: avoid } }
`
