// Where the notebook of a kernel lies: imports are resolved from its folder.
import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * The notebook's path: as our own client tells it, or as Jupyter does: absolute, or relative to its root folder, while the
 * kernel's working directory is the notebook's folder. The name of a console is no path, and may stand for one.
 */
export function notebookPath(env: NodeJS.ProcessEnv, folder: string): string {
  const { ASTERISM_NOTEBOOK: told, JPY_SESSION_NAME: session } = env
  if (told !== undefined) return told
  if (session === undefined || session === '') return join(folder, 'notebook.ipynb')
  const path = resolve(folder, session)
  return existsSync(dirname(path)) ? path : join(folder, basename(session))
}
