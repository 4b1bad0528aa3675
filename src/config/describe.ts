/**
 * Every setting of the configuration file as the schema knows it: path, type, default, whether it is a secret, and its sentence.
 * Limits: what a type cannot say (ranges, what belongs together) is said by `check`; a path has `…` where a name of one's own stands.
 */
import { z } from 'zod'
import { schema } from './schema.ts'

export interface SettingDescription {
  /** Such as `peers.….tls.caFile`. */
  readonly path: string
  readonly type: string
  /** As it would be written; undefined where there is none. */
  readonly fallback: string | undefined
  readonly isRequired: boolean
  readonly isSecret: boolean
  readonly sentence: string
  /** Of a setting of a party: whose it is. */
  readonly roles: readonly string[]
}

interface Node {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Node | false
  readonly items?: Node
  readonly oneOf?: readonly Node[]
  readonly anyOf?: readonly Node[]
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly pattern?: string
  readonly format?: string
  readonly description?: string
  readonly secret?: boolean
  readonly fallback?: unknown
}

/** In the order of the schema. */
export function describeSettings(): SettingDescription[] {
  const tree = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod
      if (def.type === 'default' || def.type === 'prefault')
        jsonSchema.fallback = (def as unknown as { defaultValue: unknown }).defaultValue
    },
  }) as Node
  return inside(tree, '', [])
}

function inside(node: Node, path: string, roles: readonly string[]): SettingDescription[] {
  const required = new Set(node.required)
  const own = Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    setting(child, path === '' ? name : `${path}.${name}`, required.has(name), roles),
  )
  const forms = (node.oneOf ?? node.anyOf ?? []).flatMap((form) => inside(form, path, rolesOf(form) ?? roles))
  const named = node.additionalProperties ? inside(node.additionalProperties, `${path}.…`, roles) : []
  const listed = node.items ? inside(node.items, `${path}[]`, roles) : []
  return [...own, ...forms, ...named, ...listed]
}

function setting(node: Node, path: string, isRequired: boolean, roles: readonly string[]): SettingDescription[] {
  const { fallback } = node
  const isGroup = node.properties !== undefined
  const written = fallback === undefined || isGroup ? undefined : write(fallback, node)
  const self: SettingDescription = {
    path,
    type: typeOf(node),
    fallback: written,
    isRequired,
    isSecret: node.secret === true,
    sentence: node.description ?? '',
    roles,
  }
  return [self, ...inside(node, path, roles)]
}

function rolesOf({ properties }: Node): readonly string[] | undefined {
  return properties?.role?.enum
}

/** Durations are kept in milliseconds, and written with their unit; an address is kept in its two parts. */
function write(value: unknown, node: Node): string {
  if (typeof value === 'number' && /ms\|s\|m\|h/.test(node.pattern ?? '')) return inUnits(value)
  const address = value as { host?: string; port?: number } | null
  if (typeof value === 'object' && address?.port !== undefined) return `${address.host}:${address.port}`
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function inUnits(ms: number): string {
  for (const [unit, length] of [
    ['h', 3600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const)
    if (ms > 0 && ms % length === 0) return `${ms / length}${unit}`
  return `${ms}ms`
}

function typeOf(node: Node): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``
  if (node.enum) return node.enum.map((word) => `\`${word}\``).join(', ')
  const forms = node.oneOf ?? node.anyOf
  if (forms) return [...new Set(forms.map(typeOf))].join(' or ')
  if (node.type === 'array') return `list of ${typeOf(node.items ?? {})}`
  if (node.type === 'object') return node.properties ? 'group' : 'table'
  if (node.type === 'integer' || node.type === 'number') return 'number'
  if (node.type === 'boolean') return '`true`, `false`'
  if (node.format === 'uri') return 'URL'
  if (/ms\|s\|m\|h/.test(node.pattern ?? '')) return 'duration'
  if (/\[smhd\]/.test(node.pattern ?? '')) return 'time'
  if (/\\d\{1,5\}/.test(node.pattern ?? '')) return 'host:port'
  return 'text'
}
