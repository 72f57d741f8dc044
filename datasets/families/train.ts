// People get in and out; half; begins with a number that does not count.
import { storyFamily } from '../story.ts'

export const train = storyFamily({
  name: 'train',
  cast: { place: ['city', 'lake', 'market', 'bridge'] },
  opening: [
    ['Train @ leaves the {place}.', 'It carries # people.'],
    ['Train @ stops at the {place}.', 'There are # people in it.'],
  ],
  plus: ['At the next stop # people get in.', 'Then # more people climb in.'],
  minus: ['At the next stop # people get out.', 'Then # people leave the train.'],
  times: ['In the city it is # times as full.'],
  divide: ['The people sit in # equal cars and one goes on.'],
  half: ['Half of the people get out.'],
  distractor: ['The driver is @ years old.', 'The next stop is @ km away.'],
  question: 'How many people are in the train now?',
})
