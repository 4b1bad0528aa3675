/**
 * Drafts the rules of a message: the base dialect's rules with a vendor's fields in place of the base's, every guess marked.
 * Limits: nothing here decides; a field without a counterpart becomes a TODO that the loader refuses.
 */
import type { Complex } from '../../contract/model.ts'
import { child } from '../objects.ts'
import type { CodecRef, Condition, Rule, ShaperRef, Source } from '../rules.ts'
import { assign, type Leaf, reachable, type Scope } from './match.ts'
import { leftovers } from './rest.ts'
import type { Tables } from './tables.ts'

/** One rule as it will be written. */
export interface DraftRule {
  readonly verb: string
  readonly body: Readonly<Record<string, unknown>>
  readonly direction?: Rule['direction']
  readonly confirm?: boolean
  readonly note?: string
  readonly rules?: readonly DraftRule[]
}

/** The types that base rules stand between. */
export interface BaseEnds {
  readonly legacy: Complex
  readonly modern: Complex
}

const todo = 'TODO: say why'

export class Drafting {
  private readonly tables: Tables

  constructor(tables: Tables) {
    this.tables = tables
  }

  /** All rules of a message or an answer. */
  message(rules: readonly Rule[], scope: Scope, ends: BaseEnds): DraftRule[] {
    const split = rules.find((rule) => rule.verb === 'split')
    const item = split && child(ends.legacy, split.legacy)
    const inner = item && { ...ends, legacy: item.type as Complex }
    if (!split || !inner) return this.scope(rules, scope, ends)
    const within = rules.filter((rule) => rule !== split)
    if (scope.self === split.legacy) return this.scope(within, scope, inner)
    const found = scope.lists.get(split.legacy)
    if (!found) return leftovers(scope, new Set())
    const [path, by] = [plain(found.leaf.path), found.scope.leaves.get(split.by)?.path ?? 'TODO']
    const body = { legacy: path, by, answers: split.answers }
    return [
      ...leftovers(scope, new Set([found.leaf.path])),
      { verb: 'split', body, confirm: true, note: alike(found.leaf, split.legacy) },
      ...this.scope(within, found.scope, inner),
    ]
  }

  private scope(rules: readonly Rule[], scope: Scope, ends: BaseEnds, more: readonly DraftRule[] = []): DraftRule[] {
    const used = new Set<string>()
    const moved = new Map<string, DraftRule[]>()
    for (const rule of rules) if (rule.verb === 'spread') this.moveInside(rule, rules, scope, ends, moved)
    const drafted = rules.flatMap((rule) =>
      this.rule(rule, scope, ends, used, moved).map((one) =>
        rule.direction && !one.direction ? { ...one, direction: rule.direction } : one,
      ),
    )
    for (const { body } of more) if (typeof body.legacy === 'string') used.add(body.legacy)
    for (const meter of meterLeaves(scope, ends.legacy)) used.add(meter.path)
    return [...drafted, ...more, ...leftovers(scope, used)]
  }

  private rule(
    rule: Rule,
    scope: Scope,
    ends: BaseEnds,
    used: Set<string>,
    moved: ReadonlyMap<string, DraftRule[]>,
  ): DraftRule[] {
    const leafOf = (path: string): Leaf | undefined => {
      const leaf = scope.leaves.get(plain(path)) ?? scope.lists.get(plain(path))?.leaf
      if (leaf) used.add(leaf.path)
      return leaf
    }
    switch (rule.verb) {
      case 'same':
      case 'via':
        return this.value(rule, leafOf(rule.legacy), scope, ends)
      case 'spread': {
        const leaf = leafOf(rule.legacy)
        if (!leaf || moved.has(listOf(rule.modern))) return []
        const body = {
          legacy: leaf.path,
          modern: rule.modern,
          codec: this.codec(rule.codec, leaf),
          differ: rule.differ,
        }
        return [{ verb: 'spread', body, confirm: true, note: alike(leaf, rule.legacy) }]
      }
      case 'each': {
        const found = scope.lists.get(rule.legacy)
        if (!found) return this.nowhere(rule.modern, ends.modern, rule.legacy)
        used.add(found.leaf.path)
        const modern = child(ends.modern, rule.modern)
        const inner = { legacy: child(ends.legacy, rule.legacy).type as Complex, modern: modern.type as Complex }
        const body = { legacy: plain(found.leaf.path), modern: rule.modern }
        const nested = this.scope(rule.rules, found.scope, inner, moved.get(rule.modern) ?? [])
        const each = { verb: 'each', body, confirm: true, note: alike(found.leaf, rule.legacy), rules: nested }
        return [...needed(found.leaf, modern.min), each]
      }
      case 'shape': {
        const found = scope.lists.get(rule.legacy)
        const legacy = child(ends.legacy, rule.legacy).type as Complex
        const shaper = found && shaperOf(rule.shaper, found.scope, legacy, moved.has(rule.modern))
        return found ? [{ verb: 'shape', body: { legacy: plain(found.leaf.path), modern: rule.modern, shaper } }] : []
      }
      case 'split':
        return []
      default:
        return this.alone(rule, leafOf, ends)
    }
  }

