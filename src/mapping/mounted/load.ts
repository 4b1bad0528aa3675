/**
 * Loads every dialect that is mounted: one folder each, with its WSDL, `contract.yaml` and `mapping.yaml` (or .json), accounted
 * for as the mappings that ship are.
 * Limits: a dialect reads nothing outside its folder; an id that is taken is refused, for what a peer speaks must be plain.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { isInside } from '../../contract/inside.ts'
import { type Finding, FindingsError } from '../../contract/model.ts'
import { type Crossing, compileCrossing } from '../crossings.ts'
import { withoutMarks } from './confirm.ts'
import { type Document, readDocument } from './document.ts'
import { type ContractFile, contractFile, type MappingFile, mappingFile } from './files.ts'
import { moduleOf } from './module.ts'
import { titleAt } from './rules.ts'

/** All dialects of a folder, in the order of their names. Throws FindingsError with every finding of every dialect. */
export function mountedCrossings(folder: string, shipped: readonly Crossing[]): Crossing[] {
  const findings: Finding[] = []
  const crossings: Crossing[] = []
  for (const dialect of foldersOf(folder, findings)) {
    try {
      crossings.push(loadDialect(dialect, shipped, [...shipped, ...crossings]))
    } catch (error) {
      if (!(error instanceof FindingsError)) throw error
      findings.push(...error.findings)
    }
  }
  if (findings.length > 0) throw new FindingsError(findings)
  return crossings
}

function foldersOf(folder: string, findings: Finding[]): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    findings.push({ file: folder, rule: 'dialects', sentence: 'is not a folder' })
    return []
  }
  // Mounted volumes have folders of their own whose names begin with a dot.
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
  return names
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory())
}

/** One dialect. Throws FindingsError with all that is wrong with it. */
function loadDialect(folder: string, shipped: readonly Crossing[], taken: readonly Crossing[]): Crossing {
  const findings: Finding[] = []
  const contract = read<ContractFile>(folder, 'contract', contractFile, findings)
  const mapping = read<MappingFile>(folder, 'mapping', mappingFile, findings)
  if (contract) findings.push(...contractProblems(folder, contract.document, contract.said, taken))
  if (mapping && taken.some(({ id }) => id === mapping.said.id))
    findings.push({
      file: mapping.document.at(['id']),
      rule: 'id',
      sentence: `${mapping.said.id} is the id of another mapping`,
    })
  if (contract && mapping && mapping.said.legacy !== contract.said.id)
    findings.push({
      file: mapping.document.at(['legacy']),
      rule: 'legacy',
      sentence: `is ${mapping.said.legacy}, where contract says ${contract.said.id}`,
    })
  // What the contract is must be known before the mapping can be judged against it.
  if (!contract || !mapping || findings.some(({ rule }) => rule.startsWith('wsdl'))) throw new FindingsError(findings)
  const { document } = mapping
  const module = moduleOf(document, mapping.said, contract.said, shipped, findings)
  if (!module) throw new FindingsError(findings)
  try {
    const crossing = compileCrossing(module, document.file, folder, folder)
    if (findings.length === 0) return crossing
  } catch (error) {
    if (!(error instanceof FindingsError)) throw error
    findings.push(...error.findings.map((finding) => withLine(finding, document, mapping.said)))
  }
  throw new FindingsError(findings)
}

interface Read<T> {
  readonly document: Document
  readonly said: T
}

function read<T>(folder: string, name: string, schema: z.ZodType<T>, findings: Finding[]): Read<T> | undefined {
  const files = ['yaml', 'yml', 'json'].map((end) => `${name}.${end}`).filter((file) => existsSync(join(folder, file)))
  const [file, other] = files
  if (file === undefined || other !== undefined) {
    const sentence =
      file === undefined ? `is not in this folder (as .yaml or .json)` : `is there as ${files.join(' and ')}`
    findings.push({ file: folder, rule: name, sentence })
    return undefined
  }
  const path = join(folder, file)
  if (!isInside(folder, path)) {
    findings.push({ file: path, rule: name, sentence: 'leads out of the folder of this dialect' })
    return undefined
  }
  const document = readDocument(path, findings)
  if (!document) return undefined
  const value = withoutMarks(document.value, (keys, sentence) =>
    findings.push({ file: document.at(keys), rule: titleAt(document.value, keys), sentence }),
  )
  const parsed = schema.safeParse(value)
  for (const { path: keys, message } of parsed.error?.issues ?? [])
    findings.push({
      file: document.at(keys),
      rule: titleAt(document.value, keys),
      sentence: keys.length > 0 ? `${keys.join('.')} ${message}` : message,
    })
  return parsed.success ? { document, said: parsed.data } : undefined
}

function contractProblems(
  folder: string,
  document: Document,
  said: ContractFile,
  taken: readonly Crossing[],
): Finding[] {
  const findings: Finding[] = []
  if (taken.some(({ legacy, modern }) => legacy.id === said.id || modern.id === said.id))
    findings.push({ file: document.at(['id']), rule: 'id', sentence: `${said.id} is the id of another contract` })
  for (const host of ['csp', 'dso'] as const) {
    const file = said.wsdl[host]?.split('#', 1)[0]
    if (file !== undefined && !isInside(folder, join(folder, file)))
      findings.push({
        file: document.at(['wsdl', host]),
        rule: `wsdl.${host}`,
        sentence: `${file} is not a file in the folder of this dialect`,
      })
  }
  return findings
}

/** Accounting names a module's file and message; a mounted mapping is one file, so the line of the message is said instead. */
function withLine(finding: Finding, document: Document, said: MappingFile): Finding {
  if (finding.file === document.file) return { ...finding, rule: `${finding.rule}` }
  const name = finding.file.startsWith(`${document.file}/`) ? finding.file.slice(document.file.length + 1) : undefined
  if (name === undefined) return finding
  const index = said.messages.findIndex((message) => message.name === name)
  const rule = finding.rule.startsWith(name) ? finding.rule : `${name} ${finding.rule}`
  return { ...finding, file: index === -1 ? document.file : document.at(['messages', index]), rule }
}
