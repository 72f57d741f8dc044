// Problem files as other projects write them: each row is read as it is meant, or refused with its line and a reason.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { readProblems } from '../../lib/problem/read-problems.ts'
import { fixture } from '../fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'layouts-'))
after(() => rmSync(folder, { recursive: true }))

const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const jsonl = (...rows: unknown[]): string =>
  write('rows.jsonl', rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'))
const read = (path: string): string[][] => readProblems(path).problems.map(({ question, answer }) => [question, answer])
const answers = (path: string): string[] => readProblems(path).problems.map(({ answer }) => answer)
/** Why the only row is refused; `prefix` rows stand before it. */
const refusal = (row: unknown, ...before: unknown[]): string => {
  const { skipped } = readProblems(jsonl({ question: 'Fine?', answer: '1' }, ...before, row))
  assert.equal(skipped.length, 1)
  assert.equal(skipped[0]!.line, before.length + 2)
  return skipped[0]!.reason
}

describe('the answer of a row', () => {
  test('a number keeps its text, however long, in JSON and in tables', () => {
    assert.deepEqual(answers(fixture('problems', 'bigint.jsonl')), [
      '123456789012345678901234567890',
      '9007199254740993',
    ])
    const rows = ['-0.10', '1234.50', '1e400', '-9007199254740993', '27.0', '1.20E-7']
    assert.deepEqual(answers(jsonl(...rows.map((number, i) => `{"question":"${i}","answer":${number}}`))), rows)
    assert.deepEqual(answers(write('list.json', `[${rows.map((n, i) => `{"problem":"${i}","answer":[${n}]}`)}]`)), rows)
    assert.deepEqual(answers(write('t.csv', `question,answer\n${rows.map((n, i) => `${i},${n}`).join('\n')}`)), rows)
  })

  test('a worked solution under an answer field gives its last box, what follows ####, or what "the answer is"', () => {
    const found = answers(fixture('problems', 'gsm-boxed.jsonl'))
    assert.deepEqual(found, ['7', '8', '1234.50 dollars', '5', '5'])
    assert.ok(numericGrader.equivalent('1234.5', found[2]!))
    for (const [text, answer] of [
      ['\\boxed{1}, then \\boxed{\\frac{1}{2}}.', '\\frac{1}{2}'],
      ['so \\fbox{3}', '3'],
      ['####\n\n 9\nThat is all.', '9'],
      ['#### Answer: 5', '5'],
      ['#### 1\n#### 2', '2'],
      ['#### 5. That is all.', '5'],
      ['#### 12 apples per day', '12 apples per day'],
      ['#### Final answer\n\\boxed{7}', '7'],
      ['Thus the final answer is: $8.50$. Good.', '$8.50$'],
      ['We add.\nAnswer: 12', '12'],
      ['**Answer:** 12', '12'],
      ['x = 3', 'x = 3'],
    ] as const)
      for (const field of ['answer', 'solution', 'response'])
        if (field === 'answer' || answer !== 'x = 3')
          assert.deepEqual(answers(jsonl({ question: 'A?', [field]: text })), [answer], `${field}: ${text}`)
  })

  test('it stands under answer, final_answer, solution and their like, as text, a number or a list of one', () => {
    assert.deepEqual(answers(fixture('problems', 'quest-final.jsonl')), ['7', '7', '7'])
    for (const field of [
      'Answer',
      'final_answer',
      'finalAnswer',
      'ground_truth',
      'gt_answer',
      'target',
      'expected_answer',
    ])
      assert.deepEqual(read(jsonl({ problem: 'A?', [field]: '7' })), [['A?', '7']], field)
    assert.deepEqual(answers(jsonl({ question: 'A?', answer: null, answer_number: 18 })), ['18'])
    assert.deepEqual(answers(jsonl({ question: 'A?', answer: true })), ['True'])
    assert.deepEqual(answers(jsonl('{"question": "A?", "answer": NaN, "final_answer": "7"}')), ['7'])
  })

  test('fields that disagree about it are refused by name; those that agree are not', () => {
    assert.match(
      refusal({ question: 'A?', answer: '7', final_answer: '8' }),
      /"7" in "answer" and "8" in "final_answer"/,
    )
    assert.match(refusal({ question: 'A?', answer: '7', Answer: 8 }), /"7" in "answer" and "8" in "Answer"/)
    assert.match(refusal({ problem: 'A?', answer: '7', solution: 'so \\boxed{8}' }), /"answer" and "8" in "solution"/)
    assert.match(
      refusal({ problem: 'A?', solution: '\\boxed{7}', rationale: '#### 8' }),
      /"solution" and "8" in "rationale"/,
    )
    assert.match(refusal('{"question": "A?", "answer": "7", "answer": "8"}'), /each key once, got "answer" twice/)
    assert.match(refusal({ question: 'A?', problem: 'B?', answer: '7' }), /two in "question" and "problem"/)
    for (const other of [
      { final_answer: '7.0' },
      { solution: '\\boxed{7}' },
      { result: 'correct' },
      { final_answer: '' },
    ])
      assert.deepEqual(answers(jsonl({ question: 'A?', answer: '7', ...other })), ['7'])
  })

  test('what shows no single answer is refused', () => {
    assert.match(
      refusal({ question: 'A?', answer: ['1', '2'] }),
      /expected text or a number in "answer", got \["1","2"\]/,
    )
    assert.match(refusal({ question: 'A?', answer: 'One.\nTwo.' }), /got 2 lines without ####/)
    assert.match(refusal({ question: 'A?', answer: 'so \\boxed{7' }), /last \\boxed.* got no end of it/)
    assert.match(refusal({ question: 'A?', answer: 'x ####' }), /after "####", got nothing/)
    assert.match(refusal({ question: 'A?', answer: '#### 5 as we have seen' }), /after "####", got "5 as we have seen"/)
    assert.match(
      refusal({ question: 'A?', answer: 'The answer is 8 because it is even' }),
      /got "8 because it is even"/,
    )
    assert.match(refusal({ question: 'A?', solution: 'We add and are done' }), /"solution", got none/)
    assert.match(refusal({ question: 'A?', answer: { text: '7' } }), /got \{"text":"7"\}/)
  })
})

describe('the question of a row', () => {
  test('facts that stand apart from it come first, joined with a space; none is told twice', () => {
    assert.deepEqual(read(fixture('problems', 'body.jsonl')), [
      ['A shelf holds 12 red mugs and 5 blue mugs. How many mugs are on the shelf?', '17'],
      ['A shelf holds 20 red mugs and 9 blue mugs. How many mugs are on the shelf?', '29'],
      ['Lena bakes 4 trays of 6 rolls. How many rolls are there?', '24'],
      ['Omar reads 14 pages a day. How many pages does he read in 3 days?', '42'],
    ])
    const path = jsonl(
      { context: 'Let x = 3.', question: 'What is x?', answer: 3 },
      { body: 'A  has 2.', question: 'A has 2. How many?', answer: 2 },
      { instruction: 'Add the numbers.', input: '2 and 5', output: '#### 7' },
      { context: null, question: 'Alone?', answer: 1 },
    )
    assert.deepEqual(
      read(path).map(([question]) => question),
      ['Let x = 3. What is x?', 'A has 2. How many?', 'Add the numbers. 2 and 5', 'Alone?'],
    )
  })

  test('questions that differ in a sign of mathematics are different ones; a repeat with another answer is refused', () => {
    assert.equal(read(fixture('problems', 'dup-diff-context.jsonl')).length, 10)
    const signs = [
      '2²',
      '22',
      '√2',
      '2',
      'x ≤ 2',
      'x ≥ 2',
      '5!',
      '5',
      '.5',
      "f''(2)",
      "f'(2)",
      '3:5',
      '3 5',
      '{1}',
      '(1)',
    ]
    assert.equal(
      readProblems(jsonl(...signs.map((sign) => ({ question: `Is it ${sign}?`, answer: '1' })))).duplicates,
      0,
    )
    const spelled = ["Is it Ann's, then?", 'is it “Ann’s”  then', "Is it ann's then!"]
    assert.equal(readProblems(jsonl(...spelled.map((question) => ({ question, answer: '1' })))).duplicates, 2)
    assert.match(
      refusal({ question: 'fine', answer: '2' }),
      /expected the answer "1" of row 1, which asks the same, got "2"/,
    )
    assert.equal(read(jsonl({ question: 'Find A.', answer: 1 }, { question: 'Find a.', answer: 2 })).length, 2)
  })

  test('of a conversation it is what the user says, and the last reply is a worked solution', () => {
    assert.deepEqual(answers(fixture('problems', 'prompt.jsonl')), ['7'])
    const said = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: '2+2?' },
    ]
    const path = jsonl(
      { prompt: said, reward_model: { style: 'rule', ground_truth: '4' }, data_source: 'x' },
      {
        messages: [
          { role: 'user', content: '3+3?' },
          { role: 'assistant', content: 'It is \\boxed{6}.' },
        ],
      },
      {
        conversations: [
          { from: 'human', value: '3+4?' },
          { from: 'gpt', value: 'The answer is: 7' },
        ],
      },
    )
    assert.deepEqual(read(path), [
      ['2+2?', '4'],
      ['3+3?', '6'],
      ['3+4?', '7'],
    ])
    assert.match(refusal({ messages: [...said, ...said], answer: 1 }), /one message of the user in "messages", got 2/)
  })

  test('numbers go where number0 stands; without them, or with a picture, the row is refused', () => {
    const row = { Question: 'Mary has number0 cups and number1 pears.', Numbers: '8.0 2.5', Answer: 10.5 }
    assert.deepEqual(read(jsonl(row)), [['Mary has 8 cups and 2.5 pears.', '10.5']])
    assert.match(refusal({ ...row, Numbers: '8.0' }), /expected "Numbers" for number0/)
    assert.match(refusal({ question: 'See.', image: 'a.png', answer: 1 }), /a picture in "image"/)
    assert.match(refusal({ question: 'A?', context: ['x'], answer: 1 }), /expected text in "context"/)
  })

  test('the layouts of SVAMP, MAWPS, rStar and the like give question and answer', () => {
    const path = jsonl(
      {
        ID: 'chal-1',
        Body: 'Each pack costs 76 dollars.',
        Question: 'How much are two?',
        Equation: '( 76.0 * 2.0 )',
        Answer: 152.0,
      },
      {
        iIndex: 1,
        sQuestion: 'Joan found 70 shells and gave 43. How many are left?',
        lEquations: ['X=70-43'],
        lSolutions: [27.0],
      },
      { id: 'm', question: 'Three fours?', chain: '<gadget>3*4</gadget>', result: '12', result_float: 12.0 },
      { id: 'r', problem: 'Eight and ten?', solution: '8+10=18\n#### 18' },
      { query: 'Five and six?', response: 'We add. The answer is: 11', type: 'GSM' },
    )
    assert.deepEqual(
      readProblems(path).problems.map(({ question, answer, id, source }) => [question, answer, id, source]),
      [
        ['Each pack costs 76 dollars. How much are two?', '152', 'rows-chal-1', 'rows'],
        ['Joan found 70 shells and gave 43. How many are left?', '27', 'rows-2', 'rows'],
        ['Three fours?', '12', 'rows-m', 'rows'],
        ['Eight and ten?', '18', 'rows-r', 'gsm8k'],
        ['Five and six?', '11', 'rows-5', 'rows'],
      ],
    )
  })
})

