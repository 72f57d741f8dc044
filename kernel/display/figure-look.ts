// How a plotly figure looks that says nothing of its own look: as plotly draws it, but on the page's own ground and in greys
// that read on white and on black alike, since a figure is not told the page's theme and is stored for other pages.

/** Reads on white and on black: a contrast of 4 or more on both. */
const INK = '#7d7d7d'
const NONE = 'rgba(0,0,0,0)'
const FAINT = 'rgba(128,128,128,0.25)'
const LINE = 'rgba(128,128,128,0.6)'

const axis = { gridcolor: FAINT, linecolor: LINE, zerolinecolor: LINE }
const space = { ...axis, backgroundcolor: NONE, showbackground: false }

/** What plotly takes where a figure's own layout is silent. */
const TEMPLATE = {
  layout: {
    paper_bgcolor: NONE,
    plot_bgcolor: NONE,
    font: { color: INK },
    xaxis: axis,
    yaxis: axis,
    legend: { bgcolor: NONE },
    modebar: { bgcolor: NONE, color: INK, activecolor: '#0072b2' },
    scene: { xaxis: space, yaxis: space, zaxis: space },
    polar: { bgcolor: NONE, angularaxis: axis, radialaxis: axis },
    ternary: { bgcolor: NONE, aaxis: axis, baxis: axis, caxis: axis },
    geo: { bgcolor: NONE },
  },
} as const

/** The figure with this look, unless it has a template of its own. */
export const onAnyPage = <F extends { layout: Record<string, unknown> }>(figure: F): F =>
  'template' in figure.layout ? figure : { ...figure, layout: { template: TEMPLATE, ...figure.layout } }
