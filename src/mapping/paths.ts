/**
 * Reads and writes a field of a plain object by a path such as `energy_measurement.value`, each by code of its own.
 * Limits: to be compiled once, not for each message.
 */
import { functionOf, quoted } from '../contract/code.ts'

type Value = Record<string, unknown>

export type Getter = (from: Value) => unknown
export type Setter = (into: Value, value: unknown) => void

/** Undefined where an object on the way is absent or nil. */
export function compileGetter(path: string): Getter {
  const members = path.split('.').map((name) => `[${quoted(name)}]`)
  return functionOf('from', [`return from${members.join('?.')}`])
}

/** Writes make the objects in between; `make` says what an empty one is, so that its fields come in contract order. */
export function compileSetter(path: string, make: (prefix: string) => () => Value): Setter {
  const names = path.split('.')
  const owners = names.slice(0, -1).map((_, i) => make(names.slice(0, i + 1).join('.')))
  const owner = owners.reduce((code, _, i) => `(${code}[${quoted(names[i]!)}] ??= owners[${i}]())`, 'into')
  return functionOf('into, value', [`${owner}[${quoted(names.at(-1)!)}] = value`], { owners })
}
