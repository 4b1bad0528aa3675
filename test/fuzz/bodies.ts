/**
 * JSON bodies after the schemas of /openapi.json, and the same gone wrong: other types, huge numbers, deep nesting, names that
 * mean something to JavaScript, members twice.
 */
import type { Dice } from './dice.ts'
import { badIds, badTimes, canary, goodIds, goodTimes } from './values.ts'

export interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly format?: string
}

/** A number that is written as it stands. */
class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Json = string | number | boolean | null | Raw | Json[] | Members

class Member {
  name: string
  value: Json
  constructor(name: string, value: Json) {
    this.name = name
    this.value = value
  }
}

/** Members in order; a name may be there twice. */
class Members {
  readonly list: Member[]
  constructor(list: Member[]) {
    this.list = list
  }
}

const one = (name: string, value: Json): Members => new Members([new Member(name, value)])

const urls = [
  'https://x.invalid/oscp/fp/2.0',
  'http://127.0.0.1:9/',
  'https://[::1]/',
  '/oscp/fp/2.0',
  'https://u:p@x.invalid',
  'javascript:x',
  '',
  'https://x.invalid:99999/',
]
const numbers = [
  '1e400',
  '-1e400',
  '1e-400',
  '-0',
  '0.1e1',
  '1E5',
  '9007199254740993',
  '123456789012345678901234567890',
  '1.7976931348623157e308',
  '-1',
  '0.0000000000001',
  '11',
]
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
  'then',
  'length',
  '',
  'é',
  '0',
  'group_id',
  canary,
  'x'.repeat(300),
  '\u0000',
  '\ud800',
]

export function bodyOf(schema: Schema, dice: Dice): Json {
  return valueFor(schema, '', dice)
}

function valueFor(schema: Schema, name: string, dice: Dice): Json {
  if (schema.enum)
    return dice.often(0.97) ? (dice.pick(schema.enum) as string) : dice.pick(['', canary, 'consumption', 'unknown'])
  if (schema.type === 'object') {
    const list = Object.entries(schema.properties ?? {})
      .filter(([key]) => (schema.required?.includes(key) ? dice.often(0.99) : dice.often(0.7)))
      .map(([key, inner]) => new Member(key, valueFor(inner, key, dice)))
    return new Members(inOrder(list))
  }
  if (schema.type === 'array')
    return dice.times(dice.pick([1, 1, 1, 2, 4, dice.often(0.1) ? 0 : 1, dice.often(0.02) ? 2000 : 1]), () =>
      valueFor(schema.items ?? {}, name, dice),
    )
  if (schema.type === 'number' || schema.type === 'integer')
    return dice.often(0.95) ? dice.pick([0, 1, 11, 22.5, 0.001, 60, 100 / 3]) : new Raw(dice.pick(numbers))
  if (schema.type === 'boolean') return dice.often(0.5)
  if (schema.format === 'date-time') return dice.often(0.97) ? dice.pick(goodTimes) : dice.pick(badTimes)
  if (/url/.test(name)) return dice.pick(urls)
  if (name === 'version') return dice.pick(['2.0', '2.0', '2', '1.0', canary])
  if (name === 'token') return dice.often(0.7) ? `token-${dice.below(1e9)}` : dice.pick([...badIds, canary])
  return dice.often(0.95) ? dice.pick(goodIds) : dice.pick(badIds)
}

/** start_time before end_time, as most would have it. */
function inOrder(list: Member[]): Member[] {
  const [from, to] = ['start_time', 'end_time'].map((key) => list.find(({ name }) => name === key))
  if (from && to && Date.parse(String(from.value)) > Date.parse(String(to.value)))
    [from.value, to.value] = [to.value, from.value]
  return list
}

/** The same with one thing changed, somewhere. */
export function changed(body: Json, dice: Dice): Json {
  const root = one('', body)
  const { list, at } = dice.pick(placesOf(root.list))
  const found = list[at]!
  const value = found instanceof Member ? found.value : found
  const put = (next: Json): void => {
    if (found instanceof Member) found.value = next
    else list[at] = next
  }
  const kinds: (() => void)[] = [
    () => put(odd(dice)),
    () => put(odd(dice)),
    () => put([value]),
    () => void list.splice(at, 1),
    () => void list.push(found instanceof Member ? new Member(found.name, odd(dice)) : value),
  ]
  if (found instanceof Member)
    kinds.push(() => {
      found.name = dice.pick(names)
    })
  dice.pick(kinds)()
  return root.list[0]?.value ?? null
}

interface Place {
  readonly list: (Json | Member)[]
  readonly at: number
}

/** Every item and every member, down to a depth. */
function placesOf(list: (Json | Member)[], depth = 0): Place[] {
  if (depth > 20) return []
  return list.flatMap((found, at) => {
    const inner = found instanceof Member ? found.value : found
    const below = inner instanceof Members ? inner.list : Array.isArray(inner) ? inner : []
    return [{ list, at }, ...placesOf(below, depth + 1)]
  })
}

function odd(dice: Dice): Json {
  const deep = (depth: number, list: boolean): Json =>
    depth === 0 ? null : list ? [deep(depth - 1, list)] : one('a', deep(depth - 1, list))
  return dice.pick<Json>([
    null,
    true,
    '',
    canary,
    dice.pick([...badIds, ...badTimes]),
    new Raw(dice.pick(numbers)),
    [],
    new Members([]),
    one(dice.pick(names), canary),
    one('__proto__', one('polluted', true)),
    deep(dice.pick([5, 20, 500]), dice.often(0.5)),
    new Raw(
      dice.pick([
        'NaN',
        'Infinity',
        'undefined',
        "'x'",
        '01',
        '+1',
        '1.',
        '.5',
        'nul',
        '{"a":1,}',
        '[1,]',
        '"\\ud800"',
        '"\\x"',
        '"\u0001"',
        '/**/1',
      ]),
    ),
  ])
}

export function written(value: Json): string {
  if (value instanceof Raw) return value.text
  if (value instanceof Members)
    return `{${value.list.map(({ name, value: inner }) => `${JSON.stringify(name)}:${written(inner)}`).join(',')}}`
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`
  return JSON.stringify(value)
}
