/** The console's stylesheet and scripts, read once, under addresses that change with what is in them. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const types = { 'console.css': 'text/css', 'console.js': 'text/javascript', 'plot.js': 'text/javascript' } as const

export type AssetName = keyof typeof types

export interface Assets {
  path(name: AssetName): string
  /** Undefined for any other name. */
  find(name: string): { readonly body: Buffer; readonly type: string } | undefined
}

/** Throws when the files are not beside this one: then it was not built as a whole. */
export function loadAssets(): Assets {
  const names = Object.keys(types) as AssetName[]
  const files = new Map<string, { body: Buffer; type: string; version: string }>(
    names.map((name) => {
      const body = readFileSync(join(import.meta.dirname, 'assets', name))
      return [name, { body, type: types[name], version: createHash('sha256').update(body).digest('hex').slice(0, 12) }]
    }),
  )
  return {
    path: (name) => `/console/assets/${name}?v=${files.get(name)!.version}`,
    find: (name) => files.get(name),
  }
}
