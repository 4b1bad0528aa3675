import { expect } from 'chai'
import fc from 'fast-check'
import { codecFor, printDecimal } from '../../src/mapping/codecs/index.ts'
import { canonicalInstant, parseInstant, printInstant } from '../../src/mapping/codecs/instant.ts'
import { decimal } from '../../src/mapping/define.ts'
import { Refusal, Run } from '../../src/mapping/run.ts'
import { context } from '../support/context.ts'

const run = () => new Run(context(), 0)

describe('The instant codec', () => {
  const good: [string, string][] = [
    ['2026-03-02T23:00:00Z', '2026-03-02T23:00:00.000Z'],
    ['2026-03-03T00:00:00+01:00', '2026-03-02T23:00:00.000Z'],
    ['2026-03-02T23:00:00.1230000Z', '2026-03-02T23:00:00.123Z'],
    ['2026-03-02T23:00:00.5-05:30', '2026-03-03T04:30:00.500Z'],
    ['2026-03-02 23:00:00z', '2026-03-02T23:00:00.000Z'],
    ['2026-03-02t23:00:00+0100', '2026-03-02T22:00:00.000Z'],
    ['2026-03-02T24:00:00Z', '2026-03-03T00:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['2026-03-02T23:00:00-00:00', '2026-03-02T23:00:00.000Z'],
  ]
  for (const [text, expected] of good)
    it(`reads ${text} as ${expected}`, () => expect(printInstant(parseInstant(text) as number)).to.equal(expected))

  const bad: [string, RegExp][] = [
    ['2026-02-29T00:00:00Z', /day that exists/],
    ['2026-13-01T00:00:00Z', /day that exists/],
    ['2026-00-01T00:00:00Z', /day that exists/],
    ['2026-03-02T24:00:01Z', /time that exists/],
    ['2026-03-02T23:60:00Z', /time that exists/],
    ['2026-03-02T23:59:60Z', /leap second/],
    ['2026-03-02T23:00:00.0001Z', /millisecond/],
    ['2026-03-02T23:00:00', /offset/],
    ['2026-03-02T23:00:00+15:00', /offset/],
    ['2026-03-02T23:00:00+14:01', /offset/],
    ['2026-03-02', /date and time/],
    ['0000-01-01T00:00:00+01:00', /years/],
    ['9999-12-31T23:00:00-02:00', /years/],
    ['', /date and time/],
  ]
  for (const [text, expected] of bad) it(`refuses "${text}"`, () => expect(parseInstant(text)).to.match(expected))

  it('reads a local time by the zone of its peer', () => {
    expect(printInstant(parseInstant('2026-07-01T12:00:00', 'Europe/Amsterdam') as number)).to.equal(
      '2026-07-01T10:00:00.000Z',
    )
    expect(printInstant(parseInstant('2026-12-01T12:00:00', 'Europe/Amsterdam') as number)).to.equal(
      '2026-12-01T11:00:00.000Z',
    )
  })

  it('refuses a local time that does not exist, or exists twice', () => {
    expect(parseInstant('2026-03-29T02:30:00', 'Europe/Amsterdam')).to.match(/does not exist, or exists twice/)
    expect(parseInstant('2026-10-25T02:30:00', 'Europe/Amsterdam')).to.match(/does not exist, or exists twice/)
  })

  it('keeps every instant between the years 0000 and 9999, whatever offset it is written with', () => {
    const instants = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9998-12-31T00:00:00Z'),
      noInvalidDate: true,
    })
    const law = fc.property(instants, fc.integer({ min: -14 * 60, max: 14 * 60 }), (date, offset) => {
      const sign = offset < 0 ? '-' : '+'
      const two = (n: number) => String(n).padStart(2, '0')
      const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
      const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1)
      expect(parseInstant(local + zone)).to.equal(date.getTime())
    })
    fc.assert(law, { seed: 20260302, numRuns: 2000 })
  })
})

