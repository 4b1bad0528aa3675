/** The fields of a message by path, how often one may be absent, and the books of who reads or writes it. */
import { type Complex, type Field, fieldPaths } from '../contract/model.ts'
import type { Codec } from './codecs/index.ts'
import type { Rule } from './rules.ts'
import { shaperFor } from './shapers/index.ts'

/** Where a rule stands: the path of the item it is relative to, on both sides. */
export interface Place {
  readonly legacy: string
  readonly modern: string
}

export function indexOf(type: Complex): Map<string, Field> {
  return new Map([...fieldPaths(type)].map(({ path, field }) => [path, field]))
}

/** How often a field is there at least, in the item that `within` leads to: not at all where an object around it may be absent. */
export function leastOf(fields: ReadonlyMap<string, Field>, path: string, within: string): number {
  const owner = path.slice(0, path.lastIndexOf('.'))
  const own = fields.get(path)?.min ?? 0
  if (!path.includes('.') || owner.endsWith('[]') || within.startsWith(`${owner}.`)) return own
  return Math.min(own, leastOf(fields, owner, within))
}

export function note(book: Map<string, string[]>, path: string, rule: string): void {
  const rules = book.get(path)
  if (rules) rules.push(rule)
  else book.set(path, [rule])
}

/** Whether a path leads into one of these. */
export function isBelow(owners: ReadonlySet<string>, path: string): boolean {
  return [...owners].some((owner) => path.startsWith(`${owner}.`))
}

/** Why a codec cannot stand between these two fields, or undefined when it can. */
export function misfitOf(legacy: Field, modern: Field, legacyAt: string, modernAt: string, codec: Codec) {
  if (legacy.type.kind !== 'scalar') return `${legacyAt} is not a single value; use each`
  if (modern.type.kind !== 'scalar') return `${modernAt} is not a single value; use each`
  const misfit = codec.misfit(legacy.type, modern.type)
  return misfit && `${legacyAt} ↔ ${modernAt} ${misfit}`
}

/** The fields that a shaper cannot do without, and those that only it reads or writes. */
export function shaperPaths(rule: Rule & { verb: 'shape' }, place: Place) {
  const shaper = shaperFor(rule.shaper)
  const [legacy, modern] = [`${place.legacy}${rule.legacy}[]`, `${place.modern}${rule.modern}[]`]
  const of = (list: string, names: readonly string[]): string[] => names.map((name) => `${list}.${name}`)
  const [owned, written] = [of(modern, shaper.owns), of(legacy, Object.keys(shaper.writes))]
  const needed = { legacy: [legacy, ...written], modern: [modern, ...owned, ...of(modern, shaper.needs)] }
  return { needed, owned, written, read: of(legacy, shaper.reads) }
}
