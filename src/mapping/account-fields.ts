/** The fields of a message by path, how often one may be absent, and the books of who reads or writes it. */
import { type Complex, type Field, fieldPaths } from '../contract/model.ts'

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
