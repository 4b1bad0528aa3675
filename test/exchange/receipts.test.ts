/** The receipts of many items are summed up to those that differ, and nothing of what they say is lost. */
import { expect } from 'chai'
import { ReceiptSum } from '../../src/exchange/receipts.ts'
import type { Receipt, ReceiptEntry } from '../../src/mapping/run.ts'

const entry = (path: string, count: number): ReceiptEntry => ({
  ...{ verb: 'filled', path, reason: 'it is required', fidelity: 'exact', count },
})
const receipt = (fidelity: Receipt['fidelity'], ...entries: ReceiptEntry[]): Receipt => ({
  ...{ message: 'forecast', direction: 'toModern', fidelity, entries },
})

describe('The sum of receipts', () => {
  it('is nothing of none, and the receipt itself of one', () => {
    expect(new ReceiptSum().receipts()).to.deep.equal([])
    const sum = new ReceiptSum()
    const one = receipt('exact', entry('a', 2))
    sum.add(one)
    expect(sum.receipts()).to.deep.equal([one])
  })

  it('adds up what says the same, and says of how many', () => {
    const sum = new ReceiptSum()
    sum.add(receipt('exact', entry('a', 2)))
    sum.add(receipt('exact', entry('a', 3), entry('b', 1)))
    sum.add(receipt('safe', entry('a', 1)))
    sum.add({ ...receipt('exact', entry('b', 4)), of: 7 })
    expect(sum.receipts()).to.deep.equal([
      { ...receipt('exact', entry('a', 5), entry('b', 5)), of: 9 },
      { ...receipt('safe', entry('a', 1)), of: 1 },
    ])
  })
})
