// Four rounds in seconds, to see that own parts fit: few problems, a model of some thousand parameters that learns next
// to nothing. What such a run measures means nothing.
import { defaultSettings, type Settings } from './settings.ts'

/** For `startRun({ settings: smokeSettings })`. The recipes are the default ones with short trainings and searches. */
export const smokeSettings: Settings = {
  ...defaultSettings,
  problems: [6, 6, 4, 2, 1, 1],
  heldOut: 1,
  model: { hiddenSize: 32, intermediateSize: 64, layers: 2, heads: 2, kvHeads: 2, tied: false },
  evaluation: { ...defaultSettings.evaluation, rollouts: 2, width: 4, numberings: 2, maxTokens: 60 },
  rounds: defaultSettings.rounds.map((recipe) => ({
    ...recipe,
    // The grammar stays the proposer: a model that has learned nothing solves nothing, and its round would have no models.
    proposer: 'grammar',
    guide: recipe.round > 2 ? 'ppm' : 'terminal',
    passes: recipe.passes.map((pass) => ({ ...pass, rollouts: 4, width: 6 })),
    policyTraining: recipe.policyTraining && {
      ...recipe.policyTraining,
      rows: 4,
      maxSteps: 20,
      tail: 10,
      minSteps: 10,
    },
    ppmTraining: recipe.ppmTraining && { ...recipe.ppmTraining, rows: 4, steps: 10 },
  })),
}
