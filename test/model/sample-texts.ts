// A few hundred word problems and programs, made by rule: enough text to train a small tokenizer in tests.
const people = ['Mia', 'Tom', 'Ann', 'Leo', 'Zoë', 'Priya']
const things = ['apples', 'pens', 'coins', 'marbles', 'books']

/** Questions and programs, in a fixed order. */
export const sampleTexts: readonly string[] = Array.from({ length: 300 }, (_, i) => {
  const [who, other, what] = [people[i % 6], people[(i + 1) % 6], things[i % 5]]
  const [a, b, c] = [10 + ((i * 37) % 290), 2 + ((i * 11) % 9), 3 + ((i * 7) % 40)]
  return [
    `${who} has ${a} ${what}. ${other} gives ${who} ${c} more, and ${who} packs all of them into ${b} boxes.`,
    ` How many ${what} does ${who} have in each box?`,
    `start = ${a}\nnow = start + ${c}\nnow = now // ${b}\nprint(now)`,
  ].join('')
})
