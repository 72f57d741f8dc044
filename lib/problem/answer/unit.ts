// Units of answers: `5 cm`, `$5`, `18 (dollars)`, `90°`. Letters are a unit only where a blank or a text command sets them
// apart from the number, and only words that cannot change its value: `2x`, `12 pi`, `5 million` and `5 PM` have none.

/** An answer cut into what is measured and its unit in one spelling; null where it has none. */
export interface Measured {
  readonly amount: string
  readonly unit: string | null
}

/** Units that may be abbreviated, each with its spellings. Single letters are units only after a blank. */
const KNOWN = new Map(
  `meter:m,metre kilometer:km,kilometre centimeter:cm,centimetre millimeter:mm,millimetre inch:in,inches foot:ft,feet
   yard:yd mile:mi gram:g kilogram:kg,kilo milligram:mg pound:lb,lbs ounce:oz liter:l,L,litre milliliter:ml,mL,millilitre
   second:s,sec minute:min hour:h,hr day: week: month: year:yr,yrs dollar:$,USD,usd cent:¢ euro:€,EUR pound-sterling:£,GBP yen:¥
   degree: mph:mile/hour kph:kmh,kilometer/hour newton:N joule:J watt:W volt:V unit:`
    .split(/\s+/)
    .flatMap((entry) => {
      const [name, spellings] = entry.split(':') as [string, string]
      return [name, ...spellings.split(',')].filter(Boolean).map((spelling): [string, string] => [spelling, name])
    }),
)

/** Words after a number that belong to its value, or to a sentence. */
const NEVER_A_UNIT = new Set(
  `and or to plus minus times divided over by mod modulo choose factorial squared cubed root sqrt power base percent percents
   hundred hundreds thousand thousands million millions billion billions trillion trillions dozen dozens score half halves third
   thirds quarters fourths fifths sixths sevenths eighths ninths tenths hundredths thousandths more less fewer least most than
   not no is are was equals if when with without remainder am pm a.m. p.m. AM PM pi exp log ln sin cos tan cot sec csc abs
   alpha beta gamma delta theta lambda sigma omega phi infinity oo nan inf degs vs`.split(/\s+/),
)
const IRREGULAR = new Set('people men women children mice teeth geese sheep fish deer'.split(' '))

const CURRENCY = /^([+-]?)\s*([$€£¥])\s*(?=[-+]?[\d.])/
/** Words in parentheses at the end, as ASDiv's `18 (dollars)` and a text command have them. */
const IN_PARENTHESES = /^(.*\S)\s*\(([A-Za-z][A-Za-z .\-/]*(?:\^[23])?)\)$/
const WORD = /^[A-Za-z][A-Za-z.\-/]*(?:\^\{?[23]\}?)?$/

/** Cuts the unit off an answer in plain spelling. */
export function measure(plain: string): Measured {
  const currency = CURRENCY.exec(plain)
  if (currency) {
    const rest = measure(`${currency[1]}${plain.slice(currency[0].length)}`)
    const unit = KNOWN.get(currency[2]!)!
    return rest.unit === null || rest.unit === unit ? { amount: rest.amount, unit } : { amount: plain, unit: null }
  }
  const bracketed = IN_PARENTHESES.exec(plain)
  if (bracketed && /\d|\bpi$|[})]$/.test(bracketed[1]!)) {
    const words = bracketed[2]!.split(/\s+/)
    if (words.every((word) => !NEVER_A_UNIT.has(word))) return { amount: bracketed[1]!, unit: unitText(words) }
  }
  return measureWords(plain)
}

/** Words after a number without parentheses: a known unit, or a plural. */
function measureWords(plain: string): Measured {
  const none = { amount: plain, unit: null }
  const tokens = plain.replace(/(?<=\d)([a-z]{2,3}(?:\^\{?[23]\}?)?)$/, (letters) => {
    return KNOWN.has(letters.replace(/\^.*/, '')) ? ` ${letters}` : letters // 5cm
  })
  const words = tokens.split(' ')
  let first = words.length
  while (first > 1 && WORD.test(words[first - 1]!)) first--
  const unit = words.slice(first)
  const amount = words.slice(0, first).join(' ')
  if (unit.length === 0 || unit.length > 4 || !/[\d})]$|\bpi$/.test(amount)) return none
  if (unit.some((word) => NEVER_A_UNIT.has(word))) return none
  return unit.length === 1 || !unit.some((word) => word.length === 1 && !KNOWN.has(word))
    ? isUnit(unit, amount)
      ? { amount, unit: unitText(unit) }
      : none
    : none
}

function isUnit(words: readonly string[], amount: string): boolean {
  const text = unitText(words)
  if (text.split(/[ /]/).every((word) => KNOWN.has(word.replace(/\^.*/, '')) || word === 'square')) return true
  const last = words.at(-1)!
  const head = words.find((_, i) => words[i + 1] === 'per') ?? last
  return head.length > 2 && (IRREGULAR.has(head) || /[a-z]s$/.test(head) || amount === '1')
}

/** One spelling of a unit: known abbreviations written out, singular, `per` as a slash, squares as powers. */
function unitText(words: readonly string[]): string {
  const text = words
    .join(' ')
    .replace(/\.$/, '')
    .replace(/[{}]/g, '')
    .replace(/\s*(?:\/|\bper\b)\s*/g, '/')
    .replace(/\b(?:square|sq\.?) ([A-Za-z]+)/g, '$1^2')
    .replace(/\bcubic ([A-Za-z]+)/g, '$1^3')
    .replace(/[A-Za-z$]+/g, singular)
  return KNOWN.get(text) ?? text
}

function singular(word: string): string {
  const known = KNOWN.get(word) ?? KNOWN.get(word.toLowerCase())
  if (known !== undefined) return known
  const lower = word.toLowerCase()
  const stem = lower
    .replace(/ies$/, 'y')
    .replace(/(?<=ss|x|ch|sh)es$/, '')
    .replace(/(?<=[a-rt-z])s$/, '')
  return KNOWN.get(stem) ?? stem
}