  /** fill, drop, keep, hold, refuse: of a field of one side only. */
  private alone(
    rule: Extract<Rule, { path: string }>,
    leafOf: (path: string) => Leaf | undefined,
    ends: BaseEnds,
  ): DraftRule[] {
    const isLegacy = ends.legacy.fields.some((field) => field.name === plain(rule.path))
    const leaf = isLegacy ? leafOf(rule.path) : undefined
    if (isLegacy && !leaf) return []
    const path = leaf?.path ?? rule.path
    const marks = leaf ? { confirm: true, note: alike(leaf, rule.path) } : {}
    const { reason } = rule
    if (rule.verb === 'fill') return [{ verb: 'fill', body: { path, ...sourceOf(rule.source), reason }, ...marks }]
    if (rule.verb === 'drop') return [{ verb: 'drop', body: { path, reason }, ...marks }]
    if (rule.verb === 'keep') return [{ verb: 'keep', body: { path, as: rule.as ?? rule.path, reason }, ...marks }]
    const when = conditionOf(rule.when, isLegacy ? (other) => leafOf(other)?.path : (other) => other)
    if (when === undefined) return []
    if (rule.verb === 'hold') return [{ verb: 'hold', body: { path, when, flow: rule.flow, reason } }]
    return [{ verb: 'refuse', body: { path, when, error: rule.error, reason } }]
  }

  private value(
    rule: Rule & { verb: 'same' | 'via' },
    leaf: Leaf | undefined,
    scope: Scope,
    ends: BaseEnds,
  ): DraftRule[] {
    if (!leaf) {
      const isDifference = rule.legacy === 'energy' && meterLeaves(scope, ends.legacy).length === 2
      return isDifference ? [] : this.nowhere(rule.modern, ends.modern, rule.legacy)
    }
    const codec = rule.verb === 'via' ? { codec: this.codec(rule.codec, leaf, rule.legacy) } : {}
    const absent = rule.verb === 'via' && rule.codec.use === 'text' && rule.codec.absent !== undefined
    const body = { legacy: leaf.path, modern: rule.modern, ...codec }
    const drafted = { verb: rule.verb, body, confirm: true, note: alike(leaf, rule.legacy) }
    return [...needed(leaf, absent ? 0 : leastAt(ends.modern, rule.modern)), drafted]
  }

  /** The base has a field for this, and the vendor seems to have none. */
  private nowhere(modern: string, type: Complex, legacy: string): DraftRule[] {
    const note = `nothing here seems to be what the base calls ${legacy}`
    const drop: DraftRule = { verb: 'drop', body: { path: modern, reason: todo }, direction: 'toLegacy', note }
    if (leastAt(type, modern) === 0) return [drop]
    return [{ verb: 'fill', body: { path: modern, constant: 'TODO', reason: todo }, direction: 'toModern' }, drop]
  }

