// Books come and go; half, as at the start; the setting comes first, with or without a number.
import { storyFamily } from '../story.ts'

export const library = storyFamily({
  name: 'library',
  cast: { day: ['Monday', 'Friday', 'Sunday'] },
  opening: [
    ['The library opens on {day}.', 'It has # books.'],
    ['The library has @ rooms.', 'There are # books on the shelf.'],
  ],
  plus: ['The library buys # new books.', 'A school sends the library # books.'],
  minus: ['Readers borrow # books.', 'The library sends a school # books.'],
  times: ['After a year there are # times as many books.'],
  divide: ['The books go on # equal shelves and one stays.'],
  half: ['Half of the books go to a school.'],
  again: ['A reader brings as many books as at the start.'],
  question: 'How many books are in the library now?',
})
