// Money of a shop; twice; facts that change nothing.
import { storyFamily } from '../story.ts'

export const till = storyFamily({
  name: 'till',
  cast: { goods: ['tea', 'bread', 'fruit', 'paper'] },
  opening: [['A shop opens with # dollars in the till.'], ['The till of a shop holds # dollars.']],
  plus: ['The owner puts in # dollars.', 'A customer pays # dollars.'],
  minus: ['The owner takes out # dollars.', 'The owner buys {goods} for # dollars.'],
  times: ['By noon the till holds # times as much money.'],
  divide: ['The money goes into # equal piles and one stays.'],
  double: ['A busy hour doubles the money.'],
  distractor: ['The shop sells @ kinds of {goods}.', 'The shop is @ years old.'],
  question: 'How many dollars are in the till?',
})
