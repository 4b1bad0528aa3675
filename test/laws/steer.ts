/**
 * Brings generated values past a module's own guards, read from its rules, so that most cases are translated, not refused.
 * Limits: it changes only what a guard asks for; whoever wants refusals leaves some values as they were made.
 */
import type { Complex, Field } from '../../src/contract/model.ts'
import { parseInstant } from '../../src/mapping/codecs/instant.ts'
import type { Value } from '../../src/mapping/compile.ts'
import type { Direction, Rule } from '../../src/mapping/rules.ts'

/** Only past the guards; all items of a list of one kind; and those one after the other. */
export type How = 'past guards' | 'of one kind' | 'calm'

export function steer(
  rules: readonly Rule[],
  value: Value,
  type: Complex,
  direction: Direction,
  how: How = 'past guards',
): Value {
  const up = direction === 'toModern'
  const walk = (list: readonly Rule[], at: Value, owner: Complex): void => pass(list, at, owner, up, how)
  const copy = structuredClone(value)
  const split = rules.findIndex((rule) => rule.verb === 'split')
  const scope = rules[split]
  if (up && scope?.verb === 'split') {
    walk(rules.slice(0, split), copy, type)
    const inner = fieldAt(type, scope.legacy).type as Complex
    for (const item of itemsAt(copy, scope.legacy)) walk(rules.slice(split + 1), item, inner)
  } else walk(rules, copy, type)
  return copy
}

function pass(rules: readonly Rule[], value: Value, type: Complex, up: boolean, how: How): void {
  const own = rules.filter((rule) => rule.direction === undefined || (rule.direction === 'toModern') === up)
  for (const rule of own)
    if (rule.verb === 'each') {
      const path = up ? rule.legacy : rule.modern
      const items = itemsAt(value, path)
      const inner = fieldAt(type, path).type as Complex
      for (const item of items) pass(rule.rules, item, inner, up, how)
      if (how !== 'past guards') alike(items, inner)
      if (how === 'calm') oneByOne(items, rule.rules)
    }
  const guards = own.filter((rule) => rule.verb === 'refuse' || rule.verb === 'hold')
  for (const { path, when } of guards) {
    if (!hasField(type, path)) continue
    if (when.is === 'not after') order(value, path, when.other)
    if (when.is !== 'not' && when.is !== 'one of') continue
    const { values = [] } = fieldAt(type, path).type as { values?: readonly string[] }
    const passing = values.filter((v) =>
      guards.every((g) => {
        if (g.path !== path) return true
        return g.when.is === 'not' ? v === g.when.value : g.when.is !== 'one of' || !g.when.values.includes(v)
      }),
    )
    if (passing.length > 0 && !passing.includes(read(value, path) as string)) write(value, path, passing[0])
  }
}

/** Every enumeration as the first item has it. */
function alike(items: readonly Value[], type: Complex): void {
  for (const path of enumerated(type, ''))
    for (const item of items.slice(1))
      if (read(item, path) !== undefined && read(items[0]!, path) !== undefined)
        write(item, path, read(items[0]!, path))
}

/** One after the other: times sorted over all items. */
function oneByOne(items: readonly Value[], rules: readonly Rule[]): void {
  for (const rule of rules) {
    if (rule.verb !== 'refuse' || rule.when.is !== 'not after') continue
    const [to, from] = [rule.path, rule.when.other]
    const timed = items.filter((item) => typeof read(item, to) === 'string' && typeof read(item, from) === 'string')
    const times = timed
      .flatMap((item) => [read(item, from), read(item, to)])
      .map((t) => parseInstant(t as string, 'UTC'))
    if (times.some((t) => typeof t === 'string')) continue
    const ordered = (times as number[])
      .sort((a, b) => a - b)
      .map((t, i) => new Date(Math.min(t, 253402300700000) + i).toISOString())
    for (const [i, item] of timed.entries()) {
      write(item, from, ordered[2 * i])
      write(item, to, ordered[2 * i + 1])
    }
  }
}

function enumerated(type: Complex, at: string): string[] {
  return type.fields.flatMap((field) => {
    if (field.max > 1) return []
    if (field.type.kind === 'complex') return enumerated(field.type, `${at}${field.name}.`)
    return field.type.values ? [at + field.name] : []
  })
}

/** Puts the earlier of two instants first; equal ones come a minute apart. */
function order(value: Value, later: string, earlier: string): void {
  const [end, start] = [read(value, later), read(value, earlier)]
  if (typeof end !== 'string' || typeof start !== 'string') return
  const [to, from] = [parseInstant(end, 'UTC'), parseInstant(start, 'UTC')]
  if (typeof to !== 'number' || typeof from !== 'number' || to > from) return
  if (to < from) {
    write(value, later, start)
    write(value, earlier, end)
  } else if (to < Date.parse('9999-12-30T00:00:00Z')) write(value, later, new Date(to + 60_000).toISOString())
}

function itemsAt(value: Value, path: string): Value[] {
  const found = read(value, path)
  return (Array.isArray(found) ? found : [found]).filter((item) => typeof item === 'object' && item !== null)
}

export function read(value: Value, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Value | undefined | null)?.[name], value)
}

function write(value: Value, path: string, to: unknown): void {
  const names = path.split('.')
  const owner = names.slice(0, -1).reduce((at, name) => at[name] as Value, value)
  owner[names.at(-1)!] = to
}

export function fieldAt(type: Complex, path: string): Field {
  const [first, ...rest] = path.replace(/\[\]$/, '').split('.')
  const field = type.fields.find((f) => f.name === first)!
  return rest.length === 0 ? field : fieldAt(field.type as Complex, rest.join('.'))
}

export function hasField(type: Complex, path: string): boolean {
  const [first, ...rest] = path.replace(/\[\]$/, '').split('.')
  const field = type.fields.find((f) => f.name === first)
  if (!field || rest.length === 0) return field !== undefined
  return field.type.kind === 'complex' && hasField(field.type, rest.join('.'))
}
