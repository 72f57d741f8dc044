// The public names of the library, in the order in which data flows.

import './show/draw/draw-figures.ts'

// Seeds
export { random, seedOf } from './seed/random.ts'

// Problems and answers
export { numericGrader } from './problem/numeric-grader.ts'
export { parseAnswer } from './problem/answer.ts'
export { counterfactual } from './problem/counterfactual.ts'
export type { Grader } from './problem/grader.ts'
export type { Prefix, Problem, Step } from './problem/problem.ts'
export { renumber } from './problem/renumber.ts'

// Engine
export type { Device } from './engine/devices.ts'
export { type Engine, type EngineOptions, openEngine } from './engine/engine.ts'

// Models: checkpoints, generating, scoring
export { trainTokenizer } from './model/bpe.ts'
export { endIds, loadCheckpoint, saveCheckpoint } from './model/checkpoint.ts'
export { openGenerator } from './model/generation.ts'
export { openScorer } from './model/scoring.ts'
export { codeOf } from './model/step-format.ts'

// Policies and PPMs
export type { Policy, Proposal, ProposalRequest } from './policy/contract.ts'
export { type GrammarPolicy, grammarPolicy } from './policy/grammar/grammar.ts'
export { type Likelihood, loadLikelihood } from './policy/likelihood.ts'
export { loadPpm, localPpm } from './policy/local-ppm.ts'
export { loadPolicy, type LocalPolicy, localPolicy } from './policy/local.ts'
export { mixturePolicy } from './policy/mixture.ts'
export type { Ppm, ScoreRequest } from './policy/ppm-contract.ts'
export { renumberedPolicy } from './policy/renumbered.ts'

// Running steps
export type { Verifier } from './verify/contract.ts'
export { type Execution, refusalForTraining } from './verify/execution.ts'
export type { Isolation, Level } from './verify/level.ts'
export type { Verdict } from './verify/verdict.ts'
export { openVerifier, type PythonVerifier } from './verify/verifier.ts'

// Search
export type { Annotator, TerminalFacts, TerminalKind } from './search/annotator.ts'
export { answer, answerCurve, odds } from './search/choose-answer.ts'
export { backup } from './search/backup.ts'
export { expand } from './search/expand.ts'
export { fromOfficialTree, toOfficialTree } from './search/official-tree.ts'
export { paper, releasedCode, type SearchOptions } from './search/options.ts'
export type { SearchParts } from './search/parts.ts'
export { readTree, writeTree } from './search/record.ts'
export { rollout, searchTree } from './search/rollout.ts'
export { searchProblems } from './search/schedule.ts'
export { puct, select, uct } from './search/select.ts'
export { newTree, pathTo, prefixOf, qOf, stepsTo, type Tree, type TreeNode, type TreeStats } from './search/tree.ts'

// Q-values
export { ppmAugmented } from './annotate/ppm-augmented.ts'
export { qValues } from './annotate/q-values.ts'
export { systemTwo } from './annotate/system-two.ts'
export { terminalGuided } from './annotate/terminal-guided.ts'

// What models learn from
export { type Luck, type LuckSurvey, surveyLuck } from './pairs/luck.ts'
export { type PreferencePair, preferencePairs, releasedCodePairs } from './pairs/preference-pairs.ts'
export {
  bestByQ,
  type ExampleSelection,
  type Selected,
  type SelectedTrajectory,
  type SelectionContext,
} from './pairs/selection.ts'
export { sftExamples } from './pairs/sft-examples.ts'
export { difficulty, learnable, trajectories, type Trajectory } from './pairs/trajectories.ts'

// Training
export { trainPolicy } from './train/policy.ts'
export { trainPpm } from './train/ppm.ts'

// Runs, settings, recipes
export type { RoundProgress } from './run/progress.ts'
export type { Pass, Recipe } from './run/recipe.ts'
export { recipes, round1, round2, round3, round4 } from './run/recipes.ts'
export { openRun, reopenRun, type Run } from './run/run.ts'
export { defaultSettings, type Settings } from './run/settings.ts'
export { smokeSettings } from './run/smoke-settings.ts'
export { eachTree, readTrees, type SearchSummary } from './run/trees.ts'

// Measuring
export { bands, netGain, wilson } from './eval/intervals.ts'
export { passAtK } from './eval/pass-at-k.ts'
export { parseReport, type Report, reportSchema } from './eval/report-schema.ts'
export { greedyAnswers, greedyStrategy, runPrograms } from './eval/strategies/greedy.ts'
export { type MajorityOptions, majorityStrategy } from './eval/strategies/majority.ts'
export { posteriorWeights } from './eval/posterior.ts'
export { systemTwoAnswers } from './eval/strategies/system-two.ts'
export { bestByScore, majority, scoreWeighted } from './eval/vote.ts'
export type { Question, Strategy, StrategyAnswer, StrategyParts } from './eval/strategy.ts'

// Showing
export { progressText } from './show/draw/progress.ts'
export { table } from './show/draw/table.ts'
export { learningCurve, roundBars, roundCurve, scalingCurve } from './show/views/curves.ts'
export { type ExecutionView, executionView, verify } from './show/views/execution-view.ts'
export { type ErrorCount, explain, type Explanation } from './show/views/explain.ts'
export { countQ, qHistogram } from './show/views/histogram.ts'
export { liveProgress } from './show/views/live-progress.ts'
export { actionTable, problemTable, problemView, proposalTable, solutionView } from './show/views/problem-views.ts'
export { eachVisitedStep, visitedSteps } from './show/views/q-values.ts'
export { reportHtml } from './show/views/report-html.ts'
export { roundTable } from './show/views/round-table.ts'
export { besidePaper, manifestTable, runFiles } from './show/views/run-tables.ts'
export { evaluatedRounds, stagesTable } from './show/views/stages-table.ts'
export { scoredTree, scoreHistogram, separation, type SolutionScores, solutionScores } from './show/views/scores.ts'
export { rolloutsToSolve, solvedCurve } from './show/views/solved-curve.ts'
export {
  candidateTable,
  difficultyTable,
  pairView,
  trajectoryTable,
  unsolvedTable,
  widestNode,
} from './show/views/tree-tables.ts'
export { treeView } from './show/views/tree-view.ts'

// The rounds
export { evaluateRound, type RoundMetrics } from './round/evaluate-round.ts'
export { evolve, type EvolveOptions, withParts } from './round/evolve.ts'
export type { OwnParts, PassOfRound } from './round/own-parts.ts'
export { learningCurves, writeReportPage } from './round/report-page.ts'
export { buildReport, writeReport } from './round/report.ts'
export { type RoundParts, searchOptions, searchRound } from './round/search-round.ts'
export { type AcceptedTrajectory, eachAccepted, type RoundExamples, selectExamples } from './round/select-examples.ts'
export { startRun } from './round/start-run.ts'
export { pairsFor, splitPairs, trainRoundPolicy, trainRoundPpm } from './round/train-round.ts'
