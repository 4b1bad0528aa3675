/**
 * Drafts a dialect out of a vendor's services and the base mapping: which operation is which, what each field is likely to be.
 * Limits: everything guessed is marked to be confirmed, everything undecided says TODO, and the loader takes neither.
 */
import type { LegacyRole, Operation, Service } from '../../contract/model.ts'
import type { Crossing } from '../crossings.ts'
import type { MessageModule } from '../define.ts'
import { match } from './match.ts'
import { Drafting, type DraftRule } from './rules.ts'
import { nameLikeness } from './similar.ts'
import { Tables } from './tables.ts'

export interface DraftMessage {
  readonly name: string
  readonly module: MessageModule
  readonly operation: string
  /** How alike operation and base operation are, from 0 to 1. */
  readonly score: number
  readonly rules: readonly DraftRule[]
  readonly answer: readonly DraftRule[] | undefined
}

export interface Draft {
  /** The service that each party hosts, as far as it can be told. */
  readonly hosts: Partial<Record<LegacyRole, Service>>
  readonly messages: readonly DraftMessage[]
  readonly tables: Tables
  readonly unsupported: Readonly<Record<string, string>>
}

interface Pair {
  readonly vendor: Operation
  readonly base: Operation
  readonly score: number
}

const least = 0.35

export function draftDialect(services: readonly Service[], base: Crossing): Draft {
  const pairs = pairUp(services, base)
  const tables = new Tables()
  const drafting = new Drafting(tables)
  const modules = base.messages.map(({ module }) => module)
  const messages = modules.flatMap((module): DraftMessage[] => {
    const pair = pairs.find(({ base: operation }) => operation.name === module.legacy)
    return pair ? [messageOf(module, pair, base, drafting, modules)] : []
  })
  const drafted = new Set(messages.flatMap(({ module, operation }) => [module.modern, operation]))
  const names = services.flatMap(({ operations }) => operations.map(({ name }) => name))
  const open = [
    ...new Set([...names, ...base.modern.messages.keys()].filter((name) => !base.modern.internal.has(name))),
  ].filter((name) => !drafted.has(name))
  const unsupported = Object.fromEntries(
    open.map((name) => [name, base.unsupported[name] ?? 'TODO: say why; the draft found no counterpart']),
  )
  return { hosts: hostsOf(services, base, pairs), messages, tables, unsupported }
}

/** Operations by likeness of names and of what they carry, the best pairs first, each used once. */
function pairUp(services: readonly Service[], base: Crossing): Pair[] {
  const unique = (all: readonly Service[]) => [
    ...new Map(all.flatMap((s) => s.operations.map((o) => [o.name, o] as const))).values(),
  ]
  const all = unique(services).flatMap((vendor) =>
    unique(base.legacy.services).map((one) => ({ vendor, base: one, score: operationLikeness(vendor, one, base) })),
  )
  const taken: Pair[] = []
  for (const pair of all.sort((a, b) => b.score - a.score))
    if (pair.score >= least && !taken.some((other) => other.vendor === pair.vendor || other.base === pair.base))
      taken.push(pair)
  return taken
}

function operationLikeness(vendor: Operation, base: Operation, crossing: Crossing): number {
  const name = Math.max(nameLikeness(vendor.name, base.name), nameLikeness(vendor.input.name, base.name))
  const split = splitOf(crossing, base.name)
  const [most, found] = [size(base), match(vendor.input.type, base.input.type, split).score]
  const answers = match(vendor.output.type, base.output.type).score
  const shape = (found + answers) / Math.max(1, most)
  // An operation that carries nothing is alike to any other that does; one that carries much is not.
  const nothing = base.input.type.fields.length === 0
  if (nothing !== (vendor.input.type.fields.length === 0)) return 0
  return 0.4 * name + 0.6 * Math.min(1, shape)
}

/** How many values the base carries, as far as a vendor would too. */
function size({ input, output }: Operation): number {
  const count = (type: Operation['input']['type']): number =>
    type.fields.reduce((sum, { min, type: inner }) => sum + (inner.kind === 'complex' ? count(inner) : min), 0)
  return count(input.type) + count(output.type)
}

function splitOf(crossing: Crossing, operation: string): string | undefined {
  const module = crossing.byLegacy.get(operation)?.module
  const split = module?.rules.find((rule) => rule.verb === 'split')
  return split?.verb === 'split' ? split.legacy : undefined
}

function messageOf(
  module: MessageModule,
  { vendor, base, score }: Pair,
  crossing: Crossing,
  drafting: Drafting,
  modules: readonly MessageModule[],
): DraftMessage {
  const side = module.of === 'request' ? 'input' : 'output'
  const modern = crossing.modern.messages.get(module.modern)!.type
  const ends = { legacy: base[side].type, modern }
  const scope = match(vendor[side].type, base[side].type, splitOf(crossing, base.name))
  const answers = { legacy: base.output.type, modern: crossing.modern.messages.get(module.answerAs)?.type ?? modern }
  const isFirst = modules.find(({ legacy }) => legacy === module.legacy) === module
  return {
    name: isFirst ? kebab(vendor.name) : module.name,
    module,
    operation: vendor.name,
    score,
    rules: drafting.message(module.rules, scope, ends),
    answer:
      module.answerAs === 'none'
        ? undefined
        : drafting.message(module.answer, match(vendor.output.type, base.output.type), answers),
  }
}

/** By what its operations are, each service belongs to a party; both may share one. */
function hostsOf(services: readonly Service[], base: Crossing, pairs: readonly Pair[]): Draft['hosts'] {
  const hosts: Partial<Record<LegacyRole, Service>> = {}
  for (const host of ['csp', 'dso'] as const) {
    const own = new Set(
      base.legacy.services.filter((s) => s.host === host).flatMap((s) => s.operations.map((o) => o.name)),
    )
    const other = base.legacy.services.filter((s) => s.host !== host).flatMap((s) => s.operations.map((o) => o.name))
    // What both host says nothing about whose service it is.
    const telling = new Set(
      pairs.filter((p) => own.has(p.base.name) && !other.includes(p.base.name)).map(({ vendor }) => vendor.name),
    )
    const ranked = services
      .map((service) => ({ service, count: service.operations.filter(({ name }) => telling.has(name)).length }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count)
    if (ranked[0]) hosts[host] = ranked[0].service
  }
  return hosts
}

export function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase()
}
