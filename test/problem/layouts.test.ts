// Problem files as other projects write them: each row is read as it is meant, or refused with its line and a reason.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { numericGrader } from '../../lib/problem/numeric-grader.ts'
import { readProblems } from '../../lib/problem/read-problems.ts'
import { fixture, problemSet } from '../fixtures.ts'

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
const refused = (path: string, reason: RegExp): void => assert.throws(() => readProblems(path), reason)

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

describe('the file', () => {
  const row = '{"question": "A?", "answer": 9007199254740993}'
  const two = [
    ['A?', '9007199254740993'],
    ['B?', '8'],
  ]

  test('lists, lists in an object of any name, rows by key and columns give their rows', () => {
    assert.deepEqual(answers(fixture('problems', 'columns.json')), ['7', '8'])
    assert.deepEqual(answers(fixture('problems', 'data-wrapper.json')), ['7'])
    assert.deepEqual(answers(fixture('problems', 'hf-rows.json')), ['7'])
    const other = '{"question": "B?", "answer": 8}'
    for (const text of [
      `[${row},\n${other}]`,
      `${row}\r\n\r\n${other}\r\n`,
      `{"version": 1, "data": [${row}, ${other}]}`,
      `{"data": {"examples": [${row}, ${other}]}}`,
      `{\n "features": [{"name": "question"}],\n "rows": [{"row_idx": 0, "row": ${row}, "truncated_cells": []}, {"row": ${other}}]}`,
      `{"x1": ${row}, "x2": ${other}}`,
      '{"question": ["A?", "B?"], "answer": [9007199254740993, 8]}',
      '{"question": {"0": "A?", "1": "B?"}, "answer": {"0": 9007199254740993, "1": 8}}',
      '{"columns": ["question", "answer"], "index": [0, 1], "data": [["A?", 9007199254740993], ["B?", 8]]}',
      "{'question': 'A?', 'answer': 9007199254740993, 'x': None}\n{'question': 'B?', 'answer': (8,)}",
    ])
      for (const bom of ['', '\ufeff']) assert.deepEqual(read(write('file.json', bom + text)), two, text)
  })

  test('objects that hold several lists, or columns of different lengths, are refused', () => {
    refused(
      write('two.json', `{"train": [${row}], "test": [${row}]}`),
      /expected one list of rows, got "train" and "test"/,
    )
    refused(write('odd.json', '{"question": ["A?", "B?"], "answer": ["7"]}'), /2 in "question" and 1 in "answer"/)
    refused(write('cut.json', `[${row}, {"question": "B?"`), /expected "\]" at the end of the list/)
    refused(write('more.json', `[${row}]\n[${row}]`), /expected nothing after the list/)
    const cut = {
      rows: [
        { row: { question: 'A…', answer: 1 }, truncated_cells: ['question'] },
        { row: { question: 'B?', answer: 8 } },
      ],
    }
    assert.match(readProblems(write('hf.json', JSON.stringify(cut))).skipped[0]!.reason, /cut off: \["question"\]/)
  })

  test('tables have commas, semicolons or tabs, quotes as in RFC 4180, any line end, a byte-order mark or none', () => {
    const lines = ['id,question,answer', 'a,"He said ""2, 3"", then?","1,234"', 'b,"Two\nlines?",007', '', 'c,Café?,7']
    const expected = [
      ['He said "2, 3", then?', '1,234'],
      ['Two\nlines?', '007'],
      ['Café?', '7'],
    ]
    for (const end of ['\n', '\r\n'])
      for (const bom of ['', '\ufeff'])
        for (const name of ['t.csv', 't.txt'])
          assert.deepEqual(read(write(name, bom + lines.join(end) + end)), expected)
    const quoted =
      '"id"\t"question"\t"answer"\n"a"\t"He said ""2, 3"", then?"\t"1,234"\nb\t"Two\nlines?"\t007\nc\tCafé?\t7'
    assert.deepEqual(read(write('t.tsv', quoted)), expected)
    assert.deepEqual(read(write('s.csv', 'id;question;answer\n1;A, B?;"7;5"')), [['A, B?', '7;5']])
    assert.deepEqual(
      readProblems(write('t.csv', lines.join('\n'))).problems.map(({ id }) => id),
      ['t-a', 't-b', 't-c'],
    )
  })

  test('records that break the rules of tables are refused by their first line, and those after them are read', () => {
    const text = 'question,answer\nA?,1\nB?,2,3\nC?\n"D"?,4\nE?,5\n"F?\n\nG?,7'
    const { problems, skipped } = readProblems(write('bad.csv', text))
    assert.deepEqual(
      problems.map(({ answer }) => answer),
      ['1', '5'],
    )
    assert.deepEqual(
      skipped.map(({ line }) => line),
      [3, 4, 5, 7],
    )
    assert.match(skipped[0]!.reason, /expected 2 fields as in the header \(question, answer\), got 3/)
    assert.match(skipped[2]!.reason, /a quote within a field is written twice/)
    assert.match(skipped[3]!.reason, /expected a closing quote, got the end of the file/)
    refused(write('no.csv', 'foo,bar\n1,2\n'), /expected a header that names a question, got foo, bar/)
    refused(write('twice.csv', 'question,answer,answer\nA?,1,2\n'), /"answer" twice/)
  })

  test('gzip is known by its bytes, whatever the name, and a damaged one is refused', () => {
    const packed = gzipSync(readFileSync(fixture('problems', 'bigint.jsonl')))
    for (const name of ['big.jsonl.gz', 'big.jsonl', 'big.json'])
      assert.deepEqual(
        readProblems(write(name, packed)).problems.map(({ id }) => id),
        ['big-1', 'big-2'],
      )
    assert.deepEqual(read(write('t.csv.gz', gzipSync('question,answer\nA?,7'))), [['A?', '7']])
    refused(write('cut.jsonl.gz', packed.subarray(0, -9)), /expected a whole gzip file, got a damaged one/)
  })

  test('bytes that are no UTF-8 are refused by the name of their encoding, with the line', () => {
    refused(
      fixture('problems', 'latin1.jsonl'),
      /latin1\.jsonl:1: expected text in UTF-8, got .*Latin-1 .* 0xE9 at byte 17/,
    )
    const latin1 = (text: string) => Buffer.from(text, 'latin1')
    for (const [name, text] of [
      ['l1.jsonl', '{"question":"A?","answer":1}\n{"question":"Café?","answer":2}\n{"question":"C?","answer":3}'],
      ['l1.json', '[{"question":"A?","answer":1},{"question":"Café?","answer":2},{"question":"C?","answer":3}]'],
      ['l1.csv', 'question,answer\n"Caf\xe9\nau lait?",2\nA?,1\nC?,3'],
    ] as const) {
      const { problems, skipped } = readProblems(write(name, latin1(text)))
      assert.deepEqual(
        problems.map(({ answer }) => answer),
        ['1', '3'],
      )
      assert.equal(skipped[0]!.line, 2)
      assert.match(skipped[0]!.reason, /Latin-1/)
    }
    const broken = Buffer.concat([
      Buffer.from('{"question":"Café '),
      Buffer.from([0xc3]),
      Buffer.from('?","answer":2}'),
    ])
    refused(write('broken.jsonl', broken), /broken UTF-8 \(0xC3/)
    const wide = Buffer.from(`\ufeff${row}\n`, 'utf16le')
    refused(write('wide.jsonl', wide), /got UTF-16 \(little endian\)/)
    refused(write('wide.csv', Buffer.from(wide).swap16()), /got UTF-16 \(big endian\)/)
    refused(write('nobom.jsonl', wide.subarray(2)), /got UTF-16 without a byte-order mark/)
  })

  test('what is no text is refused by name', () => {
    refused(write('a.parquet', 'PAR1...'), /got Parquet\. Write it as JSONL/)
    refused(write('a.jsonl', 'PK\u0003\u0004...'), /got a zip archive/)
    refused(write('a.json', Buffer.from('28b52ffd00', 'hex')), /got Zstandard/)
    refused(write('a.txt', Buffer.from([1, 2, 0, 0, 5, 9])), /bytes that are no text/)
  })

  test('long files are read a piece at a time, whatever falls on its edge', () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      question: `Größe ${i} ${'é'.repeat(i % 700)}?`,
      note: '"],[{\\',
      answer: `${i}`,
    }))
    const expected = rows.map(({ answer }) => answer)
    const lines = rows.map((each) => JSON.stringify(each))
    assert.ok(lines.join('').length > 2 << 19)
    assert.deepEqual(answers(write('long.jsonl', lines.join('\n'))), expected)
    assert.deepEqual(answers(write('long.json', `[${lines.join(',')}]`)), expected)
    const table = rows.map(({ question, note, answer }) => `"${question}","${note.replaceAll('"', '""')}",${answer}`)
    assert.deepEqual(answers(write('long.csv', ['question,note,answer', ...table].join('\r\n'))), expected)
  })
})

describe('sets of other people', () => {
  for (const [name, rows, refusedRows] of [
    ['gsm8k-train.jsonl', 7473, 0],
    ['gsm8k-test.jsonl', 1319, 0],
    ['math500.jsonl', 500, 0],
    ['math-train-answers.json', 7500, 2],
    ['word-problems.jsonl', 2961, 4],
    ['rstar-sft-examples.json', 8, 0],
  ] as const) {
    const set = problemSet(name)
    test(`every row of ${name} is read, repeats an earlier one, or is refused with a reason`, {
      skip: set.skip,
    }, () => {
      const { problems, skipped, duplicates } = readProblems(set.path)
      assert.equal(problems.length + skipped.length + duplicates, rows)
      assert.equal(skipped.length, refusedRows)
      for (const { reason } of skipped) assert.match(reason, /^expected .*, got /)
    })
  }
})
