/**
 * Parses a JSON body that anybody may have written: nesting is limited, and names that mean something to JavaScript are refused.
 * Limits: of a member that stands twice the last one counts, as everywhere; a body's size was limited before.
 */
import { GatewayError } from '../errors.ts'

const deepest = 16

/** Undefined for an empty body. Throws `malformed-message`, with a path where there is one. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // The parser's own sentence repeats what stood in the body, so it is not even kept as a cause.
    throw new GatewayError('malformed-message', 'The body is not JSON.')
  }
  inspect(json, '', 0)
  return json
}

function inspect(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth >= deepest) refuse(path, 'is nested too deeply')
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) inspect(value[i], `${path}[${i}]`, depth + 1)
    return
  }
  for (const [name, inner] of Object.entries(value)) {
    if (name === '__proto__') refuse(path, 'must not have a member __proto__')
    // A name nobody knows may be anything, also very long or a secret: it has no place in a path.
    inspect(inner, path + (/^[a-z_]{1,40}$/.test(name) ? `${path && '.'}${name}` : `${path && '.'}*`), depth + 1)
  }
}

function refuse(path: string, sentence: string): never {
  throw new GatewayError('malformed-message', `${path || 'the body'} ${sentence}`, { problems: [{ path, sentence }] })
}

/** An object that is no list; undefined for anything else. */
export function asObject(json: unknown): Record<string, unknown> | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as Record<string, unknown>)
    : undefined
}