describe('multiple choice', () => {
  const choices = ['Mars', 'Jupiter']

  test('the chosen text is the reference, whether the row names it by place from 0, letter, label or text', () => {
    assert.deepEqual(read(fixture('problems', 'choices.jsonl')), [
      ['Which planet is largest? Options: Mars; Jupiter', 'Jupiter'],
    ])
    for (const answer of [1, '1', 'B', '(B)', 'b', 'jupiter', 'B) Jupiter', 'The answer is B.', ['B']])
      assert.deepEqual(answers(jsonl({ question: 'Which?', choices, answer })), ['Jupiter'], JSON.stringify(answer))
    for (const row of [
      { options: ['A)Mars', 'B)Jupiter'], rationale: 'Option A is not.', correct: 'B' },
      { options: 'a ) Mars , b ) Jupiter', correct: 'b' },
      { options: "['Mars', 'Jupiter']", answer: 'B' },
      { options: { A: 'Mars', B: 'Jupiter' }, answer_idx: 'B', answer: 'Jupiter' },
      { choices: { text: choices, label: ['1', '2'] }, answerKey: '2' },
      { choices: choices.map((text, i) => ({ label: 'AB'[i], text })), answerKey: 'B' },
      { A: 'Mars', B: 'Jupiter', answer: 'B' },
      { option_a: 'Mars', option_b: 'Jupiter', answer: 1 },
    ])
      assert.deepEqual(read(jsonl({ question: 'Which?', ...row })), [['Which? Options: Mars; Jupiter', 'Jupiter']])
    const stem = {
      question: {
        stem: 'Which?',
        choices: [
          { label: 'A', text: 'Mars' },
          { label: 'B', text: 'Io' },
        ],
      },
    }
    assert.deepEqual(answers(jsonl({ ...stem, answerKey: 'A' })), ['Mars'])
  })

  test('an answer that is no option, or could be two, is refused', () => {
    assert.match(
      refusal({ question: 'Which?', choices, answer: 2 }),
      /place from 0 \(\(A\) Mars, \(B\) Jupiter\), got "2"/,
    )
    assert.match(refusal({ question: 'Which?', choices, answer: 'Venus' }), /got "Venus"/)
    assert.match(refusal({ question: 'Which?', choices: ['1', '2', '3'], answer: 1 }), /which could be 1 or 2/)
    assert.match(
      refusal({ question: 'Which?', choices, answer: 'A', answer_idx: 1 }),
      /"Mars" in "answer" and "Jupiter"/,
    )
    assert.deepEqual(answers(jsonl({ question: 'Which?', choices: ['3', '1'], answer: 1 })), ['1'])
    assert.deepEqual(answers(jsonl({ question: 'Which?', choices: null, answer: 1 })), ['1'])
  })
})
