import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { lastBoxed } from '../../lib/problem/problem-rows.ts'
import { describeSkipped, readProblems } from '../../lib/problem/read-problems.ts'
import { normalizeQuestion, splitHeldOut } from '../../lib/problem/split.ts'
import { problemSet } from '../fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'read-problems-'))
after(() => rmSync(folder, { recursive: true }))

const write = (name: string, content: unknown): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}
const jsonl = (name: string, rows: unknown[]): string =>
  write(name, rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'))

describe('readProblems', () => {
  test('GSM8K rows: the answer stands after ####, without commas and marks', () => {
    const path = jsonl('gsm.jsonl', [
      { question: 'How many?', answer: 'It is 600*2 = <<600*2=1200>>1,200 clips.\n#### 1,200' },
      { question: 'Really?', answer: '#### <<2+3=5>>5' },
    ])
    const { problems, skipped } = readProblems(path)
    assert.deepEqual(problems[0], {
      id: 'gsm-1',
      question: 'How many?',
      answer: '1200',
      level: 'easy',
      source: 'gsm8k',
    })
    assert.equal(problems[1]!.answer, '5')
    assert.deepEqual(skipped, [])
  })

  test('MATH rows: an answer of their own, or the last box of the solution', () => {
    const path = write('math.json', [
      { problem: 'A?', solution: 'Not \\boxed{1} but \\boxed{\\frac{1}{2}}.', level: 'Level 3' },
      { problem: 'B?', final_answer: '7' },
      { problem: 'C?', solution: '\\boxed{3}', answer: '3.0', unique_id: 'test/c.json' },
    ])
    const { problems, formats } = readProblems(path)
    assert.deepEqual(
      problems.map(({ answer, level, id }) => [answer, level, id]),
      [
        ['\\frac{1}{2}', 'Level 3', 'math-1'],
        ['7', 'unrated', 'math-2'],
        ['3.0', 'unrated', 'math-test-c.json'],
      ],
    )
    assert.deepEqual(formats, { math: 3 })
  })

  test('boxes keep their inner braces', () => {
    assert.equal(lastBoxed('so \\boxed{\\{1, \\frac{2}{3}\\}}'), '\\{1, \\frac{2}{3}\\}')
    assert.equal(lastBoxed('so $\\boxed 7$.'), '7')
    assert.equal(lastBoxed('so \\boxed{7'), null)
    assert.equal(lastBoxed('so 7'), null)
  })

  test('plain rows come as JSONL, as a list, or under "example", with text or a number as answer', () => {
    const rows = [
      { question: 'One?', answer: 1 },
      { question: 'Two?', answer: 'two', id: 'second', level: 'hard' },
    ]
    const files = [jsonl('plain.jsonl', rows), write('list.json', rows), write('example.json', { example: rows })]
    for (const path of files) {
      const { problems } = readProblems(path, { source: 'mine' })
      assert.deepEqual(
        problems.map(({ answer, level, source }) => [answer, level, source]),
        [
          ['1', 'unrated', 'mine'],
          ['two', 'hard', 'mine'],
        ],
      )
      assert.ok(problems[1]!.id.endsWith('-second'))
    }
    assert.equal(readProblems(jsonl('one.jsonl', [rows[0]])).problems.length, 1)
  })

  test('rows that cannot be used are skipped and counted, with line and reason; duplicates are dropped and counted', () => {
    const path = jsonl('mixed.jsonl', [
      { question: 'Fine?', answer: '1' },
      '{"question": "torn',
      { question: 'No answer?' },
      '',
      { answer: '3' },
      { question: '  fine ', answer: '1' },
      [1, 2],
      { question: 'Empty?', answer: ' ' },
      { question: 'List?', answer: ['1', '2'] },
    ])
    const file = readProblems(path)
    assert.equal(file.problems.length, 1)
    assert.equal(file.duplicates, 1)
    assert.deepEqual(
      file.skipped.map(({ line }) => line),
      [2, 3, 5, 7, 8, 9],
    )
    assert.match(file.skipped[0]!.reason, /expected one JSON object, got .*torn/)
    assert.match(file.skipped[1]!.reason, /expected text or a number in "answer", got nothing/)
    const lines = describeSkipped(path, file, 2)
    assert.match(lines[0]!, /read 1 problems, skipped 6 rows/)
    assert.ok(lines[1]!.startsWith(`${path}:2: skipped: expected`))
    assert.match(lines[3]!, /4 more rows/)
    assert.match(lines[4]!, /dropped 1 rows/)
  })

  test('ids are unique, and do not depend on rows before', () => {
    const rows = [
      { question: 'A?', answer: '1', id: 'x' },
      { question: 'B?', answer: '1', id: 'x' },
      { question: 'C?', answer: '1' },
    ]
    const ids = readProblems(jsonl('ids.jsonl', rows)).problems.map(({ id }) => id)
    assert.equal(new Set(ids).size, 3)
    const torn = readProblems(jsonl('ids.jsonl', ['{', ...rows.slice(1)])).problems.map(({ id }) => id)
    assert.equal(torn.at(-1), ids.at(-1))
  })

  test('a limit stops early and skips nothing that was not read', () => {
    const rows = Array.from({ length: 9 }, (_, i) => ({ question: `Question ${i}?`, answer: '1' }))
    assert.equal(readProblems(jsonl('limit.jsonl', [...rows, '{']), { limit: 4 }).problems.length, 4)
    assert.throws(() => readProblems(join(folder, 'limit.jsonl'), { limit: 0 }), /limit/)
  })

  test('a file without a usable row, or none at all, is one line that names it', () => {
    const message = (path: string): string => {
      try {
        readProblems(path)
      } catch (error) {
        return (error as Error).message
      }
      return ''
    }
    for (const [path, expected] of [
      [join(folder, 'missing.jsonl'), /no such file/],
      [folder, /folder/],
      [write('empty.jsonl', ''), /the file is empty/],
      [write('text.txt', 'hello\nworld\n'), /2 rows, none usable; .*text\.txt:1: expected one JSON object/],
      [write('broken.json', '[{"question": "A?", "answer": "1"},'), /none usable/],
    ] as const) {
      assert.match(message(path), expected)
      assert.ok(message(path).includes(path) && !message(path).includes('\n'))
    }
  })

  const gsm8k = problemSet('gsm8k-train.jsonl')
  test('all of GSM8K is read', { skip: gsm8k.skip }, () => {
    const { problems, skipped, formats } = readProblems(gsm8k.path)
    assert.equal(problems.length + skipped.length, 7473)
    assert.deepEqual(skipped, [])
    assert.deepEqual(formats, { gsm8k: problems.length })
    assert.ok(problems.every(({ answer }) => /^-?\d+(\.\d+)?$/.test(answer)))
  })

  const math = problemSet('math-train-answers.json')
  test('MATH is read but for its two rows without an answer', { skip: math.skip }, () => {
    const { problems, skipped, duplicates } = readProblems(math.path)
    assert.equal(skipped.length, 2)
    assert.equal(problems.length + duplicates, 7498)
  })
})

describe('splitHeldOut', () => {
  const problems = Array.from({ length: 60 }, (_, i) => ({
    id: `p${i}`,
    question: i % 3 === 0 ? `What is ${i} plus 1?` : `  what IS ${i - (i % 3)}  plus 1 ?`,
    answer: String(i),
    level: 'easy',
    source: 'test',
  }))
  const questions = (list: readonly { question: string }[]) =>
    new Set(list.map((each) => normalizeQuestion(each.question)))

  test('no question is on both sides, however it is spelled, and none is lost', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { train, heldOut } = splitHeldOut(problems, { seed, share: 0.3 })
      assert.equal(train.length + heldOut.length, 60)
      assert.equal(questions(heldOut).size, 6)
      for (const question of questions(heldOut)) assert.ok(!questions(train).has(question))
    }
  })

  test('the same seed holds out the same questions, another seed others', () => {
    const ids = (seed: number) => splitHeldOut(problems, { seed, count: 6 }).heldOut.map(({ id }) => id)
    assert.deepEqual(ids(1), ids(1))
    assert.notDeepEqual(ids(1), ids(2))
  })

  test('questions with other numbers or signs are other questions', () => {
    assert.notEqual(normalizeQuestion('Is it 1.5?'), normalizeQuestion('Is it 15?'))
    assert.notEqual(normalizeQuestion('What is 3 - 2?'), normalizeQuestion('What is 3 + 2?'))
    assert.equal(normalizeQuestion('He pays 1,200 dollars.'), normalizeQuestion('he pays  1200 dollars'))
  })

  test('what to hold out must be given once and be possible', () => {
    assert.throws(() => splitHeldOut(problems, { seed: 1 }), /share/)
    assert.throws(() => splitHeldOut(problems, { seed: 1, share: 1.5 }), /1\.5/)
    assert.throws(() => splitHeldOut(problems, { seed: 1, count: 21 }), /0 to 20/)
  })
})
