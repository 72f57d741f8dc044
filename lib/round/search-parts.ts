// From what a recipe names (run/recipe.ts lists the names) to the parts of its search: the one place that opens them.
import { ppmAugmented } from '../annotate/ppm-augmented.ts'
import { terminalGuided } from '../annotate/terminal-guided.ts'
import type { Engine } from '../engine/engine.ts'
import type { Policy } from '../policy/contract.ts'
import type { GrammarPolicy } from '../policy/grammar/grammar.ts'
import { loadPolicy } from '../policy/local.ts'
import { loadPpm } from '../policy/local-ppm.ts'
import { mixturePolicy } from '../policy/mixture.ts'
import type { Ppm } from '../policy/ppm-contract.ts'
import { numericGrader } from '../problem/numeric-grader.ts'
import { expectModel, loadTrained } from '../run/models.ts'
import type { Recipe } from '../run/recipe.ts'
import type { Run } from '../run/run.ts'
import type { Annotator } from '../search/annotator.ts'
import type { SearchParts } from '../search/parts.ts'
import type { Verifier } from '../verify/contract.ts'
import { checkPart } from './check-own-parts.ts'
import { openGrammar } from './grammar.ts'
import type { OwnParts, PassOfRound } from './own-parts.ts'

/** Where parts come from. */
export interface PartSources extends OwnParts {
  readonly engine: Engine
  readonly verifier: Verifier
}

/** The parts of a round's search. */
export interface RoundSearchParts {
  /** Those of a pass. */
  forPass(at: PassOfRound): Promise<SearchParts>
  /** The grammar, where it proposes alone: it learns from each wave before the next. Else null. */
  readonly learner: GrammarPolicy | null
  /** Disposes what was opened here, and nothing that was brought. */
  dispose(): Promise<void>
}

/** What is open while parts are made: where they come from, and what must be closed. */
interface Opening {
  readonly run: Run
  readonly recipe: Recipe
  readonly sources: PartSources
  readonly grammar: GrammarPolicy
  /** Remembers what to dispose. */
  owned<T extends { dispose(): Promise<void> }>(part: T): T
}

/** Who proposes steps, by the name that a recipe gives. */
const PROPOSERS: Readonly<Record<Recipe['proposer'], (at: PassOfRound, opening: Opening) => Promise<Policy>>> = {
  grammar: async (_, { grammar }) => grammar,
  policy: async ({ round, pass }, { run, sources, owned }) => {
    expectModel(run, round - 1, 'policy')
    const { temperature } = pass
    const options = { name: `round-${round - 1}/policy`, temperature, batchSize: run.settings.batchSize }
    return owned(await loadTrained(run, round - 1, 'policy', (folder) => loadPolicy(sources.engine, folder, options)))
  },
}

/** Who values new steps, by the name that a recipe gives. */
const GUIDES: Readonly<Record<Recipe['guide'], (opening: Opening) => Promise<Annotator>>> = {
  terminal: async () => terminalGuided(),
  ppm: async (opening) => ppmAugmented(opening.sources.ppm ?? (await trainedPpm(opening))),
}

async function trainedPpm({ run, recipe, sources, owned }: Opening): Promise<Ppm> {
  const before = recipe.round - 1
  expectModel(run, before, 'ppm')
  const options = { name: `round-${before}/ppm`, batchSize: run.settings.batchSize }
  return owned(await loadTrained(run, before, 'ppm', (folder) => loadPpm(sources.engine, folder, options)))
}

/**
 * Opens what a round's search needs: what was brought, else what the recipe names. Errors: a model that the round before
 * did not train, with the likely reason; those of the loaders.
 */
export async function openSearchParts(run: Run, recipe: Recipe, sources: PartSources): Promise<RoundSearchParts> {
  const opened: { dispose(): Promise<void> }[] = []
  const grammar = openGrammar(run, recipe.round)
  const owned: Opening['owned'] = (part) => {
    opened.push(part)
    return part
  }
  const opening: Opening = { run, recipe, sources, grammar, owned }
  const { policy: own, annotator: ownAnnotator, grader = numericGrader, verifier } = sources
  const propose = PROPOSERS[recipe.proposer]
  const dispose = async () => {
    for (const part of opened) await part.dispose()
  }
  try {
    // A model that is missing is told before a tree is read or written.
    if (own === undefined && recipe.proposer === 'policy') expectModel(run, recipe.round - 1, 'policy')
    const guide = () => GUIDES[recipe.guide](opening)
    const annotator =
      typeof ownAnnotator === 'function' ? ownAnnotator(await guide(), recipe.round) : (ownAnnotator ?? (await guide()))
    checkPart('annotator', annotator)
    return {
      learner: own === undefined && recipe.proposer === 'grammar' ? grammar : null,
      async forPass(at) {
        const main = own === undefined ? await propose(at, opening) : typeof own === 'function' ? await own(at) : own
        checkPart('policy', main)
        const { grammarShare } = at.pass
        if (grammarShare === 0 || main === grammar) return { policy: main, verifier, annotator, grader }
        const policy = mixturePolicy([
          { policy: main, share: 1 - grammarShare },
          { policy: grammar, share: grammarShare },
        ])
        return { policy, verifier, annotator, grader }
      },
      dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}
