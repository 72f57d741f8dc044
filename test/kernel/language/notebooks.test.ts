import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as notebookApi from '../../../kernel/index.ts'
import { diagnosticText } from '../../../kernel/language/diagnostic-text.ts'
import { diagnosticsOf } from '../../../kernel/language/diagnostics.ts'
import { createCellService } from '../../../kernel/language/service.ts'
import { readNotebook } from '../../../kernel/notebook/notebook.ts'
import { packageRoot } from '../../fixtures.ts'

const folder = join(packageRoot, 'notebooks')
const service = createCellService(folder, Object.keys(notebookApi))

for (const file of readdirSync(folder).filter((name) => name.endsWith('.ipynb'))) {
  test(`${file} has no type error`, () => {
    service.notebook.forget()
    const cells = readNotebook(join(folder, file)).cells.filter((cell) => cell.cell_type === 'code')
    const errors = cells.map(({ source }, i) => {
      const name = `cell ${i + 1}`
      const text = diagnosticText(name, source, diagnosticsOf(service, source))
      service.notebook.commit(name, source)
      return text
    })
    assert.equal(errors.join(''), '')
  })
}
