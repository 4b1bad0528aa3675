/**
 * Finds every crossing of a mappings folder, accounts for every field, and compiles what it found; or says all that is wrong.
 * Limits: it runs once, at start-up and in `check`; a crossing with any finding stops the gateway.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadContract } from '../contract/load.ts'
import { type Contract, type Finding, FindingsError, fieldPaths, type Message } from '../contract/model.ts'
import { accountMessage } from './account.ts'
import { type CompiledMessage, compileMessage, type Ends } from './compile.ts'
import type { CrossingModule, MessageModule } from './define.ts'

export interface Crossing {
  readonly id: string
  readonly module: CrossingModule
  readonly legacy: Contract
  readonly modern: Contract
  /** By the name of the OSCP 1.0 operation (the first module that names it), and by the name of the OSCP 2.0 message. */
  readonly byLegacy: ReadonlyMap<string, CompiledMessage>
  readonly byModern: ReadonlyMap<string, CompiledMessage>
  /** Names of messages that do not cross, with the reason. */
  readonly unsupported: Readonly<Record<string, string>>
  readonly messages: readonly CompiledMessage[]
  /** Changes whenever a rule, a table or a contract changes. */
  readonly hash: string
}

/** A `<legacy>--<modern>` folder, and what its index exports; undefined where there is none. */
export interface MappingFolder {
  readonly name: string
  readonly module: CrossingModule | undefined
}

export async function mappingFolders(mappings: string): Promise<MappingFolder[]> {
  const folders = readdirSync(mappings, { withFileTypes: true }).filter((e) => e.isDirectory() && e.name.includes('--'))
  return Promise.all(
    folders
      .sort((a, b) => a.name.localeCompare(b.name))
      .map(async ({ name }) => {
        const file = ['index.ts', 'index.js'].map((f) => join(mappings, name, f)).find(existsSync)
        if (file === undefined) return { name, module: undefined }
        return { name, module: ((await import(pathToFileURL(file).href)) as { default: CrossingModule }).default }
      }),
  )
}

/** Compiles all of them. Throws FindingsError with every finding of every folder. */
export function compileCrossings(folders: readonly MappingFolder[], wsdl: string): Crossing[] {
  const findings: Finding[] = []
  const crossings: Crossing[] = []
  for (const { name, module } of folders) {
    if (module === undefined) {
      findings.push({ file: `mappings/${name}`, rule: 'index', sentence: 'has no index file that exports a crossing' })
      continue
    }
    try {
      crossings.push(compileCrossing(module, `mappings/${name}`, wsdl))
    } catch (error) {
      if (!(error instanceof FindingsError)) throw error
      findings.push(...error.findings)
    }
  }
  if (findings.length > 0) throw new FindingsError(findings)
  return crossings
}

/**
 * Accounts for and compiles one crossing. Throws FindingsError with everything that is wrong with it; `folder` is what findings
 * call the place of the module, `label` that of its WSDL files, which are relative to `wsdl`.
 */
export function compileCrossing(module: CrossingModule, folder: string, wsdl: string, label = 'wsdl'): Crossing {
  const legacy = loadContract(module.legacy, wsdl, label)
  const modern = loadContract(module.modern, wsdl)
  const findings: Finding[] = []
  const ready: { module: MessageModule; request: Ends; answer: Ends }[] = []
  for (const message of module.messages) {
    const file = `${folder}/${message.name}`
    const ends = endsOf(message, legacy, modern)
    if (typeof ends === 'string') findings.push({ file, rule: 'message', sentence: ends })
    else {
      findings.push(...accountMessage(file, message, ends.request, ends.answer))
      ready.push({ module: message, ...ends })
    }
  }
  findings.push(...unmapped(module, folder, legacy, modern))
  if (findings.length > 0) throw new FindingsError(findings)
  const messages = ready.map((r) => compileMessage(r.module, r.request, r.answer))
  return {
    id: module.id,
    module,
    legacy,
    modern,
    messages,
    byLegacy: new Map(
      messages
        .filter((m) => m.module.of === 'request')
        .reverse()
        .map((m) => [m.module.legacy, m]),
    ),
    byModern: new Map(messages.map((m) => [m.module.modern, m])),
    unsupported: module.unsupported,
    hash: hashOf(module, legacy, modern),
  }
}

/** A module without an answer of its own. */
const nothing: Pick<Message, 'type'> = { type: { kind: 'complex', name: 'nothing', fields: [] } }

/** The types a module's rules, and its answer's, stand between; or a sentence that says what the contracts do not have. */
export function endsOf(
  message: MessageModule,
  legacy: Contract,
  modern: Contract,
): { request: Ends; answer: Ends } | string {
  const operation = legacy.services.flatMap((s) => s.operations).find((o) => o.name === message.legacy)
  const body = modern.messages.get(message.modern)
  const answer = message.answerAs === 'none' ? nothing : modern.messages.get(message.answerAs)
  if (!operation) return `names the operation ${message.legacy}, which ${legacy.id} does not have`
  if (!body) return `names the message ${message.modern}, which ${modern.id} does not have`
  if (!answer) return `${modern.id} does not have the answer ${message.answerAs}`
  return {
    request: { legacy: message.of === 'request' ? operation.input.type : operation.output.type, modern: body.type },
    answer: { legacy: operation.output.type, modern: answer.type },
  }
}

/** A name of both contracts, such as Heartbeat, is two messages: each must be mapped, or the name be said unsupported. */
function unmapped(module: CrossingModule, folder: string, legacy: Contract, modern: Contract): Finding[] {
  const findings: Finding[] = []
  const report = (rule: string, sentence: string) => findings.push({ file: folder, rule, sentence })
  const operations = legacy.services.flatMap((s) => s.operations.map((o) => o.name))
  const messages = [...modern.messages.keys()].filter((name) => !modern.internal.has(name))
  // An operation whose answer alone is mapped is not.
  const requests = module.messages.filter((m) => m.of === 'request').map((m) => m.legacy)
  const left = new Set([
    ...operations.filter((name) => !requests.includes(name)),
    ...messages.filter((name) => !module.messages.some((m) => m.modern === name)),
  ])
  for (const name of left)
    if (!module.unsupported[name]?.trim()) report(name, 'is neither mapped nor named unsupported with a reason')
  for (const name of Object.keys(module.unsupported))
    if (!left.has(name)) report(name, 'is named unsupported, but is mapped or in no contract')
  return findings
}

function hashOf(module: CrossingModule, legacy: Contract, modern: Contract): string {
  const contract = (c: Contract) => [
    c.id,
    c.services.map((s) =>
      s.operations.map((o) => [o.name, [...fieldPaths(o.input.type)], [...fieldPaths(o.output.type)]]),
    ),
    [...c.messages].map(([name, m]) => [name, [...fieldPaths(m.type)]]),
  ]
  const text = JSON.stringify([module.messages, module.unsupported, contract(legacy), contract(modern)])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
