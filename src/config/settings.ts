/**
 * The effective configuration as flat settings, for people: defaults, environment and files of secrets included, secrets never shown.
 * Limits: what the schema does not know is not shown either; a value is written as the file would have it, in a unit of its own choice.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Config, schema } from './schema.ts'

export interface Setting {
  /** As findings call it: `peers.grid-north.zone`. */
  readonly name: string
  readonly shown: string
  /** Tells two values apart that are shown alike; it is no secret itself. */
  readonly mark: string
}

type Schema = z.core.$ZodType & { readonly _zod: { readonly def: Def } }

interface Def {
  readonly type: string
  readonly shape?: Readonly<Record<string, Schema>>
  readonly valueType?: Schema
  readonly element?: Schema
  readonly innerType?: Schema
  readonly in?: Schema
  readonly options?: readonly Schema[]
  readonly entries?: Readonly<Record<string, unknown>>
}

/** In the order of the schema, parties and links in their own. */
export function settingsOf(config: Config): Setting[] {
  return walk(schema as unknown as Schema, config, '', false)
}

function walk(given: Schema, value: unknown, name: string, within: boolean): Setting[] {
  if (value === undefined) return []
  const { schema, secret, text } = unwrap(given, value)
  const isSecret = within || secret
  const at = (key: string | number) => (name === '' ? String(key) : `${name}.${key}`)
  const { def } = schema._zod
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && !isAddress(item)))
    return value.flatMap((item, index) => walk(def.element ?? schema, item, at(index), isSecret))
  if (Array.isArray(value))
    return [leaf(name, `[${value.map((item) => write(item, false)).join(', ')}]`, value, isSecret)]
  if (isObject(value) && !isAddress(value)) {
    const entries = Object.entries(value)
    if (entries.length === 0) return [leaf(name, '{}', value, false)]
    const keys = def.shape ? Object.keys(def.shape).filter((key) => key in value) : entries.map(([key]) => key)
    return keys.flatMap((key) => walk(def.shape?.[key] ?? def.valueType ?? schema, value[key], at(key), isSecret))
  }
  // A text whose schema is not known could be anything.
  const isUnknown = typeof value === 'string' && (def.shape !== undefined || def.type === 'union')
  return [leaf(name, write(value, text), value, isSecret || isUnknown)]
}

/** The schema behind optional, default and transform, of those of a union the one that fits; and what is said of it on the way. */
function unwrap(given: Schema, value: unknown): { schema: Schema; secret: boolean; text: boolean } {
  let [schema, secret, text] = [given, false, false]
  for (;;) {
    secret ||= z.globalRegistry.get(schema)?.secret === true
    const { type, innerType, in: source, options } = schema._zod.def
    if (type === 'pipe' && source) {
      text ||= unwrap(source, '').schema._zod.def.type === 'string'
      schema = source
    } else if (options) {
      const fitting = options.find((option) => fits(option, value))
      if (!fitting) return { schema, secret, text }
      schema = fitting
    } else if (innerType) schema = innerType
    else return { schema, secret, text }
  }
}

function fits(option: Schema, value: unknown): boolean {
  const { schema } = unwrap(option, value)
  const { type, shape, entries } = schema._zod.def
  if (shape) {
    if (!isObject(value) || !Object.keys(value).every((key) => key in shape)) return false
    return Object.entries(shape).every(([key, inner]) => inner._zod.def.type !== 'enum' || fits(inner, value[key]))
  }
  if (type === 'record') return isObject(value)
  if (type === 'array') return Array.isArray(value)
  if (entries) return Object.values(entries).includes(value)
  return !isObject(value) && !Array.isArray(value)
}

function leaf(name: string, shown: string, value: unknown, isSecret: boolean): Setting {
  const mark = createHash('sha256').update(JSON.stringify(value)).digest('hex')
  if (!isSecret) return { name, shown, mark }
  return { name, shown: /^\w+:\/\//.test(shown) ? shown : '***', mark }
}

/** `isText`: the file has a text for it, which became something else. */
function write(value: unknown, isText: boolean): string {
  if (isAddress(value)) return `${value.host.includes(':') ? `[${value.host}]` : value.host}:${value.port}`
  if (typeof value === 'number' && isText) return writeTime(value)
  if (typeof value !== 'string') return String(value)
  if (value.includes('\n')) return `(${value.trimEnd().split('\n').length} lines)`
  return /^\w+:\/\//.test(value) ? withoutSecrets(value) : value
}

function writeTime(ms: number): string {
  const units = [
    ['h', 3600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const
  const [unit, length] = units.find(([, length]) => ms !== 0 && ms % length === 0) ?? ['ms', 1]
  return `${ms / length}${unit}`
}

/** Passwords and queries of a URL are nobody's business. */
function withoutSecrets(url: string): string {
  return url.replace(/^(\w+:\/\/[^/@:]*):[^/@]*@/, '$1:***@').replace(/\?.*$/, '?***')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAddress(value: unknown): value is { host: string; port: number } {
  return isObject(value) && Object.keys(value).join() === 'host,port'
}
