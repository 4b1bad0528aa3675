/**
 * What a value says, for comparing it with itself after a way there and back: one spelling per value, and without what the
 * rules themselves declare to be forgotten on the way.
 * Limits: a list that a shaper reshapes is compared by what holds when; anything else item by item.
 */
import type { Complex, Scalar } from '../../src/contract/model.ts'
import { parseInstant } from '../../src/mapping/codecs/instant.ts'
import type { Value } from '../../src/mapping/compile.ts'
import type { Direction, Rule } from '../../src/mapping/rules.ts'
import { shaperFor } from '../../src/mapping/shapers/index.ts'
import { fieldAt } from './steer.ts'

export interface Declared {
  /** Paths that are forgotten, in the way the contract writes them. */
  readonly forgotten: ReadonlySet<string>
  /** Lists that shapers reshape, with the fields that say from when till when an item holds. */
  readonly shaped: ReadonlyMap<string, readonly [start: string, end: string]>
}

/** What the rules say of the source's side of this direction. */
export function declaredBy(rules: readonly Rule[], type: Complex, direction: Direction): Declared {
  const up = direction === 'toModern'
  const forgotten = new Set<string>()
  const shaped = new Map<string, readonly [string, string]>()
  const visit = (list: readonly Rule[], owner: Complex, at: string): void => {
    for (const rule of list) {
      const applies = rule.direction === undefined || rule.direction === direction
      if (rule.verb === 'drop' && applies) forgotten.add(at + rule.path.replace(/\[\]$/, ''))
      if (rule.verb === 'each') {
        const name = up ? rule.legacy : rule.modern
        visit(rule.rules, fieldAt(owner, name).type as Complex, `${at}${name}.`)
      }
      if (rule.verb === 'shape') {
        const name = up ? rule.legacy : rule.modern
        const shaper = shaperFor(rule.shaper)
        // Where readings are all that 1.0 says, their differences come back: energy.test.ts.
        const own = up ? shaper.reads : shaper.fills
        for (const field of own) forgotten.add(`${at}${name}.${field}`)
        const times = timesOf(list, rule, direction)
        if (times) shaped.set(at + name, times)
      }
    }
  }
  const split = up ? rules.findIndex((rule) => rule.verb === 'split') : -1
  const scope = rules[split]
  if (scope?.verb === 'split') {
    visit(rules.slice(0, split), type, '')
    visit(rules.slice(split + 1), fieldAt(type, scope.legacy).type as Complex, `${scope.legacy}.`)
  } else visit(rules, type, '')
  return { forgotten, shaped }
}

/** The start and end of an item, as its own guard names them: "refuse an end not after the start". */
function timesOf(
  rules: readonly Rule[],
  shape: Rule & { verb: 'shape' },
  direction: Direction,
): [string, string] | undefined {
  const each = rules.find(
    (rule) => rule.verb === 'each' && rule.legacy === shape.legacy && rule.modern === shape.modern,
  )
  const guard = (each as Rule & { verb: 'each' }).rules.find(
    (rule) => rule.verb === 'refuse' && rule.when.is === 'not after' && rule.direction === direction,
  ) as (Rule & { verb: 'refuse' }) | undefined
  return guard?.when.is === 'not after' ? [guard.when.other, guard.path] : undefined
}

/** The value in one spelling, without what is forgotten. */
export function sayingOf(value: Value, type: Complex, declared: Declared, zone: string | undefined, at = ''): unknown {
  const said: Value = {}
  for (const field of type.fields) {
    const path = at + field.name
    const found = value[field.name]
    if (declared.forgotten.has(path) || found === undefined || found === null) continue
    if (Array.isArray(found) && found.length === 0) continue
    const one = (item: unknown): unknown =>
      field.type.kind === 'complex'
        ? sayingOf(item as Value, field.type, declared, zone, `${path}.`)
        : scalar(item, field.type, zone)
    if (field.max <= 1) said[field.name] = one(found)
    else {
      const items = (found as unknown[]).map(one)
      const times = declared.shaped.get(path)
      said[field.name] = times ? overTime(items as Value[], times) : items
    }
  }
  return said
}

function scalar(value: unknown, type: Scalar, zone: string | undefined): unknown {
  if (type.type === 'instant') return parseInstant(value as string, zone)
  // The same number, whether text or number; its digits are the codec's own test.
  return type.type === 'decimal' ? String(Number(value) === 0 ? 0 : Number(value)) : value
}

/** What is said at every moment, each thing once: as spans that do not overlap, neighbours that say the same joined. */
function overTime(items: readonly Value[], [from, to]: readonly [string, string]): unknown {
  const timed = items.map((item) => {
    const [start, end] = [pick(item, from), pick(item, to)] as [number | undefined, number]
    return { start, end, says: JSON.stringify(without(without(item, from), to)) }
  })
  // A reading has no start: it is about one moment.
  const readings = timed.filter(({ start }) => start === undefined).map(({ end, says }) => `${end} ${says}`)
  const intervals = timed.filter((t): t is { start: number; end: number; says: string } => t.start !== undefined)
  const edges = [...new Set(intervals.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b)
  const spans: { start: number; end: number; says: string }[] = []
  for (const [i, start] of edges.slice(0, -1).entries()) {
    const end = edges[i + 1]!
    const covering = intervals.filter((t) => t.start <= start && t.end >= end)
    if (covering.length > 0) spans.push({ start, end, says: [...new Set(covering.map((t) => t.says))].sort().join() })
  }
  return { readings: readings.sort(), spans }
}

function pick(item: Value, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Value | undefined)?.[name], item)
}

function without(item: Value, path: string): Value {
  const [first, ...rest] = path.split('.') as [string, ...string[]]
  const { [first]: found, ...others } = item
  return rest.length === 0 || found === undefined
    ? others
    : { ...others, [first]: without(found as Value, rest.join('.')) }
}
