/** Where this installation is, and which version of the gateway it is. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json, wsdl/ and, compiled or not, mappings/. */
export const home = findHome(dirname(fileURLToPath(import.meta.url)))

export const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }

/** Which commit was built: whoever builds an image leaves it in this file. */
export const revision = existsSync(join(home, 'REVISION'))
  ? readFileSync(join(home, 'REVISION'), 'utf8').trim()
  : 'unknown'

function findHome(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  return findHome(dirname(folder))
}
