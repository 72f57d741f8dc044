// Animals are born, bought and sold; half, as at the start; facts that change nothing.
import { storyFamily } from '../story.ts'

export const farm = storyFamily({
  name: 'farm',
  cast: { animal: ['sheep', 'hens', 'goats', 'ducks', 'cows'] },
  opening: [['A farm keeps # {animal}.'], ['There are # {animal} on a farm.']],
  plus: ['In spring # young {animal} are born.', 'The farmer buys # {animal}.'],
  minus: ['In winter # {animal} run away.', 'The farmer sells # {animal}.'],
  times: ['After a year the herd is # times as big.'],
  divide: ['The {animal} go to # equal fields and one stays.'],
  half: ['Half of the {animal} go to the market.'],
  again: ['The farmer buys as many {animal} as at the start.'],
  distractor: ['There are @ trees on the farm.', 'The farmer is @ years old.'],
  question: 'How many {animal} are on the farm now?',
})
