// Trays and boxes; begins with a product; twice, half.
import { storyFamily } from '../story.ts'

export const baking = storyFamily({
  name: 'baking',
  cast: { food: ['rolls', 'cakes', 'pies', 'buns'] },
  opening: [
    ['A baker fills # trays.', 'Each tray holds # {food}.'],
    ['There are # trays in the oven.', 'On each tray are # {food}.'],
  ],
  plus: ['The baker makes # more {food}.', 'A helper brings # {food}.'],
  minus: ['In the oven # {food} burn.', 'A customer buys # {food}.'],
  times: ['By noon there are # times as many {food}.'],
  divide: ['The {food} go into # equal boxes and one stays.'],
  double: ['For a party the baker makes twice as many {food}.'],
  half: ['Half of the {food} go to a school.'],
  question: 'How many {food} does the baker have now?',
})
