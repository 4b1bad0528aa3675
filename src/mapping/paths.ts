/** Reads and writes a field of a plain object by a path such as `energy_measurement.value`, compiled once. */
type Value = Record<string, unknown>

export type Getter = (from: Value) => unknown
export type Setter = (into: Value, value: unknown) => void

export function compileGetter(path: string): Getter {
  const [first, ...rest] = path.split('.') as [string, ...string[]]
  if (rest.length === 0) return (from) => from[first]
  const inner = compileGetter(rest.join('.'))
  return (from) => {
    const below = from[first]
    return below === undefined || below === null ? undefined : inner(below as Value)
  }
}

/** Writes make the objects in between; `make` says what an empty one is, so that its fields come in contract order. */
export function compileSetter(path: string, make: (prefix: string) => () => Value, prefix = ''): Setter {
  const [first, ...rest] = path.split('.') as [string, ...string[]]
  if (rest.length === 0)
    return (into, value) => {
      into[first] = value
    }
  const at = prefix === '' ? first : `${prefix}.${first}`
  const empty = make(at)
  const inner = compileSetter(rest.join('.'), make, at)
  return (into, value) => {
    into[first] ??= empty()
    inner(into[first] as Value, value)
  }
}

/** For the rare places that read a path while a message is translated. */
export function getAt(from: Value, path: string): unknown {
  return path.includes('.') ? compileGetter(path)(from) : from[path]
}
