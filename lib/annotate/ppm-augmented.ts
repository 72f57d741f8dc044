// From round 3 on: a step starts with what the PPM thinks of it, terminals still speak by the reference.
import type { Ppm } from '../policy/ppm-contract.ts'
import type { Annotator } from '../search/annotator.ts'
import { terminalGuided } from './terminal-guided.ts'

/**
 * PPM-augmented annotation (paper, Eq. 3): q(s)^0 = PPM(question, s_1 … s), in [-1, 1], then the updates of
 * `terminalGuided`. The PPM stays with its owner. For rounds 3 and 4.
 * Example, with `scoreCountsAsVisit`: a step scored 0.6 that a right and a wrong trajectory pass has Q = (0.6 + 1 - 1)
 * / 3 = 0.2.
 */
export const ppmAugmented = (ppm: Ppm): Annotator => ({ ...terminalGuided(), name: 'ppm-augmented', ppm })
