/** The work of one message is done once, whoever has it, and again by another when he is gone. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { ExchangeId, PeerId } from '../../src/exchange/ids.ts'
import type { Ledger } from '../../src/exchange/ledger.ts'
import { type Copy, type OnceTimes, once } from '../../src/exchange/once.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { eventually } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const times: OnceTimes = { lease: 300, patience: 5_000, keepFor: 60_000 }
let server: RedisServer
before(async function () {
  this.timeout(20_000)
  server = await startRedis()
})
after(() => server?.stop())

const kinds: Record<string, () => Ledger> = {
  memory: () => new MemoryLedger(Date.now),
  Redis: () => new RedisLedger(connectRedis({ url: server.url }, () => undefined)),
}

for (const [name, open] of Object.entries(kinds)) {
  describe(`Work that is done once, by the ledger in ${name}`, () => {
    let ledger: Ledger
    let count = 0
    let done: number
    const copy = (exchange: string, more: Partial<Copy> = {}): Copy => {
      const key = { peer: 'p' as PeerId, id: `seen/${count}` }
      return { key, print: 'A', exchange: exchange as ExchangeId, other: 'refused', ...more }
    }
    const work = async () => ({ nth: ++done })

    before(async () => {
      ledger = open()
      await eventually('the ledger is ready', () => ledger.isReady())
    })
    beforeEach(() => {
      count++
      done = 0
    })
    after(() => ledger.close())

    it('gives every copy the first answer, and says whose it is', async () => {
      expect(await once(ledger, copy('x1'), work, times)).to.deep.equal({ answer: { nth: 1 } })
      expect(await once(ledger, copy('x2'), work, times)).to.deep.equal({ answer: { nth: 1 }, first: 'x1' })
    })

    it('is not among what rare work over all records of a party looks at', async () => {
      await once(ledger, copy('x1'), work, times)
      expect(await ledger.list('p' as PeerId, '')).to.deep.equal([])
    })

    it('goes on longer than a lease, while further copies wait for it', async () => {
      const slow = once(ledger, copy('x1'), () => delay(3 * times.lease).then(work), times)
      const others = [2, 3, 4].map((i) => once(ledger, copy(`x${i}`), work, times))
      expect((await slow).answer).to.deep.equal({ nth: 1 })
      for (const other of others) expect(await other).to.deep.equal({ answer: { nth: 1 }, first: 'x1' })
      expect(done).to.equal(1)
    })

    it('lets nobody wait for ever', async () => {
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      const slow = once(ledger, copy('x1'), () => held.then(work), times)
      const impatient = await once(ledger, copy('x2'), work, { ...times, patience: 50 }).catch(
        (error: unknown) => error,
      )
      expect(impatient).to.have.property('kind', 'state-unavailable')
      release()
      await slow
    })

    it('is forgotten when it fails, and whoever waits does it', async () => {
      const failing = once(ledger, copy('x1'), () => delay(100).then(() => Promise.reject(new Error('no'))), times)
      const waiting = once(ledger, copy('x2'), work, times)
      expect(await failing.catch((error: Error) => error.message)).to.equal('no')
      expect(await waiting).to.deep.equal({ answer: { nth: 1 } })
    })

    it('is done by the next copy when whoever had it is gone', async () => {
      const { key, print, exchange } = copy('gone')
      await ledger.write(key, 0, { record: { print, exchange }, due: 'not due', keepFor: times.lease })
      expect(await once(ledger, copy('x2'), work, times)).to.deep.equal({ answer: { nth: 1 } })
    })

    it('refuses another message of the same id, or takes it for news', async () => {
      await once(ledger, copy('x1'), work, times)
      const refused = await once(ledger, copy('x2', { print: 'B' }), work, times).catch((error: unknown) => error)
      expect(refused).to.have.property('kind', 'message-id-reused')
      expect(done).to.equal(1)
      await once(ledger, copy('x3', { print: 'B', other: 'news' }), work, times)
      expect(done).to.equal(2)
      expect(await once(ledger, copy('x4', { print: 'B', other: 'news' }), work, times)).to.have.property('first', 'x3')
    })

    it('does not remember an answer that is very long', async () => {
      const long = async () => ({ nth: ++done, text: 'x'.repeat(70_000) })
      for (let i = 1; i <= 2; i++) expect((await once(ledger, copy(`x${i}`), long, times)).answer.nth).to.equal(i)
    })
  })
}

describe('Work that is done once, without the state', () => {
  it('is not begun, unless it does no harm twice', async function () {
    this.timeout(20_000)
    const ledger = new RedisLedger(connectRedis({ url: 'redis://127.0.0.1:1' }, () => undefined))
    let done = 0
    const work = async () => ++done
    const copy: Copy = {
      key: { peer: 'p' as PeerId, id: 'seen/1' },
      print: 'A',
      exchange: 'x' as ExchangeId,
      other: 'refused',
    }
    expect(await once(ledger, copy, work).catch((error: unknown) => error)).to.have.property(
      'kind',
      'state-unavailable',
    )
    expect(done).to.equal(0)
    expect(await once(ledger, { ...copy, bestEffort: true }, work)).to.deep.equal({ answer: 1 })
    await ledger.close()
  })
})
