// Problem files as such: lists, tables, packed ones, encodings. What stands in a row is in layouts.test.ts.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readProblems } from '../../lib/problem/read-problems.ts'
import { fixture, problemSet } from '../fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'files-'))
after(() => rmSync(folder, { recursive: true }))

const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const read = (path: string): string[][] => readProblems(path).problems.map(({ question, answer }) => [question, answer])
const answers = (path: string): string[] => readProblems(path).problems.map(({ answer }) => answer)
const refused = (path: string, reason: RegExp): void => assert.throws(() => readProblems(path), reason)

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