describe('The text of an instant as we write it', () => {
  const isCanonical = (text: string): boolean => {
    const instant = parseInstant(text)
    return typeof instant === 'number' && printInstant(instant) === text
  }
  const agree = (text: string) => expect(canonicalInstant(text), text).to.equal(isCanonical(text) ? text : undefined)

  it('is known by its digits alone, as it is by being read and written again', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 8, maxLength: 8 })
    const law = fc.property(digits, fc.nat(23), fc.constantFrom(...'0123456789-T:.Z xé'), (numbers, at, other) => {
      const [c, y, mo, d, h, mi, s, f] = numbers.map((n) => String(n).padStart(2, '0'))
      const near = `${c}${y}-${String(Number(mo) % 14).padStart(2, '0')}-${String(Number(d) % 33).padStart(2, '0')}`
      const text = `${near}T${String(Number(h) % 26).padStart(2, '0')}:${mi}:${s}.${f}0Z`
      agree(text)
      agree(text.slice(0, at) + other + text.slice(at + 1))
    })
    fc.assert(law, { seed: 20260302, numRuns: 5000 })
  })

  it('is held against itself wherever one of its characters is another', () => {
    const text = '2026-03-02T23:45:59.999Z'
    agree(text)
    for (let at = 0; at < text.length; at++)
      for (const other of '0123456789-T:.Zz /;é') agree(text.slice(0, at) + other + text.slice(at + 1))
  })

  for (const text of [
    '2026-02-29T00:00:00.000Z',
    '2024-02-29T00:00:00.000Z',
    '1900-02-29T00:00:00.000Z',
    '2000-02-29T00:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
    '2026-03-02T24:00:00.000Z',
    '2026-03-02T23:00:00.00Z',
    '',
  ])
    it(`is ${isCanonical(text) ? '' : 'not '}${text || 'nothing'}`, () => agree(text))
})

describe('The decimal codec', () => {
  const codec = codecFor(decimal)

  const values: [string, number][] = [
    ['007', 7],
    ['1.50', 1.5],
    ['+.5', 0.5],
    ['5.', 5],
    ['0.0', 0],
    ['123456789012345', 123456789012345],
    ['0.000000000000001234', 1.234e-15],
  ]
  for (const [text, expected] of values)
    it(`reads ${text} as ${expected}`, () => expect(codec.toModern(text, run(), 'x')).to.equal(expected))

  it('reads a short decimal as the number that JavaScript itself makes of it', () => {
    const digits = fc.tuple(fc.nat(999_999_999_999_999), fc.integer({ min: 0, max: 14 }), fc.boolean())
    const law = fc.property(digits, ([whole, scale, isPadded]) => {
      const padded = String(whole).padStart(isPadded ? 15 : 1, '0')
      const text = `${padded.slice(0, Math.max(0, padded.length - scale))}.${padded.slice(Math.max(0, padded.length - scale))}`
      if (text !== '.') expect(codec.toModern(text, run(), 'x')).to.equal(Number(text))
    })
    fc.assert(law, { seed: 20260302, numRuns: 5000 })
  })

  for (const text of ['1234567890123456', '0.1234567890123456', '9223372036854775807'])
    it(`refuses ${text}, whose digits a JSON number does not hold`, () =>
      expect(() => codec.toModern(text, run(), 'x')).to.throw(Refusal, /significant digits/))

  it('prints every number without an exponent, and reads it back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = printDecimal(value)
        expect(text).to.match(/^-?\d+(\.\d+)?$/)
        expect(Number(text)).to.equal(value === 0 ? 0 : value)
      }),
      { seed: 20260302, numRuns: 5000 },
    )
  })

  it('gives back every decimal text of up to 15 digits as the same value', () => {
    const digits = fc.tuple(fc.bigInt({ min: 0n, max: 999_999_999_999_999n }), fc.integer({ min: 0, max: 15 }))
    fc.assert(
      fc.property(digits, ([whole, scale]) => {
        const padded = String(whole).padStart(scale + 1, '0')
        const text = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
        const back = codec.toLegacy(codec.toModern(text, run(), 'x'), run(), 'x') as string
        const canonical = (t: string) =>
          (t.includes('.') ? t.replace(/0+$/, '').replace(/\.$/, '') : t).replace(/^0+(?=\d)/, '')
        expect(canonical(back)).to.equal(canonical(text))
      }),
      { seed: 20260302, numRuns: 5000 },
    )
  })
})
