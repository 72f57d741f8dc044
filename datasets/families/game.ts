// Points are won and lost; all kinds of events but the product and the total.
import { storyFamily } from '../story.ts'
import { names } from './names.ts'

export const game = storyFamily({
  name: 'game',
  cast: { name: names, beast: ['dragon', 'ghost', 'wolf'] },
  opening: [['{name} starts a game with # points.'], ['{name} plays level @ of a game.', '{name} has # points.']],
  plus: ['A star adds # points.', '{name} wins # points.'],
  minus: ['A trap eats # points.', 'The {beast} steals # points.'],
  times: ['A gem multiplies the points by #.'],
  divide: ['The {beast} divides the points by #.'],
  double: ['A star doubles the points.'],
  half: ['The {beast} takes half of the points.'],
  again: ['{name} wins as many points as at the start.'],
  distractor: ['The {beast} is @ years old.', 'The game has @ levels.'],
  question: 'How many points does {name} have now?',
})
