/**
 * Parses a JSON body that anybody may have written: nesting, values and items are limited before anything is made of them, and
 * names that mean something to JavaScript are refused.
 * Limits: of a member that stands twice the last one counts, as everywhere; a body's size was limited before.
 */
import { type ErrorKind, GatewayError } from '../errors.ts'
import { type Parsed, parseWithList } from './json-list.ts'

const deepest = 16
/** What is deeper than this is not even parsed, and so has no path. */
const deepestParsed = 64
/** No message has more members anywhere; an object of a hundred thousand is slow to look at. */
const mostMembers = 256
/** What is shorter cannot hold enough to take anybody long. */
const short = 65_536
/** How many values an item of a list, a block or a measurement, may have on average. */
const valuesPerItem = 32

/**
 * Undefined for an empty body; `names` are those that members may have. Throws `malformed-message` or, for a list of more than `mostItems`, `invalid-message`, with a path
 * where there is one.
 */
export function parseJson(text: string, mostItems: number, names: ReadonlySet<string>): unknown {
  if (text.trim() === '') return undefined
  scanJson(text, mostItems)
  let parsed: Parsed
  try {
    parsed = parseWithList(text, names)
  } catch {
    // The parser's own sentence repeats what stood in the body, so it is not even kept as a cause.
    throw new GatewayError('malformed-message', 'The body is not JSON.')
  }
  const { json, flat } = parsed
  if (typeof json === 'object' && json !== null) inspect(json, [], mostItems, flat)
  return json
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openList, openObject, closeList, closeObject] = [0x5b, 0x7b, 0x5d, 0x7d]

/** Refuses what would take a parser long, before anything is built: whether it is JSON is the parser's business. Throws as `parseJson`. */
export function scanJson(text: string, mostItems: number): void {
  if (text.length < short) return
  const mostValues = mostItems * valuesPerItem
  let depth = 0
  let values = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) i = endOfString(text, i)
    else if (c === comma) values++
    else if (c === openList || c === openObject) depth++
    else if (c === closeList || c === closeObject) depth--
    else continue
    if (depth > deepestParsed) refuse('', 'is nested too deeply')
    if (values > mostValues) refuse('', 'has too many values')
  }
}

/** Where the string that begins at `start` ends; the end of the text if it does not. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === backslash) i++
    else if (c === quote) return i
  }
  return text.length
}

/**
 * `path` holds the names and numbers of what is around `value`: words are made of it only when something is refused. Of a list
 * that is known to be `flat` the items need no look.
 */
function inspect(value: object, path: (string | number)[], mostItems: number, flat?: readonly unknown[]): void {
  if (path.length >= deepest) refuse(wordsOf(path), 'is nested too deeply')
  const isList = Array.isArray(value)
  const names = isList ? value : Object.keys(value)
  if (isList && names.length > mostItems)
    refuse(wordsOf(path), `must have at most ${mostItems} items`, 'invalid-message')
  if (value === flat) return
  if (!isList && names.length > mostMembers) refuse(wordsOf(path), `must have at most ${mostMembers} members`)
  for (let i = 0; i < names.length; i++) {
    const name = isList ? i : (names[i] as string)
    if (name === '__proto__') refuse(wordsOf(path), 'must not have a member __proto__')
    const inner = (value as Record<string | number, unknown>)[name]
    if (typeof inner !== 'object' || inner === null) continue
    path.push(name)
    inspect(inner, path, mostItems, flat)
    path.pop()
  }
}

function wordsOf(path: readonly (string | number)[]): string {
  return path.reduce<string>((words, name) => {
    if (typeof name === 'number') return `${words}[${name}]`
    // A name nobody knows may be anything, also very long or a secret: it has no place in a path.
    const known = /^[a-z_]{1,40}$/.test(name) ? name : '*'
    return words === '' ? known : `${words}.${known}`
  }, '')
}

function refuse(path: string, sentence: string, kind: ErrorKind = 'malformed-message'): never {
  throw new GatewayError(kind, `${path || 'the body'} ${sentence}`, { problems: [{ path, sentence }] })
}

/** An object that is no list; undefined for anything else. */
export function asObject(json: unknown): Record<string, unknown> | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as Record<string, unknown>)
    : undefined
}
