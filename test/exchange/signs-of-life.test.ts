/** Signs of life of legacy parties: how they are kept, and whom they let us speak for. */
import { expect } from 'chai'
import { buildLinks } from '../../src/app/links.ts'
import { shippedCrossings } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import { Liveness } from '../../src/exchange/liveness.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'

const [north, south, fp, stranger] = ['north', 'south', 'fp', 'stranger'] as PeerId[] as [
  PeerId,
  PeerId,
  PeerId,
  PeerId,
]

async function open() {
  const modern = { role: 'fp', url: 'http://127.0.0.1:9', token: 't' }
  const raw = {
    peers: { north: { role: 'dso' }, south: { role: 'dso', heartbeatEvery: '10m' }, fp: modern, stranger: modern },
    links: {
      a: { legacy: 'north', modern: 'fp', groups: { C: 'N' } },
      b: { legacy: 'south', modern: 'fp', groups: { C: 'S' } },
    },
  }
  const config = loadConfig(() => raw, undefined, {})
  let time = Date.parse('2026-03-02T22:00:00Z')
  const now = () => time
  const ledger = new MemoryLedger(now)
  const built = buildLinks(config, await shippedCrossings())
  /** As another replica would be. */
  const another = () => new Liveness({ ...built, ledger, now })
  const pass = (seconds: number) => {
    time += seconds * 1000
  }
  return { ledger, another, pass }
}

describe('Signs of life', () => {
  it('cost the state one write in five seconds, however often a party calls', async () => {
    const { ledger, another, pass } = await open()
    const liveness = another()
    const revision = async () => (await ledger.read({ peer: north, id: 'alive' }))?.revision
    for (let call = 0; call < 1000; call++) liveness.seen(north)
    await liveness.settled()
    expect(await revision()).to.equal(1)
    pass(6)
    for (let call = 0; call < 1000; call++) liveness.seen(north)
    await liveness.settled()
    expect(await revision()).to.equal(2)
  })

  it('are known to every replica, and hold for three intervals of the party', async () => {
    const { another, pass } = await open()
    const [one, two] = [another(), another()]
    one.seen(north)
    two.seen(south)
    await Promise.all([one.settled(), two.settled()])
    const alive = async () => (await two.list()).map((view) => view.alive)
    expect(await alive()).to.deep.equal([true, true])
    pass(181)
    expect(await alive()).to.deep.equal([false, true])
    pass(1620)
    expect(await alive()).to.deep.equal([false, false])
  })

  it('of one party are enough for those who have several behind us; without any party nobody is missing', async () => {
    const { another, pass } = await open()
    const liveness = another()
    expect(await liveness.isBacked(fp)).to.equal(false)
    expect(await liveness.isBacked(stranger)).to.equal(true)
    liveness.seen(north)
    await liveness.settled()
    expect(await liveness.isBacked(fp)).to.equal(true)
    pass(181)
    expect(await liveness.isBacked(fp)).to.equal(false)
  })

  it('are not taken from whom we do not know', async () => {
    const { ledger, another } = await open()
    const liveness = another()
    liveness.seen(stranger)
    await liveness.settled()
    expect(await ledger.list(stranger, '')).to.deep.equal([])
  })
})
