// The built-in families. Their order is part of what a seed means: generated problems take them in turn.
import type { StoryFamily } from '../story.ts'
import { baking } from './baking.ts'
import { collecting } from './collecting.ts'
import { farm } from './farm.ts'
import { game } from './game.ts'
import { library } from './library.ts'
import { savings } from './savings.ts'
import { tank } from './tank.ts'
import { till } from './till.ts'
import { train } from './train.ts'
import { trip } from './trip.ts'

/** The ten built-in kinds of stories, in the order in which problems are taken from them. */
export const families: readonly StoryFamily[] = [
  collecting,
  till,
  train,
  baking,
  farm,
  tank,
  library,
  trip,
  savings,
  game,
]
