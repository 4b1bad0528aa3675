/**
 * Parses JSON of which most is one list of objects that are written alike, such as the blocks of a forecast: what stands between
 * their values is compared as it is, and only the values are read. What comes out is what JSON.parse makes of it.
 * Limits: the list is a member of the message itself, and its objects hold nothing but strings without escapes and short numbers
 * without a sign; whatever is otherwise is left to JSON.parse, which then reads all of it.
 */
import { Bytes, copied } from '../bytes.ts'
import { learnWording, type Wording } from './json-wording.ts'

export interface Parsed {
  readonly json: unknown
  /** A list in it whose items are known to hold no lists and no objects. */
  readonly flat?: readonly unknown[]
}

/** In characters. What is shorter is parsed before it is looked at. */
const short = 1_024

/** `names` are those of the contract: a list of objects with others is none to be learned. Throws what JSON.parse throws. */
export function parseWithList(text: string, names: ReadonlySet<string>): Parsed {
  const from = text.length < short ? 0 : text.indexOf('[{') + 1
  const name = from === 0 ? undefined : memberBefore(text.slice(0, from - 1))
  const found = name === undefined ? undefined : readItems(text, from, names)
  const rest = found && text.slice(found.to)
  // Of members of one name the last counts, however its name is spelled.
  if (name === undefined || rest === undefined || rest.includes('\\') || rest.includes(`"${name}"`))
    return { json: JSON.parse(text) }
  const json = JSON.parse(text.slice(0, from) + rest) as Record<string, unknown>
  json[name] = found!.items
  return { json, flat: found!.items }
}

/** The name of the member whose value begins behind `head`, if it is one of the message itself. */
function memberBefore(head: string): string | undefined {
  const isOutermost = head.lastIndexOf('{') === head.search(/\S/) && !/[[\\]/.test(head)
  return isOutermost ? /[{,]\s*"([a-z][a-z_]*)"\s*:\s*$/.exec(head)?.[1] : undefined
}

/** By how an item begins, because a party mostly writes its next message as it wrote the last. */
const wordings = new Map<string, Wording>()
const mostWordings = 32
const longestBeginning = 64

/** The items of the list that begins here, and where it is closed; undefined where they are not all written alike. */
function readItems(text: string, from: number, names: ReadonlySet<string>) {
  const beginning = text.slice(from, Math.min(text.indexOf(':', from), from + longestBeginning))
  const known = wordings.get(beginning)
  const bytes = new Bytes(text)
  if (known?.fits(bytes, from)) return known.read(bytes, from)
  const learned = learnWording(text, from, names)
  if (learned === undefined) return undefined
  if (wordings.size >= mostWordings) wordings.clear()
  wordings.set(copied(beginning), learned)
  return learned.read(bytes, from)
}
