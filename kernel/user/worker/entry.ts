// Entry of a worker thread whose program is TypeScript: loads the file that its first argument names, with its imports. The
// thread is the person's, so nothing of the notebook is in it.
import { dirname } from 'node:path'
import * as helpers from '../../cell/lowered-runtime.ts'
import { languageOptions } from '../../cell/tsconfig.ts'
import { installStackFormat } from '../../display/stack.ts'
import { installInterruption } from '../interruption.ts'
import { createModules } from '../modules.ts'
import { startTypeScriptWorkers } from './start.ts'

process.argv.splice(1, 1) // this entry; what follows is as in a worker of plain JavaScript
const [, file] = process.argv
if (file === undefined) throw new Error('Expected the first argument of this worker to be its file')
installInterruption(() => undefined)
installStackFormat()
Object.defineProperty(globalThis, 'babelHelpers', { value: helpers }) // the name that lowered code uses
startTypeScriptWorkers(dirname(file))
await createModules(file, languageOptions(dirname(file))).load(file)
