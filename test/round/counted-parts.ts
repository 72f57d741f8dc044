// A part of each kind that counts how often it is asked. All are instances of classes with private fields, which a copy of
// their fields, or a method taken off them, would break.
import { greedyStrategy } from '../../lib/eval/strategies/greedy.ts'
import type { Question, Strategy, StrategyParts } from '../../lib/eval/strategy.ts'
import { bestByQ, type ExampleSelection, type SelectionContext } from '../../lib/pairs/selection.ts'
import type { Policy, ProposalRequest } from '../../lib/policy/contract.ts'
import { grammarPolicy } from '../../lib/policy/grammar/grammar.ts'
import type { Ppm, ScoreRequest } from '../../lib/policy/ppm-contract.ts'
import type { Grader } from '../../lib/problem/grader.ts'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import type { Step } from '../../lib/problem/problem.ts'
import type { Annotator, TerminalFacts } from '../../lib/search/annotator.ts'
import type { Tree } from '../../lib/search/tree.ts'
import type { Verifier } from '../../lib/verify/contract.ts'

/** Counts what it is asked, and remembers if it was disposed. */
export class Counted {
  readonly name: string
  readonly batchSize = 16
  #calls = 0
  #disposed = false

  constructor(name: string) {
    this.name = name
  }

  get calls(): number {
    return this.#calls
  }

  get isDisposed(): boolean {
    return this.#disposed
  }

  protected count(): void {
    this.#calls++
  }

  async dispose(): Promise<void> {
    this.#disposed = true
  }
}

export class OwnPolicy extends Counted implements Policy {
  readonly #grammar = grammarPolicy()
  propose(requests: readonly ProposalRequest[]) {
    this.count()
    return this.#grammar.propose(requests)
  }
}
export class OwnPpm extends Counted implements Ppm {
  async score(requests: readonly ScoreRequest[]) {
    this.count()
    return requests.map(({ candidates }) => candidates.map(({ text }) => -Math.tanh(text.length / 100)))
  }
}
export class OwnAnnotator extends Counted implements Annotator {
  readonly usesReference = true
  readonly ppm: Ppm
  constructor(name: string, ppm: Ppm) {
    super(name)
    this.ppm = ppm
  }
  initial(score: number): number {
    this.count()
    return score / 2
  }
  reward({ right }: TerminalFacts): number {
    this.count()
    return right === true ? 1 : -0.5
  }
}
export class OwnGrader extends Counted implements Grader {
  equivalent(answer: string, reference: string): boolean {
    this.count()
    return numericGrader.equivalent(answer, reference)
  }
}
export class OwnSelection extends Counted implements ExampleSelection {
  select(trees: readonly Tree[], context: SelectionContext) {
    this.count()
    return bestByQ({ perProblem: 1 }).select(trees, context)
  }
}
export class OwnStrategy extends Counted implements Strategy {
  answer(questions: readonly Question[], parts: StrategyParts) {
    this.count()
    return greedyStrategy().answer(questions, parts)
  }
}
export class OwnVerifier extends Counted implements Verifier {
  readonly #python: Verifier
  constructor(name: string, python: Verifier) {
    super(name)
    this.#python = python
  }
  get executions(): number {
    return this.#python.executions
  }
  verify(steps: readonly Step[], candidates: readonly Step[]) {
    this.count()
    return this.#python.verify(steps, candidates)
  }
}
