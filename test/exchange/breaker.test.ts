/** The circuit of a peer that does not answer, with a clock of the test's own. */
import { expect } from 'chai'
import { Breakers, type Circuit } from '../../src/exchange/breaker.ts'
import type { PeerId } from '../../src/exchange/ids.ts'

const peer = 'cpo' as PeerId
const start = 1_700_000_000_000

describe('The circuit of a peer', () => {
  let now: number
  let changes: string[]
  let breakers: Breakers
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) breakers.report(peer, false)
  }
  const state = (): Circuit['state'] | undefined => breakers.circuits()[0]?.state

  beforeEach(() => {
    now = start
    changes = []
    breakers = new Breakers({
      threshold: 5,
      firstPause: 1000,
      longestPause: 8000,
      lookMs: 20_000,
      now: () => now,
      random: () => 0.5,
      onChange: (circuit, before) => changes.push(`${before} → ${circuit.state}`),
    })
  })

  it('stays closed below so many failures in a row, which any answer begins anew', () => {
    fail(4)
    breakers.report(peer, true)
    fail(4)
    expect(state()).to.equal('closed')
    expect(breakers.wait(peer)).to.equal(0)
    expect(changes).to.deep.equal([])
  })

  it('opens with the next failure: what can wait waits, each for another while', () => {
    fail(5)
    expect(breakers.circuits()).to.deep.equal([{ peer, state: 'open', since: start }])
    expect(breakers.wait(peer)).to.equal(750 + 500)
    expect(breakers.wait('other' as PeerId)).to.equal(0)
  })

  it('lets one look at a time go when its time has come, and holds back the others until it is heard of', () => {
    fail(5)
    now += 750
    expect(breakers.wait(peer)).to.equal(0)
    expect(state()).to.equal('half-open')
    expect(breakers.wait(peer)).to.be.greaterThan(0)
    breakers.report(peer, true)
    expect(breakers.wait(peer)).to.equal(0)
    expect(changes).to.deep.equal(['closed → open', 'open → half-open', 'half-open → closed'])
  })

  it('looks more rarely with every look in vain, up to the longest pause, and begins anew once it was closed', () => {
    fail(5)
    const pauses = []
    for (let look = 0; look < 5; look++) {
      for (let ms = 0; ; ms += 250, now += 250)
        if (breakers.wait(peer) === 0) {
          pauses.push(ms)
          break
        }
      fail(1)
    }
    expect(pauses).to.deep.equal([750, 1500, 3000, 6000, 6000])
    breakers.report(peer, true)
    fail(5)
    expect(breakers.wait(peer)).to.equal(1250)
  })

  it('is closed by any attempt that got through, fresh ones included, which never ask', () => {
    fail(5)
    breakers.report(peer, true)
    expect(state()).to.equal('closed')
    expect(breakers.wait(peer)).to.equal(0)
  })

  it('is not held open by fresh attempts that fail, nor by a look that nobody heard of again', () => {
    fail(5)
    now += 500
    fail(3)
    now += 250
    expect(breakers.wait(peer)).to.equal(0)
    now += 19_999
    expect(breakers.wait(peer)).to.be.greaterThan(0)
    now += 1
    expect(breakers.wait(peer)).to.equal(0)
  })
})
