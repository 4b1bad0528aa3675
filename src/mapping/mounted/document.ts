/**
 * Reads one YAML or JSON file of a mounted dialect, and says on which line each part of it stands.
 * Limits: one document, unique keys, few aliases; what is wrong is reported, never thrown. The one mapping file that imports yaml.
 */
import { readFileSync } from 'node:fs'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { Finding } from '../../contract/model.ts'

export interface Document {
  /** The file's path, for findings. */
  readonly file: string
  readonly value: unknown
  /** `file:line` of the part that these keys lead to, or of the nearest part around it. */
  at(keys: readonly PropertyKey[]): string
}

/** JSON is YAML too. Undefined, with findings, for a file that cannot be read. */
export function readDocument(file: string, findings: Finding[]): Document | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    findings.push({ file, rule: 'file', sentence: 'cannot be read' })
    return undefined
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { uniqueKeys: true, lineCounter: lines })
  for (const error of document.errors)
    findings.push({
      file: `${file}:${lines.linePos(error.pos[0]).line}`,
      rule: 'yaml',
      sentence: error.message.split('\n')[0]!.replace(/ at line.*$/, ''),
    })
  if (document.errors.length > 0) return undefined
  const at = (keys: readonly PropertyKey[]): string => {
    for (let depth = keys.length; depth >= 0; depth--) {
      const node = document.getIn(keys.slice(0, depth), true)
      if (isNode(node) && node.range) return `${file}:${lines.linePos(node.range[0]).line}`
    }
    return file
  }
  try {
    return { file, value: document.toJS({ maxAliasCount: 1000 }), at }
  } catch {
    findings.push({ file, rule: 'yaml', sentence: 'uses too many aliases' })
    return undefined
  }
}
