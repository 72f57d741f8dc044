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

// What is dark on white becomes light on black; the palette's middle tones stay.
const DARK: Record<string, string> = {
  '#ffffff': '#11161d',
  '#1f2937': '#e5e7eb',
  '#374151': '#c7ced8',
  '#9ca3af': '#6b7280',
  '#e5e7eb': '#2b3440',
  '#6b7280': '#9ca3af',
  '#2d0b45': '#a04fc0',
  '#46327e': '#7a5fc4',
  '#365c8d': '#4a7cba',
}

const stored = page.document.getElementById('figures')?.textContent ?? ''
const preference = page.matchMedia('(prefers-color-scheme: dark)')

function draw(): void {
  const text = preference.matches ? stored.replace(/#[0-9a-f]{6}/g, (colour) => DARK[colour] ?? colour) : stored
  const { figures, config } = JSON.parse(text) as Stored
  for (const [i, { data, layout }] of figures.entries()) page.Plotly.react(`plot-${i}`, data, layout, config)
}

preference.addEventListener('change', draw)
draw()
