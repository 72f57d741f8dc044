// Runs inside the HTML report, in the reader's browser: draws the figures stored in the page, again whenever the reader
// turns from light to dark. Talks to nothing outside the page and imports nothing.

interface Stored {
  figures: { data: unknown[]; layout: unknown }[]
  config: unknown
}

const page = globalThis as unknown as {
  document: { getElementById(id: string): { textContent: string } | null }
  matchMedia(query: string): { matches: boolean; addEventListener(type: 'change', listener: () => void): void }
  Plotly: { react(id: string, data: unknown[], layout: unknown, config: unknown): void }
}

// The grey of plots reads on any ground; on the report's own it can be as strong as the report's text.
const GREY = /#7d7d7d/g
const [ON_WHITE, ON_BLACK] = ['#1f2937', '#e5e7eb']

const stored = page.document.getElementById('figures')?.textContent ?? ''
const preference = page.matchMedia('(prefers-color-scheme: dark)')

function draw(): void {
  const text = stored.replace(GREY, preference.matches ? ON_BLACK : ON_WHITE)
  const { figures, config } = JSON.parse(text) as Stored
  for (const [i, { data, layout }] of figures.entries()) page.Plotly.react(`plot-${i}`, data, layout, config)
}

preference.addEventListener('change', draw)
draw()
