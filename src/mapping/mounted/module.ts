/**
 * Makes a crossing module out of what a mounted mapping says, with what it takes over from the mapping it extends.
 * Limits: it builds; whether every field is accounted for is judged afterwards, as for any other module.
 */
import type { Finding } from '../../contract/model.ts'
import type { Crossing } from '../crossings.ts'
import { type CrossingModule, type MessageModule, message, soapContract } from '../define.ts'
import type { CodecRef, Rule } from '../rules.ts'
import type { Document } from './document.ts'
import type { ContractFile, MappingFile, MessageFile } from './files.ts'
import { type Report, RuleReader } from './rules.ts'

/** Undefined when there is nothing to build on; what is wrong is added to `findings`. */
export function moduleOf(
  document: Document,
  said: MappingFile,
  contract: ContractFile,
  shipped: readonly Crossing[],
  findings: Finding[],
): CrossingModule | undefined {
  const report: Report = (keys, rule, sentence) => findings.push({ file: document.at(keys), rule, sentence })
  const base = said.extends === undefined ? undefined : shipped.find(({ id }) => id === said.extends)?.module
  if (said.extends !== undefined && !base)
    report(['extends'], 'extends', `${said.extends} is none of ${shipped.map(({ id }) => id).join(', ')}`)
  const modern = base?.modern ?? shipped.map(({ module }) => module.modern).find(({ id }) => id === said.modern)
  if (!modern) {
    const known = new Set(shipped.map((crossing) => crossing.modern.id))
    report(['modern'], 'modern', `${said.modern} is none of ${[...known].join(', ')}`)
    return undefined
  }
  const tables = new Map(base ? tablesOf(base) : [])
  for (const name of Object.keys(said.tables)) tables.set(name, tableOf(name, said, report))
  const reader = new RuleReader(tables, report)
  const own = said.messages.map((one, i) => messageOf(one, reader, i))
  for (const [i, { name }] of said.messages.entries())
    if (said.messages.findIndex((other) => other.name === name) !== i)
      report(['messages', i], name, 'is the name of two messages')
  for (const [i, name] of said.without.entries())
    if (!base?.messages.some((one) => one.name === name))
      report(['without', i], 'without', `${name} is not a message of what is extended`)
  const replaced = new Set([...own.map(({ name }) => name), ...said.without])
  const inherited = base?.messages.filter(({ name }) => !replaced.has(name)) ?? []
  const { id: contractId, title, wsdl, headers } = contract
  return {
    id: said.id,
    legacy: soapContract(contractId, title, wsdl, headers),
    modern,
    messages: [...own, ...inherited],
    unsupported: { ...base?.unsupported, ...said.unsupported },
  }
}

function messageOf(said: MessageFile, reader: RuleReader, index: number): MessageModule {
  const { name, answerAs, answer, rules, ...rest } = said
  const keys = ['messages', index]
  return message(name, {
    ...rest,
    rules: reader.list(rules, [...keys, 'rules'], name),
    ...(answerAs === undefined ? {} : { answerAs }),
    ...(answer === undefined ? {} : { answer: reader.list(answer, [...keys, 'answer'], `${name} answer`) }),
  })
}

function tableOf(name: string, said: MappingFile, report: Report): CodecRef {
  const { pairs, read, refusedLegacy, refusedModern } = said.tables[name]!
  const entries = Object.entries(pairs)
  const seen = new Set<string>()
  for (const [legacy, modern] of entries) {
    if (seen.has(modern))
      report(
        ['tables', name, 'pairs', legacy],
        `table ${name}`,
        `${modern} stands twice; put the value that is only read under read`,
      )
    seen.add(modern)
  }
  return {
    ...{ use: 'enum', name, pairs: entries, refusedLegacy, refusedModern },
    ...(Object.keys(read).length > 0 ? { read: Object.entries(read) } : {}),
  }
}

/** Every table that a module's rules name. */
function tablesOf(module: CrossingModule): [string, CodecRef][] {
  const from = (rules: readonly Rule[]): [string, CodecRef][] =>
    rules.flatMap((rule) => {
      if (rule.verb === 'each') return from(rule.rules)
      if (rule.verb !== 'via' && rule.verb !== 'spread') return []
      return rule.codec.use === 'enum' ? [[rule.codec.name, rule.codec]] : []
    })
  return module.messages.flatMap(({ rules, answer }) => from([...rules, ...answer]))
}
