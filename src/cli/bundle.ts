/**
 * Loads the bundle that build.mjs makes of `start`, with the code that V8 kept of it when it was built.
 * Limits: it stands beside the bundle, and does nothing anywhere else. Compiled code of another V8 is ignored.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Script } from 'node:vm'
import type * as Start from './start.ts'

const filename = join(import.meta.dirname, 'gateway.cjs')
// It is written in ASCII, and of that V8 keeps a byte for each character.
const kept = `${filename}.cache`
const script = new Script(
  `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'latin1')}\n})`,
  existsSync(kept) ? { filename, cachedData: readFileSync(kept) } : { filename },
)
const module = { exports: {} }
script.runInThisContext()(module.exports, createRequire(filename), module, filename, import.meta.dirname)

export const { start, report } = module.exports as typeof Start
/** Whether it came with compiled code that this V8 can use. */
export const isCompiled = script.cachedDataRejected === false
/** What V8 has compiled of it so far. */
export const compiled = (): Buffer => script.createCachedData()