  /** A value that the base has on the list's owner may stand in the vendor's items; or nowhere. */
  private moveInside(
    rule: Rule & { verb: 'spread' },
    rules: readonly Rule[],
    scope: Scope,
    ends: BaseEnds,
    moved: Map<string, DraftRule[]>,
  ): void {
    const list = listOf(rule.modern)
    const each = rules.find((other) => other.verb === 'each' && other.modern === list) as Rule & { verb: 'each' }
    const inside = scope.lists.get(each.legacy)?.scope
    if (!inside || scope.leaves.has(rule.legacy)) return
    const free = [...reachable(inside.type)].filter(
      ({ path }) => ![...inside.leaves.values()].some((l) => l.path === path),
    )
    const leaf = assign(free, [child(ends.legacy, rule.legacy)]).get(rule.legacy)
    const [, modern] = rule.modern.split('[].') as [string, string]
    if (!leaf) return void moved.set(list, this.nowhere(modern, child(ends.modern, list).type as Complex, rule.legacy))
    const body = { legacy: leaf.path, modern, codec: this.codec(rule.codec, leaf) }
    moved.set(list, [{ verb: 'via', body, confirm: true, note: alike(leaf, rule.legacy) }])
  }

  private codec(ref: CodecRef, leaf: Leaf, name = ''): unknown {
    const { type } = leaf.field
    if (ref.use === 'enum') return { table: this.tables.for(ref, leaf.field) }
    const most = type.kind === 'scalar' ? (type.maxLength ?? Number.POSITIVE_INFINITY) : 0
    if (ref.use === 'text') {
      const text = Math.min(ref.maxLength, most)
      return ref.absent === undefined ? { text } : { text, absent: ref.absent }
    }
    // Only a limit may be rounded, and only down.
    if (ref.use === 'decimal' && name === 'capacity' && type.kind === 'scalar' && type.type === 'integer')
      return 'whole'
    return ref.use === 'ids' ? 'groups' : ref.use
  }
}

const plain = (path: string): string => path.replace(/\[\]$/, '')
const listOf = (path: string): string => path.split('[].')[0]!

function alike(leaf: Leaf, base: string): string {
  return `the base calls it ${plain(base)}; ${Math.round(leaf.score * 100)} % alike`
}

/** What may be absent here and is needed there is refused by its path. */
function needed(leaf: Leaf, least: number): DraftRule[] {
  if (leaf.required || least === 0) return []
  const body = { path: leaf.path, when: 'absent', error: 'invalid-message', reason: 'OSCP 2.0 needs it.' }
  return [{ verb: 'refuse', body, direction: 'toModern' }]
}

function leastAt(type: Complex, path: string): number {
  return child(type, plain(path)).min
}

/** The vendor's fields for both readings of a register, where it has both on the item itself. */
function meterLeaves(scope: Scope, legacy: Complex): Leaf[] {
  if (!legacy.fields.some((field) => field.name === 'meterEnd')) return []
  const found = ['meterStart', 'meterEnd'].flatMap((name) => scope.leaves.get(name) ?? [])
  return found.length === 2 && found.every(({ path }) => !path.includes('.')) ? found : []
}

function shaperOf(ref: ShaperRef, items: Scope, legacy: Complex, ownUnits: boolean): unknown {
  if (ref.use === 'one unit' && ownUnits) return 'unit per block'
  if (ref.use !== 'usage') return ref.use
  const inside = ref.inside === '' ? {} : { inside: ref.inside }
  const [start, end] = meterLeaves(items, legacy)
  if (!start || !end) return { usage: inside }
  const energy = items.leaves.has('energy') ? {} : { energy: 'difference' }
  return { usage: { ...inside, start: start.path, end: end.path, ...energy } }
}

function sourceOf(source: Source): Record<string, unknown> {
  if (source.from === 'constant') return { constant: source.value }
  return { from: source.from === 'clock' ? 'now' : source.what }
}

function conditionOf(when: Condition, place: (path: string) => string | undefined): unknown {
  if (when.is === 'always' || when.is === 'absent') return when.is
  if (when.is === 'not') return { not: when.value }
  if (when.is === 'one of') return { oneOf: when.values }
  const other = place(when.other)
  return other && { notAfter: other }
}
