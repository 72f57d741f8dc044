// The stories that the problem generator tells: words only, no numbers and no order of events (generate.ts has those).
// In a sentence `#` stands for a number that the answer needs, `@` for one that it does not, `{…}` for a word of the cast.
// Words are few on purpose: a very small model has to learn them all from a few hundred problems. Some events are told
// apart by the order of the words alone ("Mia gives a friend …", "A friend gives Mia …"), so counting words is not enough.

/** One kind of story. Each list holds wordings of the same event. */
export interface Family {
  readonly name: string
  /** Words that are drawn once for a problem. */
  readonly cast: Readonly<Record<string, readonly string[]>>
  /** How it starts: one `#` gives the first number, a second one multiplies it. */
  readonly opening: readonly (readonly string[])[]
  readonly plus: readonly string[]
  readonly minus: readonly string[]
  readonly times: readonly string[]
  readonly divide: readonly string[]
  /** Events without a number; a family may lack any of them. `again` adds the first number once more. */
  readonly double?: readonly string[]
  readonly half?: readonly string[]
  readonly again?: readonly string[]
  /** Facts that change nothing. */
  readonly distractor?: readonly string[]
  /** A last sentence with the total that the result is taken from. */
  readonly total?: readonly string[]
  readonly question: string
}

const names = ['Mia', 'Tom', 'Ana', 'Leo', 'Sam', 'Eva', 'Max', 'Zoe', 'Ben', 'Kim']

export const families: readonly Family[] = [
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
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
  },
]
