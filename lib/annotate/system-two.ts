// Test time: nobody looks at the reference.
import type { Ppm } from '../policy/ppm-contract.ts'
import type { Annotator } from '../search/annotator.ts'
import { ppmAugmented } from './ppm-augmented.ts'

/**
 * System 2 (paper, section 3.2, inference): as `ppmAugmented`, but the PPM's score of an answered trajectory, in [-1,
 * 1], is what is backed up. Terminals without an answer send -1. The reference is never looked at.
 * Errors: `reward` throws for an answer without a score, from a tree that was searched without a PPM.
 */
export const systemTwo = (ppm: Ppm): Annotator => ({
  ...ppmAugmented(ppm),
  name: 'system-two',
  usesReference: false,
  reward({ kind, score }) {
    if (kind !== 'answered') return -1
    if (score === null)
      throw new Error('Expected a PPM score on every answer, got none. Was the tree searched with a PPM?')
    return score
  },
})
