/** The text of numbers against what the language itself makes of them. */
import { expect } from 'chai'
import fc from 'fast-check'
import { decimalText } from '../../src/contract/decimal.ts'

describe('The text of a number', () => {
  const isOwn = (value: number) => {
    expect(decimalText(value)).to.equal(String(value))
  }
  /** The doubles right below, at and right above a number of thousandths. */
  const near = (thousandths: number, steps: number) => {
    const value = thousandths / 1000
    const bits = new BigInt64Array(new Float64Array([value]).buffer)
    bits[0]! += BigInt(steps)
    return new Float64Array(bits.buffer)[0]!
  }

  it('is what the language makes of it, for any number', () => fc.assert(fc.property(fc.double(), isOwn), { seed: 7 }))

  it('is so for figures of three decimals and for the doubles next to them', () => {
    for (let n = 0; n <= 20_000; n++) for (const steps of [0, 1, 2]) isOwn(near(n, steps))
    const figure = fc.tuple(fc.integer({ min: 0, max: 2_000_000_000 }), fc.integer({ min: -2, max: 2 }))
    fc.assert(
      fc.property(figure, ([n, steps]) => isOwn(near(n + 1, steps))),
      { seed: 8, numRuns: 20_000 },
    )
  })

  it('is so where the short way ends', () => {
    for (const value of [999_999.999, 999_999.9995, 1_000_000, 1_000_000.001, -0.001, -0, 0.0005, 1e21, Number.NaN])
      isOwn(value)
  })
})
