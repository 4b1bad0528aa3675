/** Whether a file lies in a folder, links followed: a dialect's folder is all that a dialect may read. */
import { realpathSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'

/** False also for a file that does not exist. */
export function isInside(folder: string, file: string): boolean {
  try {
    const path = relative(realpathSync(folder), realpathSync(file))
    return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
  } catch {
    return false
  }
}
