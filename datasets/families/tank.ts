// Water flows in and out; twice, half; the result is taken from a total.
import { storyFamily } from '../story.ts'

export const tank = storyFamily({
  name: 'tank',
  cast: { place: ['garden', 'village', 'school'] },
  opening: [['The tank of the {place} holds # liters of water.'], ['There are # liters of water in a tank.']],
  plus: ['Rain adds # liters.', 'A pump brings # liters.'],
  minus: ['A leak takes # liters.', 'The {place} uses # liters.'],
  times: ['A storm makes it # times as much water.'],
  divide: ['The water flows into # equal tanks and one stays.'],
  double: ['A storm doubles the water.'],
  half: ['Half of the water flows out.'],
  total: ['A full tank holds # liters.'],
  question: 'How many liters are missing?',
})
