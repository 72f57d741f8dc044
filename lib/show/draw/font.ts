// How wide text is in the font of our pictures, read from the font file itself, so that titles, legends and ticks are
// laid out exactly and no font of the system is needed. Covers the basic plane of Unicode; no kerning, no shaping.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Family name of the font that pictures are drawn with. */
export const FONT_FAMILY = 'DejaVu Sans'

const fontFile = (name: string) => createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`)

/** Font files that the rasterizer must load: regular and bold. */
export const fontFiles = (): string[] => [fontFile('DejaVuSans'), fontFile('DejaVuSans-Bold')]

/** A font's measures in shares of the font size. */
export interface FontMetrics {
  /** From baseline up to the top of the tallest letters. */
  readonly ascent: number
  /** From baseline down to the lowest. Positive. */
  readonly descent: number
  /** Width of a text at font size 1. */
  width(text: string): number
}

/** Reads widths from a TrueType file with a format-4 character map (DejaVu has one). */
export function readFont(path: string): FontMetrics {
  const bytes = readFileSync(path)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tables = new Map<string, number>()
  for (let i = 0; i < view.getUint16(4); i++) {
    const at = 12 + 16 * i
    tables.set(bytes.toString('latin1', at, at + 4), view.getUint32(at + 8))
  }
  const table = (name: string): number => {
    const at = tables.get(name)
    if (at === undefined)
      throw new Error(`${path}: expected a TrueType font with a '${name}' table. Reinstall the font.`)
    return at
  }
  const unitsPerEm = view.getUint16(table('head') + 18)
  const hhea = table('hhea')
  const widths = view.getUint16(hhea + 34)
  const advance = (glyph: number) => view.getUint16(table('hmtx') + 4 * Math.min(glyph, widths - 1)) / unitsPerEm
  const glyphOf = characterMap(view, table('cmap'), path)
  const known = new Map<string, number>()
  const characterWidth = (character: string): number => {
    let width = known.get(character)
    if (width === undefined) {
      width = advance(glyphOf(character.codePointAt(0)!))
      known.set(character, width)
    }
    return width
  }
  return {
    ascent: view.getInt16(hhea + 4) / unitsPerEm,
    descent: -view.getInt16(hhea + 6) / unitsPerEm,
    width: (text) => [...text].reduce((sum, character) => sum + characterWidth(character), 0),
  }
}

function characterMap(view: DataView, cmap: number, path: string): (code: number) => number {
  const subtables = Array.from({ length: view.getUint16(cmap + 2) }, (_, i) => cmap + view.getUint32(cmap + 8 + 8 * i))
  const at = subtables.find((offset) => view.getUint16(offset) === 4)
  if (at === undefined) throw new Error(`${path}: expected a character map of format 4. Reinstall the font.`)
  const segments = view.getUint16(at + 6) / 2
  const [ends, starts] = [at + 14, at + 16 + 2 * segments]
  const [deltas, ranges] = [starts + 2 * segments, starts + 4 * segments]
  return (code) => {
    let segment = 0
    while (segment < segments && view.getUint16(ends + 2 * segment) < code) segment++
    const start = segment < segments ? view.getUint16(starts + 2 * segment) : Number.POSITIVE_INFINITY
    if (code < start) return 0
    const delta = view.getUint16(deltas + 2 * segment)
    const range = view.getUint16(ranges + 2 * segment)
    if (range === 0) return (code + delta) & 0xffff
    const glyph = view.getUint16(ranges + 2 * segment + range + 2 * (code - start))
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff
  }
}
