// Spelling of answers: what LaTeX, Unicode and Python's printer write differently and mean alike is brought to one plain
// form, as `\dfrac{3}{4}`, `¾`, `½`; the meaning is never touched, and nothing is taken away but delimiters and blanks.

/** Longest answer that is read as mathematics, in characters; a longer one is text. */
export const LONGEST = 2000

const TEXT = String.raw`\\(?:text(?:bf|rm|it|normal|sf)?|mathrm|mathbf|mbox|operatorname)\s*\{([^{}]*)\}`
const TEXT_COMMAND = new RegExp(TEXT, 'g')
/** Words after a number, set as text: its unit. */
const TEXT_UNIT = new RegExp(
  String.raw`(?<=[\d}).]|\\pi)(?:\\?[ ,;!~])*(?:${TEXT})(?:\^\{?([23])\}?)?\.?\$?(?:\\\)|\\\])?$`,
)
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻'
const MATRIX = /\\begin\{[pb]?matrix\}(.*?)\\end\{[pb]?matrix\}/gs

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/[−–‐‑]/g, '-'],
  [/×|\\times(?![a-zA-Z])|·|⋅|\\cdot(?![a-zA-Z])/g, '*'],
  [/÷|\\div(?![a-zA-Z])/g, '/'],
  [/π|\\pi(?![a-zA-Z])/g, ' pi '],
  [/∞|\\infty(?![a-zA-Z])/g, ' oo '],
  [/∪|\\cup(?![a-zA-Z])/g, ' ∪ '],
  [/≤|\\leq?(?![a-zA-Z])/g, '<='],
  [/≥|\\geq?(?![a-zA-Z])/g, '>='],
  [/√/g, '\\sqrt '],
  [/\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))|\\degree(?![a-zA-Z])|°/g, ' degrees '],
  [/\\[dtc]frac(?![a-zA-Z])/g, '\\frac'],
  [/\\(?:left|right|[bB]igg?[lr]?|displaystyle|limits)(?![a-zA-Z])/g, ''],
  [/\\\{|\\lbrace(?![a-zA-Z])/g, '⦃'],
  [/\\\}|\\rbrace(?![a-zA-Z])/g, '⦄'],
  [/(?<=\d)\{,\}(?:\\!)?(?=\d{3})|(?<=\d),\\!(?=\d{3})/g, ','],
  [/\\!|(?<=\d)\\,(?=\d{3})/g, ''],
  [/\\[,;: ]|~|\\q?quad(?![a-zA-Z])|[\u00a0\u2000-\u200a\u202f]/g, ' '],
  [/\\([%$#&])/g, '$1'],
]

/** Neither LaTeX nor Unicode, delimiters or double blanks. */
const ALREADY_PLAIN = /^(?!\*)[\w+\-/*^(),=%]+(?: [\w+\-/*^(),=%]+)*$/

/**
 * The plain form of an answer. Text commands become their words; a unit set as text after a number stands in parentheses.
 * Example: `5\text{ m}` becomes `5 (m)`, `\frac34` stays a command, `\(x^{2}\)` becomes `x^{2}`.
 */
export function plainSpelling(text: string): string {
  let plain = text.trim()
  if (ALREADY_PLAIN.test(plain)) return plain
  for (let before = ''; before !== plain; ) {
    before = plain
    plain = withoutDelimiters(plain)
  }
  plain = plain
    .replace(TEXT_UNIT, (whole, words: string, power?: string) =>
      words.trim() === '' ? whole : ` (${words.replace(/~/g, ' ').trim()}${power ? `^${power}` : ''})`,
    )
    .replace(TEXT_COMMAND, ' $1 ')
    .replace(MATRIX, (_, rows: string) => matrixText(rows))
    .replace(/[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]/g, (fraction) => ` ${fraction.normalize('NFKC').replace('⁄', '/')}`)
    .replace(new RegExp(`[${SUPERSCRIPTS}]+`, 'g'), (digits) => `^{${digits.normalize('NFKC').replace('−', '-')}}`)
  for (const [spelled, plainly] of REPLACEMENTS) plain = plain.replace(spelled, plainly)
  return plain.replace(/\s+/g, ' ').trim().replace(/\.$/, '').trim()
}

/** The words of a text for comparing what is no mathematics: the case of whole words, full stops and blanks do not count. */
export const wordsOf = (plain: string): string =>
  plain
    .replace(/[A-Za-z]{2,}/g, (word) => word.toLowerCase())
    .replace(/ \(([a-z. ]+)\)$/, '$1')
    .replace(/\.(?!\d)|\$/g, '')
    .replace(/(?<!\d) | (?!\d)/g, '')

/** Cuts one pair of `$…$`, `\(…\)`, `\[…\]`, `\boxed{…}`, `\text{…}` or `**…**` around the whole. */
function withoutDelimiters(text: string): string {
  const around = /^(\$\$?|\*\*)([^$*]+)\1$/.exec(text) ?? /^(\\\(|\\\[)(.*)(?:\\\)|\\\])$/s.exec(text)
  if (around) return around[2]!.trim()
  const command = /^\\(?:boxed|fbox|text(?:bf|rm|it|normal)?|mathrm|mathbf|mbox)\s*\{/.exec(text)
  if (command === null) return text
  const close = closingBrace(text, command[0].length - 1)
  return close === text.length - 1 ? text.slice(command[0].length, close).trim() : text
}

/** Where the brace that opens at `open` closes; -1 where it does not. Escaped braces do not count. */
export function closingBrace(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i
  }
  return -1
}

/** The rows of a LaTeX matrix as sympy prints them. */
function matrixText(rows: string): string {
  const lines = rows.split(/\\\\/).filter((row) => row.trim() !== '')
  return `Matrix([${lines.map((row) => `[${row.split('&').join(', ')}]`).join(', ')}])`
}
