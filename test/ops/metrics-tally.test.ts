/** What is counted here until somebody looks is told once, each count under its own labels. */
import { expect } from 'chai'
import { Counter, Registry } from 'prom-client'
import { Tally } from '../../src/ops/metrics-tally.ts'

describe('A tally', () => {
  it('tells its counter what was added since the last time, each with its labels in their order', async () => {
    const registers = [new Registry()]
    const counter = new Counter({ name: 'seen', help: 'Seen.', labelNames: ['one', 'other'], registers })
    const tally = new Tally(counter, ['one', 'other'])
    const values = async () =>
      (await counter.get()).values.map(({ labels, value }) => [labels.one, labels.other, value])
    tally.add(1, 'a', 'b')
    tally.add(2, 'a', 'b')
    tally.add(5, 'b', 'a')
    expect(await values()).to.deep.equal([])
    for (let time = 0; time < 2; time++) tally.tell()
    expect(await values()).to.deep.equal([
      ['a', 'b', 3],
      ['b', 'a', 5],
    ])
    tally.add(1, 'b', 'a')
    tally.tell()
    expect(await values()).to.deep.equal([
      ['a', 'b', 3],
      ['b', 'a', 6],
    ])
  })
})
