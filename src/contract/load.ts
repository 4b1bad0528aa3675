/**
 * Makes contracts out of their declarations: WSDL files from disk, zod schemas as they are.
 * Limits: everything wrong with a contract is reported at once, by a FindingsError that names its files.
 */
import { basename, join } from 'node:path'
import type { ContractModule } from '../mapping/define.ts'
import { jsonContract } from './json.ts'
import {
  type Contract,
  type Field,
  type Finding,
  FindingsError,
  fieldPaths,
  type Operation,
  type Service,
} from './model.ts'
import { readWsdl } from './wsdl.ts'
import { messageFromZod } from './zod.ts'

/** Loads one contract; WSDL paths are relative to `folder`, which findings call `label`. Throws FindingsError. */
export function loadContract(module: ContractModule, folder: string, label = 'wsdl'): Contract {
  const findings: Finding[] = []
  const base = { id: module.id, wire: module.wire, title: module.title }
  if (module.wire === 'json') {
    const messages = Object.entries({ ...module.messages, ...module.internal }).map(
      ([name, schema]) => [name, messageFromZod(name, schema, `contract ${module.id}`, findings)] as const,
    )
    if (findings.length > 0) throw new FindingsError(findings)
    const byName = new Map(messages)
    const internal = new Set(Object.keys(module.internal))
    return { ...base, messages: byName, internal, json: jsonContract(byName, module.messages), services: [] }
  }
  const services = (['csp', 'dso'] as const).flatMap((host) => {
    const named = module.wsdl[host]
    if (named === undefined) return []
    const [file, only] = named.split('#', 2) as [string, string?]
    try {
      const found = readWsdl(join(folder, file), host, `${label}/${file}`, only)
      if (found.length > 1) findings.push(ambiguous(`${label}/${file}`, host, found))
      for (const service of found) findings.push(...headerProblems(`${label}/${file}`, service, module.headers))
      const [identity] = Object.entries(module.headers).find(([, what]) => what === 'identity') ?? []
      return found.map((service) => ({ ...service, identity }))
    } catch (error) {
      if (!(error instanceof FindingsError)) throw error
      findings.push(...error.findings)
      return []
    }
  })
  findings.push(
    ...disagreements(
      `contract ${module.id}`,
      services.flatMap((s) => s.operations),
    ),
  )
  if (findings.length > 0) throw new FindingsError(findings)
  return { ...base, messages: new Map(), internal: new Set(), services }
}

/** A header that the WSDL declares is the identity, or ignored for a reason: never just not looked at. */
function headerProblems(file: string, { operations }: Service, known: Readonly<Record<string, string>>): Finding[] {
  const declared = new Map(operations.flatMap(({ headers }) => headers.map((header) => [header.name, header] as const)))
  return [...declared].flatMap(([name, { type }]) => {
    const problem = (sentence: string) => [{ file, rule: `header ${name}`, sentence }]
    if (!known[name]?.trim())
      return problem('is declared; say under headers that it is the identity, or why it is ignored')
    return known[name] === 'identity' && type.kind === 'complex'
      ? problem('has parts, so it cannot be the identity')
      : []
  })
}

function ambiguous(file: string, host: string, found: readonly Service[]): Finding {
  const names = found.map((service) => service.name)
  return {
    file,
    rule: `wsdl.${host}`,
    sentence: `has the services ${names.join(', ')}; say which the ${host} hosts, as ${basename(file)}#${names[0]}`,
  }
}

/** An operation that both parties host must look the same in both services: a mapping names it once. */
function disagreements(file: string, operations: readonly Operation[]): Finding[] {
  const findings: Finding[] = []
  const seen = new Map<string, Operation>()
  for (const operation of operations) {
    const first = seen.get(operation.name)
    seen.set(operation.name, first ?? operation)
    if (first && outline(first) !== outline(operation))
      findings.push({
        file,
        rule: `operation ${operation.name}`,
        sentence: `differs between ${first.service} and ${operation.service}`,
      })
  }
  return findings
}

function outline(operation: Operation): string {
  const line = ({ path, field }: { path: string; field: Field }) => `${path} ${field.min} ${field.type.kind}`
  return [operation.input, operation.output].map((m) => [...fieldPaths(m.type)].map(line).join()).join(';')
}
