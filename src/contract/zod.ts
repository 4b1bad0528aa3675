/**
 * Reads zod schemas of JSON messages into the contract model, so that the same schema validates and is accounted for.
 * Limits: objects, arrays, strings, enums, numbers, booleans, RFC 3339 date-times, optional; anything else is reported.
 */
import { z } from 'zod'
import { compileAccept } from './accept.ts'
import type { Complex, Field, Finding, Message, Scalar } from './model.ts'

interface ZodNode {
  _zod: { def: Record<string, unknown> & { type: string; checks?: { _zod: { def: Record<string, unknown> } }[] } }
  description?: string
}

/** One message from its schema. Problems are added to `findings`. */
export function messageFromZod(name: string, schema: z.ZodType, file: string, findings: Finding[]): Message {
  const node = schema as unknown as ZodNode
  const type = complex(node, name, (rule, sentence) => findings.push({ file, rule, sentence }))
  const message: Message = { name, uri: '', type, doc: node.description ?? '' }
  // Most gateways hear few of the messages, and compiling them all is a good part of a start.
  let accept: Message['accept']
  return {
    ...message,
    accept(json) {
      accept ??= compileAccept(message, z.compile(schema))
      return accept(json)
    },
  }
}

type Report = (rule: string, sentence: string) => void

function complex(node: ZodNode, name: string, report: Report): Complex {
  const { def } = node._zod
  if (def.type !== 'object') {
    report(name, `is a zod ${def.type} where an object is expected`)
    return { kind: 'complex', name, fields: [] }
  }
  const shape = def.shape as Record<string, ZodNode>
  const fields = Object.entries(shape).map(([key, child]) => field(child, key, `${name}.${key}`, report))
  return { kind: 'complex', name, fields, open: true }
}

function field(node: ZodNode, name: string, path: string, report: Report): Field {
  const doc = node.description ?? ''
  const rest = { name, uri: '', nillable: false, attribute: false }
  let inner = node
  let min = 1
  while (inner._zod.def.type === 'optional') {
    min = 0
    inner = inner._zod.def.innerType as ZodNode
  }
  if (inner._zod.def.type === 'array') {
    const minItems = inner._zod.def.checks?.find((c) => c._zod.def.check === 'min_length')?._zod.def.minimum
    const item = inner._zod.def.element as ZodNode
    return {
      ...rest,
      doc,
      min: min === 0 ? 0 : Number(minItems ?? 0),
      max: Number.POSITIVE_INFINITY,
      ...(min === 1 ? { always: true } : {}),
      type: typeOf(item, path, report),
    }
  }
  return { ...rest, doc: doc || (inner.description ?? ''), min, max: 1, type: typeOf(inner, path, report) }
}

function typeOf(node: ZodNode, path: string, report: Report): Scalar | Complex {
  const { def } = node._zod
  if (def.type === 'object') return complex(node, path, report)
  if (def.type === 'boolean') return { kind: 'scalar', type: 'boolean' }
  if (def.type === 'enum') return { kind: 'scalar', type: 'text', values: Object.values(def.entries as object) }
  if (def.type === 'number') return { kind: 'scalar', type: 'decimal', ...bounds(def.checks) }
  if (def.type === 'string')
    return { kind: 'scalar', type: def.format === 'datetime' ? 'instant' : 'text', ...bounds(def.checks) }
  report(path, `is a zod ${def.type}, which is not supported`)
  return { kind: 'scalar', type: 'text' }
}

function bounds(checks: { _zod: { def: Record<string, unknown> } }[] = []): Partial<Scalar> {
  const found: { -readonly [K in keyof Scalar]?: Scalar[K] } = {}
  for (const { _zod } of checks) {
    const { check, value, minimum, maximum, inclusive } = _zod.def
    if (check === 'greater_than') found[inclusive ? 'min' : 'exclusiveMin'] = Number(value)
    if (check === 'less_than') found[inclusive ? 'max' : 'exclusiveMax'] = Number(value)
    if (check === 'min_length') found.minLength = Number(minimum)
    if (check === 'max_length') found.maxLength = Number(maximum)
  }
  return found
}
