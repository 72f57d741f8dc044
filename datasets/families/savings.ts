// Money is earned and spent; half; the result is taken from a price.
import { storyFamily } from '../story.ts'
import { names } from './names.ts'

export const savings = storyFamily({
  name: 'savings',
  cast: { name: names, wish: ['bike', 'phone', 'drum', 'tent'] },
  opening: [['{name} has saved # dollars.'], ['{name} wants a {wish} and has # dollars.']],
  plus: ['{name} earns # dollars.', 'A friend pays {name} # dollars.'],
  minus: ['{name} spends # dollars on food.', '{name} pays a friend # dollars.'],
  times: ['The bank makes it # times as much money.'],
  divide: ['{name} splits the money into # equal parts and keeps one.'],
  half: ['{name} spends half of the money.'],
  total: ['The {wish} costs # dollars.'],
  question: 'How many more dollars does {name} need?',
})
