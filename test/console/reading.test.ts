/** The console reads what has changed and nothing else, shows what is so now, and lets others have their turn meanwhile. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { holdingsOf } from '../../src/app/console/parties.ts'
import { Rows } from '../../src/app/console/rows.ts'
import { Shelf } from '../../src/app/console/shelf.ts'
import { forecastKey } from '../../src/exchange/forecast-key.ts'
import { emptyRecord, type ForecastRecord, received, settledBy } from '../../src/exchange/forecast-record.ts'
import type { LinkId, PeerId } from '../../src/exchange/ids.ts'
import type { Ledger } from '../../src/exchange/ledger.ts'
import type { Link } from '../../src/exchange/peers.ts'
import { eventId } from '../../src/exchange/queue-record.ts'
import { breather } from '../../src/ops/console/breath.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { startRedis } from '../support/redis.ts'
import { closeLater, closeScenes, type State, states } from '../support/scene.ts'

const quarter = 900_000
const now = Math.floor(Date.now() / quarter) * quarter + 60_000
const peer = 'charge-co' as PeerId
const north = 'north' as LinkId
const link = {
  id: north,
  legacy: { id: 'grid-north', role: 'dso' },
  modern: { id: peer },
  groups: { toLegacy: (group: string) => group },
} as unknown as Link

/** Quarters of an hour from the one that is on, with these capacities, as the peer has acknowledged them. */
function held(group: string, ...capacities: number[]): ForecastRecord {
  const first = now - 60_000
  const blocks = capacities.map((capacity, i) => {
    return { start: first + i * quarter, end: first + (i + 1) * quarter, capacity, unit: 'KW', phase: 'ALL' }
  })
  const moment = { now, newId: () => 'id' }
  return settledBy(
    received(emptyRecord(north, group, 'CONSUMPTION'), blocks, {}, moment),
    { verdict: 'accepted' },
    moment,
  )
}

/** A ledger that says what was read, beside the one that others write to. */
async function openLedger(state: State) {
  const redis = state === 'Redis' ? closeLater(await startRedis()) : undefined
  const ledger: Ledger = redis
    ? new RedisLedger(connectRedis({ url: redis.url }, () => undefined))
    : new MemoryLedger(Date.now)
  closeLater({ stop: () => ledger.close() })
  while (!(await ledger.isReady())) await turn()
  const read: string[] = []
  const watched = Object.assign(Object.create(ledger) as Ledger, {
    read: (key: Parameters<Ledger['read']>[0]) => {
      read.push(key.id)
      return ledger.read(key)
    },
  })
  const keep = (id: string, revision: number, record: unknown) =>
    ledger.write({ peer, id }, revision, { record, due: 'not due', keepFor: 3600_000 })
  const shelf = new Shelf(peer)
  const rows = new Rows()
  const look = async (at = now) => {
    read.length = 0
    await shelf.look(watched, at, breather())
    return rows.of(link, new Map([[peer, holdingsOf(shelf)]]), at)
  }
  return { ledger, keep, look, read, shelf }
}

const idOf = (group: string) => forecastKey(peer, north, 'CONSUMPTION', group).id

for (const state of states)
  describe(`What the console reads on ${state} state`, () => {
    afterEach(closeScenes)

    it('is what has changed since it looked last, and nothing else', async () => {
      const { keep, look, read } = await openLedger(state)
      await keep(idOf('a'), 0, held('a', 11))
      await keep(idOf('b'), 0, held('b', 12))
      const capacities = ({ groups }: Awaited<ReturnType<typeof look>>) => groups.map(({ now }) => now[0]?.capacity)
      expect(capacities(await look())).to.deep.equal([11, 12])
      expect([...read].sort()).to.deep.equal([idOf('a'), idOf('b')])
      expect(capacities(await look())).to.deep.equal([11, 12])
      expect(read).to.deep.equal([])
      await keep(idOf('b'), 1, held('b', 7))
      expect(capacities(await look())).to.deep.equal([11, 7])
      expect(read).to.deep.equal([idOf('b')])
    })

    it('leaves out what is gone, and takes what begins anew for new', async () => {
      const { ledger, keep, look } = await openLedger(state)
      await keep(idOf('a'), 0, held('a', 11))
      await keep('dead/1', 0, { link: north })
      expect(await look()).to.include({ dead: 1 })
      await ledger.remove({ peer, id: idOf('a') }, 1)
      await ledger.remove({ peer, id: 'dead/1' }, 1)
      expect(await look()).to.deep.include({ dead: 0, groups: [] })
      await keep(idOf('a'), 0, held('a', 5))
      await look()
      await ledger.remove({ peer, id: idOf('a') }, 1)
      await keep(idOf('a'), 0, held('a', 6))
      expect((await look()).groups[0]!.now[0]).to.include({ capacity: 6 })
    })

    it('says since when the first message of a queue waits, whichever that is', async () => {
      const { keep, look, shelf } = await openLedger(state)
      const waiting = () => shelf.all<{ at: number }>('event/').map(({ at }) => at)
      const queue = (first: number, next: number) => ({ first, next, attempts: 0, dead: { first: 0, next: 0 } })
      await keep(eventId(1), 0, { at: 100 })
      await keep(eventId(2), 0, { at: 200 })
      await keep('queue', 0, queue(1, 3))
      await look()
      expect(waiting()).to.deep.equal([100])
      await keep('queue', 1, queue(2, 3))
      await look()
      expect(waiting()).to.deep.equal([200])
      await keep('queue', 2, queue(3, 3))
      await look()
      expect(waiting()).to.deep.equal([])
    })
  })

describe('What the console keeps', () => {
  afterEach(closeScenes)

  it('shows what holds as time passes, though nothing is written, and stays the same object in between', async () => {
    const { keep, look } = await openLedger('memory')
    await keep(idOf('a'), 0, held('a', 11, 12))
    const first = await look()
    expect(first.groups[0]!.now).to.have.length(1)
    expect(await look(now + quarter / 2)).to.equal(first)
    const later = await look(now + quarter)
    expect(later.groups[0]!.now[0]).to.include({ capacity: 12 })
    expect((await look(now + 2 * quarter)).groups[0]!.now).to.deep.equal([])
    expect((await look(now + 2 * quarter)).groups[0]!.until).to.equal(now - 60_000 + 2 * quarter)
  })

  it('is read piece by piece, so that messages come in between', async () => {
    const { keep, look } = await openLedger('memory')
    const day = Array.from({ length: 96 }, (_, i) => i)
    for (let i = 0; i < 1000; i++) await keep(idOf(`g${i}`), 0, held(`g${i}`, ...day))
    let [turns, isOver] = [0, false]
    const others = (async () => {
      for (; !isOver; turns++) await turn()
    })()
    await look()
    isOver = true
    await others
    expect(turns).to.be.above(3)
  })
})
