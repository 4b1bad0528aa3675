/**
 * Fields of a contract's types by path, and empty objects of their shape: every known field, in contract order, absent.
 * Limits: a path leads through objects that stand once; only its last step may be a list.
 */
import { objectMaker } from '../contract/code.ts'
import { type Complex, type Field, fieldPaths } from '../contract/model.ts'
import { compileSetter, type Setter } from './paths.ts'

export type Value = Record<string, unknown>

/** Makes empty objects of one hidden class, with every known field in contract order, absent ones undefined. */
export function template({ fields }: Complex): () => Value {
  return objectMaker(fields.map(({ name, always, min }) => ({ name, isList: always === true && min === 0 })))
}

/** The field at a path such as `Body.Blocks`, without `[]`. Throws for one that account.ts would have reported. */
export function child(type: Complex, path: string): Field {
  const [first, ...rest] = path.split('.') as [string, ...string[]]
  const found = type.fields.find((field) => field.name === first)
  if (!found) throw new Error(`${type.name} has no field ${first}`)
  return rest.length === 0 ? found : child(found.type as Complex, rest.join('.'))
}

export function setterFor(path: string, owner: Complex): Setter {
  return compileSetter(path, (prefix) => template(child(owner, prefix).type as Complex))
}

/** Whether a type has a field at this path, written with `[]` after lists. */
export function has(type: Complex, path: string): boolean {
  return [...fieldPaths(type)].some((f) => f.path === path)
}
