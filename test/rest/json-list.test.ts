/** Messages with a list of objects that are written alike, against JSON.parse. */
import { expect } from 'chai'
import { parseWithList } from '../../src/rest/json-list.ts'
import { mutated, randomFrom } from '../xml/documents.ts'

const names = new Set(['capacity', 'phase', 'unit', 'start_time', 'end_time'])
let byWording = 0

/** Both make the same of it, members in the same order, or neither makes anything. */
function agrees(text: string): void {
  const expected = attempt(() => JSON.stringify(JSON.parse(text)))
  const found = attempt(() => {
    const { json, flat } = parseWithList(text, names)
    if (flat !== undefined) byWording++
    return JSON.stringify(json)
  })
  expect(found, text).to.equal(expected)
}

function attempt(work: () => string): string | undefined {
  try {
    return work()
  } catch (error) {
    expect(error).to.be.instanceOf(SyntaxError)
    return undefined
  }
}

const times = [
  '2026-03-02T23:00:00.000Z',
  '2026-03-02T23:15:00.000Z',
  '2026-03-02T23:30:00Z',
  '2026-03-03T00:00:00+01:00',
]
const figures = ['173.5', '0', '1000', '0.001', '999999999999999', '1234567890123.5', '0.1', '0.30']
const oddFigures = [
  '-1',
  '1e3',
  '007',
  '1.',
  '.5',
  '1.2.3',
  '0.12345678901234567',
  '12345678901234567890',
  '"5"',
  'null',
  '',
]
const words = ['ALL', 'ONE', 'KW', 'é', '']
const oddWords = ['a\\"b', 'a\\u0041', 'Wrocław', '\u0001', 'ļ', '}', '{', '[', '\u2028', 'x'.repeat(90)]

/** A forecast, or what could be taken for one; `odd` is how often, of 1, something is not as usual. */
function forecast(random: () => number, odd: number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const some = (usual: readonly string[], unusual: readonly string[]) => (random() < odd ? pick(unusual) : pick(usual))
  const blank = pick(['', '', '', ' ', '\n  ', '\t', '\u00a0'])
  const colon = pick([':', ':', ': ', ' : '])
  const usual = ['capacity', 'phase', 'unit', 'start_time', 'end_time']
  const order = pick([
    usual,
    usual,
    usual,
    ['start_time', 'end_time', 'capacity', 'phase'],
    ['phase', 'capacity'],
    ['capacity', 'phase', 'capacity'],
    ['__proto__', 'capacity'],
  ])
  const value = (name: string): string => {
    if (name === 'capacity') return some(figures, oddFigures)
    return `"${name.endsWith('time') ? pick(times) : some(words, oddWords)}"`
  }
  const block = (): string => {
    const names = random() < odd ? order.toReversed() : order
    const members = names.map((name) => `"${name}"${colon}${value(name)}`)
    if (random() < odd) members.push(pick(['"a":{}', '"a":[1]', '"constructor":1', '"capacity":7']))
    return `{${blank}${members.join(`,${blank}`)}${blank}}`
  }
  const blocks = Array.from({ length: 1 + Math.floor(random() * 60) }, block)
  const gap = random() < odd ? pick([',,', '', ', ', '\u00a0,']) : `,${blank}`
  const list = `[${random() < odd ? blank : ''}${blocks.join(gap)}${blank}]`
  const head = ['"group_id":"G-1"', '"type":"CONSUMPTION"']
  if (random() < odd) head.push(pick(['"forecasted_blocks":7', '"a":{"b":1}', '"a":[{"b":1}]', '"a":"[{"', '"a":"\\"']))
  const tail =
    random() < odd
      ? pick([',"forecasted_blocks":[]', ',"forecasted\\u005fblocks":[]', ',"a":1', ',"a":{}', '}', 'x'])
      : ''
  const name = random() < odd ? pick(['__proto__', 'a b', 'Forecasted']) : 'forecasted_blocks'
  const message = `{${[...head, `"${name}"${colon}${list}`].join(',')}${tail}}`
  return random() < odd ? `[${message}]` : message
}

describe('A message with a list of objects that are written alike', () => {
  it('is what JSON.parse makes of it: 6,000 messages and as many broken ones', () => {
    const random = randomFrom(20_200_130)
    byWording = 0
    for (let n = 0; n < 6_000; n++) {
      const whole = forecast(random, n % 3 === 0 ? 0 : 0.03)
      agrees(whole)
      agrees(mutated(whole, random))
    }
    // It must have been of use often, and not always, or the agreement would say little.
    expect(byWording).to.be.within(1_000, 8_000)
  }).timeout(120_000)

  const block = (capacity = '1.5') =>
    `{"capacity":${capacity},"phase":"ALL","unit":"KW","start_time":"2026-03-02T23:00:00.000Z","end_time":"2026-03-02T23:15:00.000Z"}`
  const message = (blocks: readonly string[], tail = '') =>
    `{"group_id":"G-1","type":"CONSUMPTION","forecasted_blocks":[${blocks.join(',')}]${tail}}`
  const many = Array.from({ length: 30 }, (_, n) => block(String(n / 8)))

  it('is read by its wording, and another one after it by that of its own', () => {
    for (const text of [message(many), message(many.map((item) => item.replaceAll('":', '": '))), message(many)]) {
      byWording = 0
      agrees(text)
      expect(byWording).to.equal(1)
    }
  })

  it('is left to JSON.parse where its objects have members that no contract has', () => {
    byWording = 0
    agrees(message(many.map((item) => item.replace('"unit"', '"units"'))))
    expect(byWording).to.equal(0)
  })

  it('is the last of its members of one name, however that is spelled', () => {
    for (const tail of [',"forecasted_blocks":[]', ',"forecasted\\u005fblocks":[]', ',"forecasted_blocks":null'])
      agrees(message(many, tail))
  })

  it('ends where it ends: nothing of a longer message before it is read', () => {
    agrees(message(many))
    for (let length = 1_000; length < message(many).length; length += 7) agrees(message(many).slice(0, length))
  })

  it('ends with a bracket, and no other blanks than those of JSON before it', () => {
    for (const blank of [' ', '\t', '\r\n', '\u00a0', '\ufeff', ',', ']', ''])
      agrees(message(many).replace('}]', `}${blank}]`))
  })

  it('has the same numbers, to the last digit', () => {
    const random = randomFrom(7)
    const figure = () => (random() * 10 ** Math.floor(random() * 7)).toFixed(Math.floor(random() * 9))
    for (let n = 0; n < 500; n++) agrees(message(Array.from({ length: 30 }, () => block(figure()))))
  })
})
