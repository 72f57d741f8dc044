// Things are found, lost, given away and got; twice, half, as at the start.
import { storyFamily } from '../story.ts'
import { names } from './names.ts'

export const collecting = storyFamily({
  name: 'collecting',
  cast: { name: names, thing: ['shells', 'coins', 'cards', 'stamps', 'beads', 'stones'] },
  opening: [['{name} has # {thing}.'], ['{name} starts with # {thing}.']],
  plus: ['{name} finds # more {thing}.', 'A friend gives {name} # {thing}.'],
  minus: ['{name} loses # {thing}.', '{name} gives a friend # {thing}.'],
  times: ['Soon {name} has # times as many {thing}.'],
  divide: ['{name} splits the {thing} into # equal bags and keeps one.'],
  double: ['Then {name} has twice as many {thing}.'],
  half: ['{name} gives half of the {thing} to a friend.'],
  again: ['{name} finds as many {thing} as at the start.'],
  question: 'How many {thing} does {name} have now?',
})
