/**
 * One contract for both journals: whatever passes here may be relied upon, whichever of them runs; and what only Redis can do.
 * Limits: in Redis entries are written a moment later, so a test looks until they are there.
 */
import { expect } from 'chai'
import type { ExchangeId, PeerId } from '../../src/exchange/ids.ts'
import type { Journal, JournalCaps, JournalEntry, JournalQuery } from '../../src/exchange/journal.ts'
import { MemoryJournal } from '../../src/state/memory/journal.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisJournal } from '../../src/state/redis/journal.ts'
import { eventually } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const hour = 3600_000
const start = Date.parse('2026-03-02T22:00:00Z')

let now = start
let server: RedisServer
let journal: Journal
let tests = 0

const clientOf = (url = server.url) => connectRedis({ url }, () => undefined)
const caps = { perPeer: 100, keepFor: hour }

const kinds: Record<string, (caps: JournalCaps, peers: readonly string[]) => Journal> = {
  memory: (given) => new MemoryJournal(given, () => now),
  Redis: (given, peers) => new RedisJournal({ client: clientOf(), caps: given, peers, now: () => now }),
}

let count = 0
/** An entry that holds what every entry must. */
function entry(fields: Partial<JournalEntry> & { peer?: PeerId }): JournalEntry {
  const id = String(count++).padStart(8, '0')
  return { id, at: now, way: 'in', direction: 'toModern', groups: [], outcome: 'accepted', ...fields }
}

const ask = async (query: Partial<JournalQuery> = {}) => (await journal.find({ limit: 50, ...query })).entries
const exchangesOf = (entries: readonly JournalEntry[]) => entries.map(({ exchange }) => exchange)

/** Adds, and waits until all of it can be found. */
async function add(...entries: JournalEntry[]): Promise<void> {
  for (const one of entries) journal.add(one)
  const ids = entries.map(({ id }) => id)
  await eventually('entries are written', async () => {
    const known = new Set((await journal.find({ limit: 1000 })).entries.map(({ id }) => id))
    return ids.some((id) => known.has(id)) && known.has(ids.at(-1)!)
  })
}

before(async function () {
  this.timeout(20_000)
  server = await startRedis()
})
after(() => server?.stop())

for (const [name, open] of Object.entries(kinds)) {
  describe(`The journal in ${name}`, () => {
    let a: PeerId
    let b: PeerId
    const reopen = async (given: JournalCaps = caps) => {
      await journal?.close()
      journal = open(given, [a, b])
      await eventually('the store answers', () =>
        journal.find({ limit: 1 }).then(
          () => true,
          () => false,
        ),
      )
    }
    beforeEach(async () => {
      now = start
      tests++
      a = `a-${tests}` as PeerId
      b = `b-${tests}` as PeerId
      journal = open(caps, [a, b])
      await eventually('the store answers', () =>
        journal.find({ limit: 1 }).then(
          () => true,
          () => false,
        ),
      )
    })
    afterEach(() => journal.close())

    it('gives back an entry as it was added', async () => {
      const given = entry({
        peer: a,
        exchange: 'x' as ExchangeId,
        groups: ['FEEDER "1"', 'ü'],
        outcome: 'untranslatable',
        status: 400,
        receipt: {
          fidelity: 'safe',
          entries: [{ verb: 'dropped', path: 'a[].b', reason: 'because', fidelity: 'exact', count: 2 }],
        },
        error: 'a[0].b cannot be said',
      })
      await add(given)
      expect(await ask()).to.deep.equal([given])
    })

    it('gives the newest first, over all parties, page by page, each entry once', async () => {
      const given = Array.from({ length: 25 }, (_, i) => {
        now += i % 3 === 0 ? 0 : 1 // several in one millisecond
        return entry({ peer: i % 2 ? a : b, exchange: `x${i}` as ExchangeId })
      })
      await add(...given)
      const pages: JournalEntry[][] = []
      let after: string | undefined
      do {
        const page = await journal.find({ limit: 7, after })
        pages.push([...page.entries])
        after = page.next
      } while (after !== undefined)
      expect(pages.map(({ length }) => length)).to.deep.equal([7, 7, 7, 4])
      expect(pages.flat().map(({ at }) => at)).to.deep.equal(given.map(({ at }) => at).reverse())
      expect(exchangesOf(pages.flat())).to.have.members(exchangesOf(given))
    })

    it('finds by every kind of id, by party, group, outcome and time', async () => {
      const x = 'x' as ExchangeId
      const received = entry({ peer: a, exchange: x, messageId: 'urn:1', relatesTo: 'urn:0', groups: ['G', 'H'] })
      now += 10
      const sent = entry({ peer: b, way: 'out', from: [x], request: 'r1', correlation: 'c1', outcome: 'refused' })
      now += 10
      const called = entry({ peer: a, way: 'out', direction: 'toLegacy', request: 'r2', correlation: 'urn:7' })
      await add(received, sent, called)
      const found = async (query: Partial<JournalQuery>) => (await ask(query)).map(({ id }) => id)
      expect(await found({ exchange: 'x' })).to.deep.equal([sent.id, received.id])
      expect(await found({ messageId: 'urn:1' })).to.deep.equal([received.id])
      expect(await found({ messageId: 'r2' })).to.deep.equal([called.id])
      expect(await found({ messageId: 'r1' })).to.deep.equal([])
      expect(await found({ request: 'r1' })).to.deep.equal([sent.id])
      expect(await found({ correlation: 'c1' })).to.deep.equal([sent.id])
      expect(await found({ correlation: 'urn:0' })).to.deep.equal([received.id])
      expect(await found({ peer: b })).to.deep.equal([sent.id])
      expect(await found({ group: 'H' })).to.deep.equal([received.id])
      expect(await found({ outcome: 'refused' })).to.deep.equal([sent.id])
      expect(await found({ since: sent.at })).to.deep.equal([called.id, sent.id])
      expect(await found({ until: sent.at })).to.deep.equal([received.id])
      expect(await found({ anyOf: new Set(['urn:0', 'r2']) })).to.deep.equal([called.id, received.id])
      expect(await found({ peer: a, outcome: 'refused' })).to.deep.equal([])
    })

    it('keeps the last of each party, however many another party causes', async () => {
      await reopen({ perPeer: 10, keepFor: hour })
      await add(entry({ peer: b, exchange: 'quiet' as ExchangeId }))
      await add(...Array.from({ length: 600 }, (_, i) => entry({ peer: a, exchange: `x${i}` as ExchangeId })))
      const kept = await eventually('the cap holds', async () => {
        const entries = await ask({ peer: a })
        return entries.length === 10 && entries
      })
      expect(exchangesOf(kept)).to.deep.equal(Array.from({ length: 10 }, (_, i) => `x${599 - i}`))
      expect(exchangesOf(await ask({ peer: b }))).to.deep.equal(['quiet'])
    })

    it('keeps nothing that is older than its time', async () => {
      await add(entry({ peer: a, exchange: 'old' as ExchangeId }))
      now += hour - 1
      await add(entry({ peer: a, exchange: 'new' as ExchangeId }))
      expect(exchangesOf(await ask())).to.deep.equal(['new', 'old'])
      now += 2
      expect(exchangesOf(await ask())).to.deep.equal(['new'])
    })

    it('keeps what callers did whom nobody knows', async () => {
      const given = entry({ exchange: 'stranger' as ExchangeId, outcome: 'peer-unknown' })
      await add(given)
      expect(exchangesOf(await ask({ exchange: 'stranger' }))).to.deep.equal(['stranger'])
      expect((await ask({ peer: '' })).map(({ id }) => id)).to.include(given.id)
    })
  })
}

