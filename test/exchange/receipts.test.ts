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
  it('is the receipts themselves while they are few', () => {
    const sum = new ReceiptSum()
    expect(sum.receipts()).to.deep.equal([])
    const few = Array.from({ length: 8 }, () => receipt('exact', entry('a', 2)))
    for (const each of few) sum.add(each)
    expect(sum.receipts()).to.deep.equal(few)
  })

  it('adds up what says the same when they are many, and says of how many', () => {
    const sum = new ReceiptSum()
    for (let n = 0; n < 10; n++) sum.add(receipt('exact', entry('a', 2)))
    sum.add(receipt('exact', entry('a', 3), entry('b', 1)))
    sum.add(receipt('safe', entry('a', 1)))
    sum.add({ ...receipt('exact', entry('b', 4)), of: 7 })
    expect(sum.receipts()).to.deep.equal([
      { ...receipt('exact', entry('a', 23), entry('b', 5)), of: 18 },
      { ...receipt('safe', entry('a', 1)), of: 1 },
    ])
  })
})
