/** The fields of a vendor's message that nothing was proposed for: each listed, to be dropped for a reason that a person gives. */
import type { Complex, Field } from '../../contract/model.ts'
import type { Scope } from './match.ts'
import type { DraftRule } from './rules.ts'

const reason = 'TODO: say why'

export function leftovers(scope: Scope, used: ReadonlySet<string>): DraftRule[] {
  return [...rest(scope.type, '', used)].flatMap(({ path, field }) => {
    const dropped: DraftRule = { verb: 'drop', body: { path, reason }, note: describe(field) }
    if (field.min === 0) return [dropped]
    // Towards OSCP 1.0 it must be there all the same.
    const fills = [...required(field, path)].map(([at, type]): DraftRule => {
      const source = type.type === 'instant' ? { from: 'now' } : { constant: 'TODO' }
      return { verb: 'fill', body: { path: at, ...source, reason }, direction: 'toLegacy' }
    })
    return [{ ...dropped, direction: 'toModern' }, ...fills]
  })
}

function* rest(type: Complex, prefix: string, used: ReadonlySet<string>): Generator<{ path: string; field: Field }> {
  for (const field of type.fields) {
    const path = `${prefix}${field.name}${field.max > 1 ? '[]' : ''}`
    if (used.has(path)) continue
    const opened = [...used].some((other) => other.startsWith(`${path}.`))
    if (opened && field.type.kind === 'complex') yield* rest(field.type, `${path}.`, used)
    else yield { path, field }
  }
}

/** The values that must be there when this field is. */
function* required(field: Field, path: string): Generator<[string, { readonly type: string }]> {
  if (field.type.kind === 'scalar') return yield [path, field.type]
  for (const inner of field.type.fields)
    if (inner.min > 0 && inner.max <= 1) yield* required(inner, `${path}.${inner.name}`)
}

function describe({ type, min, max, doc }: Field): string {
  const many = max > 1 ? 'a list, ' : ''
  const what = type.kind === 'scalar' ? (type.values ? `one of ${type.values.join(' ')}` : type.type) : fieldsOf(type)
  return `${many}${what}, ${min > 0 ? 'required' : 'optional'}${doc ? `; ${doc}` : ''}`
}

function fieldsOf(type: Complex): string {
  return `with ${type.fields.map(({ name }) => name).join(', ') || 'nothing in it'}`
}
