// Distances from home; twice, half, as at the start.
import { storyFamily } from '../story.ts'
import { names } from './names.ts'

export const trip = storyFamily({
  name: 'trip',
  cast: { name: names, vehicle: ['bus', 'train', 'bike'] },
  opening: [['{name} is # km from home.'], ['A {vehicle} brings {name} # km from home.']],
  plus: ['{name} drives # km farther.', 'A {vehicle} takes {name} # km away.'],
  minus: ['{name} turns back and drives # km.', '{name} walks # km toward home.'],
  times: ['Soon {name} is # times as far away.'],
  divide: ['{name} goes back to the first of # equal parts.'],
  double: ['Then {name} is twice as far away.'],
  half: ['{name} goes back half of the way.'],
  again: ['{name} drives as far as at the start.'],
  question: 'How far from home is {name} now?',
})
