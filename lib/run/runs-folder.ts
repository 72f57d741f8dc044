// Where runs lie when nobody says: in the project, whichever of its folders a command or a notebook is started in.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The folder `runs` that is nearest to a folder inside its project, which ends at the first folder above with a package.json
 * or a .git; where there is none yet, the one at the project's top. Outside a project: `runs` of the folder itself.
 */
export function runsFolder(from: string = process.cwd()): string {
  const inside = projectFolders(from)
  const home = inside.find((folder) => existsSync(join(folder, 'runs'))) ?? inside.at(-1)!
  return home === from ? 'runs' : join(home, 'runs')
}

/** From the folder itself to its project's top. */
function projectFolders(from: string): string[] {
  const folders = [from]
  for (let folder = from; ; folder = dirname(folder), folders.push(folder)) {
    if (['package.json', '.git'].some((mark) => existsSync(join(folder, mark)))) return folders
    if (dirname(folder) === folder) return [from]
  }
}
