/**
 * Every secret that the tests of this process use, and the search for them in what gateways wrote.
 * Limits: values shorter than eight characters are no secrets here; they would be found in any text.
 */
import type { z } from 'zod'
import { type Config, schema } from '../../src/config/schema.ts'

const shortest = 8
const known = new Set<string>()

/** Whatever gateways write must not hold it. Of a text of several lines, such as a key, each long line counts. */
export function secret<T extends string>(value: T): T {
  const lines = value.split(/\r?\n/)
  const parts = lines.length === 1 ? lines : lines.filter((line) => line.length >= 40 && !line.startsWith('-----'))
  for (const part of parts) if (part.length >= shortest) known.add(part)
  return value
}

export function knownSecrets(): string[] {
  return [...known]
}

/** The values of all settings of a configuration that are marked as secret; of a URL its password. */
export function secretsOf(config: Config): string[] {
  return marked(schema, config).flatMap((value) => {
    if (!/^rediss?:/.test(value)) return value
    const { password } = new URL(value)
    return password === '' ? [] : decodeURIComponent(password)
  })
}

interface Inner {
  readonly type: string
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly innerType?: z.ZodType
  readonly element?: z.ZodType
  readonly valueType?: z.ZodType
  readonly options?: readonly z.ZodType[]
  readonly in?: z.ZodType
  readonly out?: z.ZodType
}

function marked(type: z.ZodType, value: unknown): string[] {
  if (value === undefined || value === null) return []
  if (type.meta()?.secret === true) return typeof value === 'string' ? [value] : texts(value)
  const { shape, innerType, element, valueType, options, in: from, out } = type.def as unknown as Inner
  if (shape && typeof value === 'object')
    return Object.entries(shape).flatMap(([key, inner]) => marked(inner, (value as Record<string, unknown>)[key]))
  const under = [innerType, ...(options ?? []), from, out].filter((inner) => inner !== undefined)
  if (under.length > 0) return under.flatMap((inner) => marked(inner, value))
  if (element && Array.isArray(value)) return value.flatMap((item) => marked(element, item))
  if (valueType && typeof value === 'object') return Object.values(value).flatMap((item) => marked(valueType, item))
  return []
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []
}

/** How a secret may look in what is written: as it is, in JSON, in XML, in a URL, in base64. */
function formsOf(value: string): string[] {
  const xml = value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
  const bytes = Buffer.from(value)
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    xml,
    xml.replace(/"/g, '&quot;').replace(/'/g, '&apos;'),
    encodeURIComponent(value),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ]
}

export interface Leak {
  readonly secret: string
  /** The line that holds it. */
  readonly line: string
}

/** The first place of each secret that occurs in a text. */
export function findLeaks(text: Buffer, secrets: Iterable<string>): Leak[] {
  const forms = new Map<number, { readonly secret: string; readonly bytes: Buffer }[]>()
  const begins = new Uint8Array(1 << 24)
  const keyAt = (bytes: Buffer, at: number) => (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
  for (const secret of secrets)
    for (const form of new Set(formsOf(secret))) {
      const bytes = Buffer.from(form)
      const key = keyAt(bytes, 0)
      begins[key] = 1
      forms.set(key, [...(forms.get(key) ?? []), { secret, bytes }])
    }
  const leaks = new Map<string, Leak>()
  for (let at = 0; at + shortest <= text.length; at++) {
    const key = keyAt(text, at)
    if (begins[key] === 0) continue
    for (const { secret, bytes } of forms.get(key)!)
      if (
        !leaks.has(secret) &&
        text.compare(bytes, 0, bytes.length, at, Math.min(text.length, at + bytes.length)) === 0
      )
        leaks.set(secret, { secret, line: lineAround(text, at) })
  }
  return [...leaks.values()]
}

function lineAround(text: Buffer, at: number): string {
  const from = text.lastIndexOf('\n', at) + 1
  const end = text.indexOf('\n', at)
  return text.toString('utf8', Math.max(from, at - 300), Math.min(end === -1 ? text.length : end, at + 300))
}
