/**
 * Reads the configuration file. Names of parties, links, cables and headers are taken as they are written: 007 stays 007.
 * This is the one file that imports yaml.
 * Limits: it knows no settings; what each value must be is the schema's business.
 */
import { readFileSync } from 'node:fs'
import { type Document, isPair, isScalar, parseDocument, visit } from 'yaml'
import type { Finding } from '../contract/model.ts'

type Raw = { [key: string]: unknown }

/** The settings as plain values; undefined, with a finding, when the file cannot be used at all. */
export function readYaml(path: string, findings: Finding[]): Raw | undefined {
  const report = (rule: string, sentence: string) => findings.push({ file: path, rule, sentence })
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    report('file', 'cannot be read')
    return undefined
  }
  const document = parseDocument(text, { uniqueKeys: true, stringKeys: true })
  for (const error of document.errors) report('yaml', error.message.split('\n')[0]!)
  for (const name of unusableNames(document)) report(name, 'cannot be used as a name')
  if (document.errors.length > 0) return undefined
  const raw = plain(document, report)
  if (raw === undefined) return undefined
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Raw
  report('yaml', 'must be a mapping of settings')
  return undefined
}

/** An alias to nothing, or one that unfolds without end, is only found when the document is made into values. */
function plain(document: Document, report: (rule: string, sentence: string) => void): unknown {
  try {
    return document.toJS() ?? null
  } catch (error) {
    report('yaml', (error as Error).message.split('\n')[0]!)
    return undefined
  }
}

/** `__proto__` is no name to JavaScript: what it holds would vanish without a word. */
function unusableNames(document: Document): string[] {
  const found: string[] = []
  visit(document, {
    Pair(_, { key }, above) {
      if (!isScalar(key) || key.value !== '__proto__') return
      found.push([...above.filter(isPair).map((pair) => String(pair.key)), '__proto__'].join('.'))
    },
  })
  return found
}
