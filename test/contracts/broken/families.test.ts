import { families } from '../../../datasets/index.ts'
import type { ProblemDraft, ProblemFamily } from '../../../lib/problem/family.ts'
import { problemFamilyLaws } from '../problem-family.ts'
import { everOther, lawsCanFail, type Spoil } from './breaks.ts'

/** Tells each story a little otherwise. */
const telling =
  (change: (draft: ProblemDraft) => ProblemDraft): Spoil<ProblemFamily> =>
  (sound) => ({
    name: sound.name,
    draw: (rng, operations) => {
      const draft = sound.draw(rng, operations)
      return draft && change(draft)
    },
  })

/** Tells what its template holds a little otherwise. */
const templating = (change: Partial<NonNullable<ProblemDraft['template']>>) =>
  telling((draft) => ({ ...draft, template: { ...draft.template!, ...change } }))

lawsCanFail('problem family', problemFamilyLaws(), () => families[0]!, {
  'it has a name': (sound) => ({ ...sound, name: ' ' }),
  'the same random numbers give the same draft, whatever was drawn before': telling((draft) => ({
    ...draft,
    question: `${everOther()}. ${draft.question}`,
  })),
  'different seeds give different questions': telling((draft) => ({ ...draft, question: 'How many?' })),
  'no draw of 1 to 6 operations throws; each is null or has a question and an answer': telling((draft) => ({
    ...draft,
    answer: '',
  })),
  'a template filled with its numbers is the question': templating({ text: 'How many are {0}?' }),
  'the program of a template gives the answer': templating({ program: '(n0 - n0)' }),
  'a template has as many operations as were asked for, and asks again with other numbers': templating({
    operations: 7,
  }),
})