describe('The journal in Redis', () => {
  beforeEach(() => {
    now = start
  })

  it('has a time to live on each of its keys', async () => {
    const peer = 'ttl' as PeerId
    const client = clientOf()
    journal = new RedisJournal({ client, caps, peers: [peer], now: () => now })
    await eventually('the store answers', () =>
      journal.find({ limit: 1 }).then(
        () => true,
        () => false,
      ),
    )
    await add(entry({ peer }))
    expect(await client.pttl('oscpgw:v1:{ttl}:journal')).to.be.within(hour - 60_000, hour)
    await journal.close()
  })

  it('is shared by replicas', async () => {
    const peers = ['shared']
    const replicas = [1, 2].map(() => new RedisJournal({ client: clientOf(), caps, peers, now: () => now }))
    journal = replicas[0]!
    replicas[1]!.add(entry({ peer: 'shared' as PeerId, exchange: 'of the other' as ExchangeId }))
    await eventually('it is there', () =>
      ask().then(
        (found) => found.length === 1,
        () => false,
      ),
    )
    for (const replica of replicas) await replica.close()
  })

  it('writes down what it had collected when it is closed', async () => {
    const peers = ['closing']
    const open = () =>
      new RedisJournal({ client: clientOf(), caps: { perPeer: 2000, keepFor: hour }, peers, now: () => now })
    const first = open()
    await eventually('the store answers', () =>
      first.find({ limit: 1 }).then(
        () => true,
        () => false,
      ),
    )
    for (let i = 0; i < 1000; i++) first.add(entry({ peer: 'closing' as PeerId }))
    await first.close()
    expect(first.dropped).to.equal(0)
    first.add(entry({ peer: 'closing' as PeerId }))
    expect(first.dropped).to.equal(1)
    journal = open()
    await eventually('the store answers', () =>
      journal.find({ limit: 1 }).then(
        () => true,
        () => false,
      ),
    )
    expect(await ask({ limit: 2000, peer: 'closing' })).to.have.length(1000)
    await journal.close()
  })

  it('keeps what comes while Redis is away, as far as its buffer goes, and counts the rest', async function () {
    this.timeout(20_000)
    const own = await startRedis()
    journal = new RedisJournal({
      client: clientOf(own.url),
      caps: { perPeer: 20_000, keepFor: hour },
      peers: ['p'],
      now: () => now,
    })
    await eventually('the store answers', () =>
      journal.find({ limit: 1 }).then(
        () => true,
        () => false,
      ),
    )
    await own.kill()
    for (let i = 0; i < 6_500; i++) journal.add(entry({ peer: 'p' as PeerId }))
    expect(journal.dropped).to.equal(500)
    const failed = await journal.find({ limit: 1 }).catch((error: unknown) => error)
    expect(failed).to.have.property('kind', 'state-unavailable')
    const again = await startRedis({ port: own.port })
    await eventually(
      'all that was kept is written',
      () =>
        ask({ limit: 10_000 }).then(
          (found) => found.length === 6_000,
          () => false,
        ),
      10_000,
    )
    await journal.close()
    await again.stop()
  })
})
