/** How the objects of a list are written: what stands between their values, and of what kind each of these is. */
import { type Bytes, copied, hasWords, type Words, wordsOf } from '../bytes.ts'
import { functionOf, objectMaker, quoted } from '../contract/code.ts'
import { decimalOf, mostDigits } from '../contract/decimal.ts'
import { canonicalInstant, expectedInstant } from '../mapping/codecs/instant.ts'

type Value = Record<string, unknown>
type Kind = 'string' | 'number'

interface Member {
  readonly name: string
  readonly kind: Kind
  /** What stands before its value, its quote included, from the value before it or where the object begins. */
  readonly before: string
}

const member = /[{,]\s*"([a-z]\w*)"\s*:\s*("[^"\\]*"|[\d.]+)/y
const closing = /"?\s*\}/y

/**
 * How the first two objects of the list are written; undefined where they are not written alike, or not in a way that is learned, or
 * have members of other names than these.
 */
export function learnWording(text: string, from: number, names: ReadonlySet<string>): Wording | undefined {
  const members: Member[] = []
  let at = from
  member.lastIndex = from
  for (let found = member.exec(text); found !== null; found = member.exec(text)) {
    const [all, name, value] = found as unknown as [string, string, string]
    const kind = value[0] === '"' ? 'string' : 'number'
    const start = found.index + all.length - value.length + (kind === 'string' ? 1 : 0)
    members.push({ name: copied(name), kind, before: copied(text.slice(at, start)) })
    at = member.lastIndex - (kind === 'string' ? 1 : 0)
  }
  closing.lastIndex = at
  if (members.length === 0 || !closing.test(text)) return undefined
  const close = copied(text.slice(at, closing.lastIndex))
  const second = text.indexOf('{', closing.lastIndex)
  const end = text.indexOf('}', second) + 1
  const own = new Set(members.map(({ name }) => name))
  if (second < 0 || end === 0 || own.size < members.length || members.some(({ name }) => !names.has(name)))
    return undefined
  // That it is JSON, blanks and all, is for the parser to say.
  if (!isListOfTwo(text.slice(from, end))) return undefined
  const between = text.slice(closing.lastIndex, second)
  return Wording.of(members, close, between)
}

function isListOfTwo(items: string): boolean {
  try {
    return (JSON.parse(`[${items}]`) as unknown[]).length === 2
  } catch {
    return false
  }
}

export class Wording {
  private readonly open: string
  private readonly close: string
  private readonly joint: Words
  private readonly pieces: readonly Words[]
  private readonly readItem: ItemReader

  private constructor(members: readonly Member[], close: string, joint: string) {
    this.open = members[0]!.before
    this.close = close
    this.joint = wordsOf(joint)
    this.pieces = members.slice(1).map(({ before }) => wordsOf(before))
    this.readItem = compileReader(members)
  }

  static of(members: readonly Member[], close: string, between: string): Wording | undefined {
    const [first, ...others] = members
    const joint = close + between + first!.before
    return [joint, ...others.map(({ before }) => before)].every(hasWords)
      ? new Wording(members, close, joint)
      : undefined
  }

  /** Whether the first object of the list is written so. */
  fits(bytes: Bytes, from: number): boolean {
    if (!bytes.text.startsWith(this.open, from)) return false
    bytes.at = from + this.open.length
    return this.readItem(bytes, this.pieces) !== undefined
  }

  /** The objects of the list, and where its bracket stands; undefined where one of them is written otherwise. */
  read(bytes: Bytes, from: number): { readonly items: Value[]; readonly to: number } | undefined {
    const { joint, pieces, close, open } = this
    const items: Value[] = []
    bytes.at = from + open.length
    do {
      const item = this.readItem(bytes, pieces)
      if (item === undefined) return undefined
      items.push(item)
    } while (bytes.passes(joint))
    if (!bytes.text.startsWith(close, bytes.at)) return undefined
    let to = bytes.at + close.length
    while (' \t\r\n'.includes(bytes.text[to] ?? ']')) to++
    return bytes.text[to] === ']' ? { items, to } : undefined
  }
}

/** The object that the bytes are at, behind its first piece, and moves on behind its last value. */
type ItemReader = (bytes: Bytes, pieces: readonly Words[]) => Value | undefined

function compileReader(members: readonly Member[]): ItemReader {
  const make = objectMaker(members.map(({ name }) => ({ name, isList: false })))
  const readers: Record<Kind, string> = { string: 'text', number: 'number' }
  const lines = [
    ...members.flatMap(({ kind }, i) => {
      const value = `${readers[kind]}(bytes)`
      return [
        `const v${i} = ${i === 0 ? value : `bytes.passes(pieces[${i - 1}]) ? ${value} : undefined`}`,
        `if (v${i} === undefined) return undefined`,
      ]
    }),
    'const item = make()',
    ...members.map(({ name }, i) => `item[${quoted(name)}] = v${i}`),
    'return item',
  ]
  return functionOf('bytes, pieces', lines, { make, text: readText, number: readNumber })
}

const [quote, backslash, space] = [0x22, 0x5c, 0x20]

/** Up to the next quote; undefined where something in it means something else than it says, or is not allowed. */
function readText(bytes: Bytes): string | undefined {
  const expected = expectedInstant(bytes)
  if (expected !== undefined) return expected
  const { view, at } = bytes
  let end = at
  for (let byte = view.getUint8(end); byte !== quote; byte = view.getUint8(++end))
    if (byte < space || byte === backslash) return undefined
  bytes.at = end
  const text = bytes.text.slice(at, end)
  return canonicalInstant(text) ?? text
}

const [point, zero, nine] = [0x2e, 0x30, 0x39]

/** A short number of digits as JSON has it, with a point among them or without; undefined for any other. */
function readNumber(bytes: Bytes): number | undefined {
  const { view, at } = bytes
  let end = at
  let whole = 0
  let pointAt = -1
  for (let byte = view.getUint8(end); (byte >= zero && byte <= nine) || byte === point; byte = view.getUint8(++end)) {
    if (byte !== point) whole = whole * 10 + (byte - zero)
    else if (pointAt >= 0 || end === at) return undefined
    else pointAt = end
  }
  const length = end - at
  const fraction = pointAt < 0 ? 0 : end - pointAt - 1
  const hasLeadingZero = view.getUint8(at) === zero && length > 1 && pointAt !== at + 1
  if (length === 0 || length > mostDigits || hasLeadingZero || (pointAt >= 0 && fraction === 0)) return undefined
  bytes.at = end
  return decimalOf(whole, fraction)
}
