/**
 * One contract for both ledgers: whatever passes here may be relied upon, whichever of them runs.
 * Limits: each store keeps its own real clock, so a wait is either for something to happen, however long it takes, or a short
 * one in which a wrong ledger would have done something; no test asks for speed.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { Due, Ledger } from '../../src/exchange/ledger.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const minute = 60_000

const kinds: { name: string; open: () => Promise<Ledger>; shut: () => Promise<void> }[] = [
  { name: 'memory', open: async () => new MemoryLedger(Date.now), shut: async () => {} },
  redisKind(),
]

for (const { name, open, shut } of kinds) {
  describe(`The ledger in ${name}`, () => {
    let ledger: Ledger
    let peer: PeerId
    let tests = 0
    const key = (id: string) => ({ peer, id })
    const put = (id: string, delayMs: number) =>
      ledger.write(key(id), 0, { record: id, due: { in: delayMs }, keepFor: minute })

    before(async () => {
      ledger = await open()
    })
    beforeEach(() => {
      peer = `peer-${++tests}` as PeerId
    })
    after(async () => {
      await ledger?.close()
      await shut()
    })

    it('is ready', async () => {
      expect(await ledger.isReady()).to.equal(true)
    })

    describe('reading and writing', () => {
      it('knows nothing of a record that was never written', async () => {
        expect(await ledger.read(key('a'))).to.equal(undefined)
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })

      it('creates a record when told that there is none, as revision 1', async () => {
        expect(await ledger.write(key('a'), 0, { record: { limit: 7 }, due: 'not due', keepFor: minute })).to.equal(
          true,
        )
        expect(await ledger.read(key('a'))).to.deep.equal({ record: { limit: 7 }, revision: 1 })
      })

      it('counts the revision up by one with every write', async () => {
        for (const revision of [0, 1, 2]) {
          expect(
            await ledger.write(key('a'), revision, { record: revision, due: 'not due', keepFor: minute }),
          ).to.equal(true)
          expect(await ledger.read(key('a'))).to.deep.equal({ record: revision, revision: revision + 1 })
        }
      })

      it('refuses a write based on any other revision, and changes nothing', async () => {
        await ledger.write(key('a'), 0, { record: 'first', due: 'not due', keepFor: minute })
        await ledger.write(key('a'), 1, { record: 'second', due: 'not due', keepFor: minute })
        for (const revision of [0, 1, 3]) {
          expect(await ledger.write(key('a'), revision, { record: 'stale', due: { in: 0 }, keepFor: 1 })).to.equal(
            false,
          )
        }
        await delay(20)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: 'second', revision: 2 })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })

      it('refuses to write a later revision of a record that does not exist', async () => {
        expect(await ledger.write(key('a'), 1, { record: 'stale', due: { in: 0 }, keepFor: minute })).to.equal(false)
        expect(await ledger.read(key('a'))).to.equal(undefined)
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })

      it('lets exactly one of many concurrent writers win, and keeps what the winner wrote', async () => {
        for (const revision of [0, 1, 2]) {
          const writers = Array.from({ length: 20 }, (_, writer) =>
            ledger.write(key('a'), revision, { record: { revision, writer }, due: 'not due', keepFor: minute }),
          )
          const won = await Promise.all(writers)
          expect(won.filter(Boolean)).to.have.length(1)
          const record = { revision, writer: won.indexOf(true) }
          expect(await ledger.read(key('a'))).to.deep.equal({ record, revision: revision + 1 })
        }
      })

      it('gives back any JSON exactly as it was written', async () => {
        const values = [
          '',
          'Zürich 電気 \u{1F50C} \u0000 "\\ \n',
          0,
          -0.1,
          9007199254740991,
          false,
          null,
          [],
          {},
          { '': { '\u00e9': ['007', [null]] } },
          Array.from({ length: 20_000 }, (_, i) => ({ start_time: i, capacity: i / 3, empty: [] })),
        ]
        for (const [i, record] of values.entries()) {
          await ledger.write(key(`${i}`), 0, { record, due: 'not due', keepFor: minute })
          expect(await ledger.read(key(`${i}`))).to.deep.equal({ record, revision: 1 })
        }
      })

      it('is not affected by what a caller does to a record afterwards', async () => {
        const record = { blocks: [1, 2] }
        await ledger.write(key('a'), 0, { record, due: 'not due', keepFor: minute })
        record.blocks.push(3)
        const read = await ledger.read<typeof record>(key('a'))
        read!.record.blocks.length = 0
        expect(await ledger.read(key('a'))).to.deep.equal({ record: { blocks: [1, 2] }, revision: 1 })
      })

      it('keeps the records of peers, and what is due for them, apart', async () => {
        const other = `${peer}-other` as PeerId
        await put('a', 0)
        expect(await ledger.read({ peer: other, id: 'a' })).to.equal(undefined)
        expect(await ledger.claim(other, 10, minute)).to.deep.equal([])
        expect(
          await ledger.write({ peer: other, id: 'a' }, 0, { record: 'theirs', due: 'not due', keepFor: minute }),
        ).to.equal(true)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: 'a', revision: 1 })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal(['a'])
      })

      it('takes any text as an id', async () => {
        const ids = [
          '',
          ' ',
          'two words',
          '{',
          '}',
          '{x}',
          'a:b',
          'forecast/north/007/TOTAL',
          'é',
          'e\u0301',
          '\u{1F50C}',
          '*',
          '\n',
        ]
        ids.push('-inf', 'constructor', '__proto__', '1', '1.0', 'x'.repeat(5_000))
        for (const id of ids) expect(await put(id, 0), id).to.equal(true)
        for (const id of ids) expect(await ledger.read(key(id)), id).to.deep.equal({ record: id, revision: 1 })
        expect(await ledger.claim(peer, 100, minute)).to.have.members(ids)
        for (const id of ids) expect(await ledger.remove(key(id), 1), id).to.equal(true)
        for (const id of ids) expect(await ledger.read(key(id)), id).to.equal(undefined)
      })
    })

    describe('what is due', () => {
      it('is claimed once its delay has passed, and not before', async () => {
        await put('later', minute)
        const written = Date.now()
        await put('soon', 40)
        expect(await claimed()).to.deep.equal(['soon'])
        expect(Date.now() - written).to.be.at.least(40)
      })

      it('is nothing for a record that is not due', async () => {
        await ledger.write(key('a'), 0, { record: 1, due: 'not due', keepFor: minute })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })

      it('is nothing for a new record whose due time is left unchanged', async () => {
        await ledger.write(key('a'), 0, { record: 1, due: 'unchanged', keepFor: minute })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })

      it('comes earliest first, however it was written', async () => {
        for (const [id, ago] of Object.entries({ third: 1_000, first: 3_000, fourth: 0, second: 2_000 }))
          await put(id, -ago)
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal(['first', 'second', 'third', 'fourth'])
      })

      it('comes at most as many as asked for, and the rest next time', async () => {
        for (const id of ['a', 'b', 'c']) await put(id, id === 'a' ? -2_000 : -1_000)
        const two = await ledger.claim(peer, 2, minute)
        expect(two[0]).to.equal('a')
        expect(two).to.have.length(2)
        expect(await ledger.claim(peer, 0, minute)).to.deep.equal([])
        expect([...two, ...(await ledger.claim(peer, 2, minute))]).to.have.members(['a', 'b', 'c'])
        expect(await ledger.claim(peer, 2, minute)).to.deep.equal([])
      })

      it('is claimed by nobody else until the lease ends, and then again', async () => {
        await put('long', 0)
        expect(await claimed(minute)).to.deep.equal(['long'])
        await put('short', 0)
        const leased = Date.now()
        expect(await claimed(40)).to.deep.equal(['short'])
        expect(await claimed(minute)).to.deep.equal(['short'])
        expect(Date.now() - leased).to.be.at.least(40)
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })

      it('is shared by concurrent claims without any of it going to two', async () => {
        const ids = Array.from({ length: 30 }, (_, i) => `${i}`)
        for (const id of ids) await put(id, -1)
        const shares = await Promise.all(Array.from({ length: 10 }, () => ledger.claim(peer, 5, minute)))
        expect(shares.flat()).to.have.length(30).and.to.have.members(ids)
      })

      it('ends, lease or not, with a write that says so', async () => {
        await put('a', -1)
        expect(await ledger.claim(peer, 10, 30)).to.deep.equal(['a'])
        expect(await ledger.write(key('a'), 1, { record: 'done', due: 'not due', keepFor: minute })).to.equal(true)
        await delay(60)
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
        expect(await ledger.read(key('a'))).to.deep.equal({ record: 'done', revision: 2 })
      })

      it('moves with a write that names another time, also before the lease ends', async () => {
        await put('a', -1)
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal(['a'])
        await ledger.write(key('a'), 1, { record: 'again', due: { in: -1 }, keepFor: minute })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal(['a'])
        await ledger.write(key('a'), 2, { record: 'later', due: { in: minute }, keepFor: 2 * minute })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })

      it('stays as it is with a write that leaves it unchanged, due or leased', async () => {
        await put('a', -1)
        await ledger.write(key('a'), 1, { record: 2, due: 'unchanged', keepFor: minute })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal(['a'])
        await ledger.write(key('a'), 2, { record: 3, due: 'unchanged', keepFor: minute })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })
    })

    describe('the agenda', () => {
      it('of a peer that nothing is owed to is empty', async () => {
        await ledger.write(key('a'), 0, { record: 1, due: 'not due', keepFor: minute })
        expect(await ledger.agenda(peer)).to.deep.equal({ size: 0, overdueMs: 0 })
      })

      it('says how much has a due time, and for how long the earliest has been due', async () => {
        await put('later', minute)
        expect(await ledger.agenda(peer)).to.deep.equal({ size: 1, overdueMs: 0 })
        await put('late', -3_000)
        await put('later still', -1_000)
        const { size, overdueMs } = await ledger.agenda(peer)
        expect(size).to.equal(3)
        expect(overdueMs).to.be.within(3_000, 2 * minute)
      })

      it('counts what is leased, which is not due before the lease ends', async () => {
        await put('a', -1_000)
        await ledger.claim(peer, 1, minute)
        expect(await ledger.agenda(peer)).to.deep.equal({ size: 1, overdueMs: 0 })
      })
    })

    describe('several records at once', () => {
      const record = (text: string, due: Due = 'not due') => ({ record: text, due, keepFor: minute })
      const text = async (id: string) => (await ledger.read<string>(key(id)))?.record

      it('creates, changes and forgets in one step', async () => {
        await put('old', minute)
        await put('gone', 0)
        const made = await ledger.writeAll(peer, [
          { id: 'new', revision: 0, write: record('new', { in: 0 }) },
          { id: 'old', revision: 1, write: record('changed') },
          { id: 'gone', revision: 1, remove: true },
        ])
        expect(made).to.equal(true)
        expect([await text('new'), await text('old'), await text('gone')]).to.deep.equal(['new', 'changed', undefined])
        expect(await ledger.read(key('old'))).to.deep.equal({ record: 'changed', revision: 2 })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal(['new'])
        expect((await ledger.list(peer, '')).sort()).to.deep.equal(['new', 'old'])
      })

      it('changes nothing when one of them was written by somebody else', async () => {
        await put('theirs', minute)
        for (const wrong of [
          { id: 'theirs', revision: 0, write: record('mine') },
          { id: 'theirs', revision: 2, remove: true as const },
          { id: 'nothing', revision: 3, write: record('mine') },
        ]) {
          expect(await ledger.writeAll(peer, [{ id: 'new', revision: 0, write: record('new') }, wrong])).to.equal(false)
          expect([await text('new'), await text('theirs')]).to.deep.equal([undefined, 'theirs'])
        }
      })

      it('takes a record that is not there for forgotten', async () => {
        const changes = [
          { id: 'a', revision: 0, write: record('a') } as const,
          { id: 'b', revision: 4, remove: true } as const,
        ]
        expect(await ledger.writeAll(peer, changes)).to.equal(true)
        expect(await text('a')).to.equal('a')
      })

      it('lets one of many who change the same records at once win', async () => {
        const attempts = Array.from({ length: 20 }, (_, i) =>
          ledger.writeAll(peer, [
            { id: 'count', revision: 0, write: record(`${i}`) },
            { id: `of-${i}`, revision: 0, write: record('won') },
          ]),
        )
        const won = (await Promise.all(attempts)).flatMap((made, i) => (made ? [i] : []))
        expect(won).to.have.length(1)
        expect(await text('count')).to.equal(`${won[0]}`)
        expect(await ledger.list(peer, 'of-')).to.deep.equal([`of-${won[0]}`])
      })
    })

    describe('a record that nobody changes in place', () => {
      interface Held {
        readonly name: string
        readonly list?: readonly number[]
        readonly inner?: { readonly list: readonly number[] }
      }
      /** Written as those who know its members: `stays` says which of them the store has, and under which name. */
      const lastingly = (record: Held, stays: { list?: string; inner?: string } = {}, over?: object) => {
        const { list, inner, ...rest } = record
        const member = (numbers: readonly number[] | undefined, as: string | undefined) =>
          numbers && { as, json: () => JSON.stringify(numbers) }
        const apart = { list: member(list, stays.list), 'inner.list': member(inner?.list, stays.inner) }
        const text = () => JSON.stringify(inner ? { ...rest, inner: {} } : rest)
        return { record, lasting: { text, apart, over, size: 1_000 }, due: 'not due', keepFor: minute } as const
      }
      const both: Held = { name: 'both', list: [1, 2], inner: { list: [3] } }

      it('comes back whole, with all that was kept apart, and without what it has no more', async () => {
        expect(await ledger.write(key('a'), 0, lastingly(both))).to.equal(true)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: both, revision: 1 })
        const less: Held = { name: 'less', list: [1, 2] }
        expect(await ledger.write(key('a'), 1, lastingly(less, { list: 'list' }, both))).to.equal(true)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: less, revision: 2 })
        expect(await ledger.remove(key('a'), 2)).to.equal(true)
        expect(await ledger.read(key('a'))).to.equal(undefined)
        expect(await ledger.write(key('a'), 0, { record: 'plain', due: 'not due', keepFor: minute })).to.equal(true)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: 'plain', revision: 1 })
      })

      it('can give a member another name, also two of them each the name of the other', async () => {
        await ledger.write(key('a'), 0, lastingly(both))
        const moved: Held = { name: 'moved', inner: { list: [1, 2] } }
        await ledger.write(key('a'), 1, lastingly(moved, { inner: 'list' }, both))
        expect(await ledger.read(key('a'))).to.deep.equal({ record: moved, revision: 2 })
        await ledger.write(key('a'), 2, lastingly(both))
        const swapped: Held = { name: 'swapped', list: [3], inner: { list: [1, 2] } }
        await ledger.write(key('a'), 3, lastingly(swapped, { list: 'inner.list', inner: 'list' }, both))
        expect(await ledger.read(key('a'))).to.deep.equal({ record: swapped, revision: 4 })
      })

      it('is refused, and nothing of it written, when somebody else was first', async () => {
        await ledger.write(key('a'), 0, lastingly(both))
        for (const revision of [0, 2])
          expect(await ledger.write(key('a'), revision, lastingly({ name: 'stale', list: [9] }))).to.equal(false)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: both, revision: 1 })
      })

      it('can be written together with others', async () => {
        await ledger.write(key('a'), 0, lastingly(both))
        const next: Held = { name: 'next', list: [1, 2], inner: { list: [4] } }
        const other = { record: 'other', due: 'not due', keepFor: minute } as const
        const changes = [
          { id: 'b', revision: 0, write: other },
          { id: 'a', revision: 1, write: lastingly(next, { list: 'list' }, both) },
          { id: 'c', revision: 0, write: lastingly(both) },
        ]
        expect(await ledger.writeAll(peer, changes)).to.equal(true)
        expect((await ledger.read(key('a')))?.record).to.deep.equal(next)
        expect((await ledger.read(key('b')))?.record).to.equal('other')
        expect((await ledger.read(key('c')))?.record).to.deep.equal(both)
      })

      it('is recalled as it was written here, as long as nobody else has written or removed it', async () => {
        expect(ledger.recall(key('a'))).to.equal(undefined)
        await ledger.write(key('a'), 0, lastingly(both))
        expect(ledger.recall(key('a'))).to.deep.equal({ record: both, revision: 1 })
        await ledger.write(key('a'), 1, { record: 'plain', due: 'not due', keepFor: minute })
        expect(ledger.recall(key('a'))).to.equal(undefined)
        await ledger.write(key('b'), 0, lastingly(both))
        await ledger.remove(key('b'), 1)
        expect(ledger.recall(key('b'))).to.equal(undefined)
      })

      it('is written whole when what should be there is not', async () => {
        await ledger.write(key('a'), 0, { record: both, due: 'not due', keepFor: minute })
        const stored = await ledger.read<object>(key('a'))
        const next = { ...both, name: 'next' }
        expect(
          await ledger.write(key('a'), 1, lastingly(next, { list: 'list', inner: 'inner.list' }, stored?.record)),
        ).to.equal(true)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: next, revision: 2 })
      })
    })

    describe('a survey', () => {
      it('says what is due, what there is, and of which records', async () => {
        await put('due', 0)
        await put('later', minute)
        await ledger.write(key('unlisted'), 0, { record: 1, due: 'not due', keepFor: minute, listed: false })
        await ledger.write(key('short'), 0, { record: 1, due: 'not due', keepFor: 20 })
        await eventually(async () => (await ledger.read(key('short'))) === undefined)
        const { agenda, ids, marks } = await ledger.survey(peer, ['later', 'nothing', 'unlisted', 'short'])
        expect(agenda.size).to.equal(2)
        expect(agenda.overdueMs).to.be.at.least(1)
        expect([...ids].sort()).to.deep.equal(['due', 'later'])
        expect(marks.map((mark) => mark !== undefined)).to.deep.equal([true, false, true, false])
        expect(await ledger.survey('somebody-else' as PeerId, [])).to.deep.equal({
          agenda: { size: 0, overdueMs: 0 },
          ids: [],
          marks: [],
        })
      })

      it('marks a record anew with every write, also where it was forgotten and begins again', async () => {
        const write = { record: 1, due: 'not due', keepFor: minute } as const
        const mark = async () => (await ledger.survey(peer, ['a'])).marks[0]
        const seen: unknown[] = []
        await ledger.write(key('a'), 0, write)
        seen.push(await mark(), await mark())
        await ledger.write(key('a'), 1, write)
        seen.push(await mark())
        await ledger.remove(key('a'), 2)
        seen.push(await mark())
        await ledger.writeAll(peer, [{ id: 'a', revision: 0, write }])
        seen.push(await mark())
        expect(seen[0]).to.equal(seen[1])
        expect(seen[3]).to.equal(undefined)
        expect(new Set(seen).size).to.equal(4)
      })
    })

    describe('a list of records', () => {
      it('names those of one peer that begin as asked, neither expired nor removed', async () => {
        for (const id of ['f/1', 'f/{2} x', 'g/1', 'f/gone'])
          await ledger.write(key(id), 0, { record: 1, due: 'not due', keepFor: minute })
        await ledger.write(key('f/short'), 0, { record: 1, due: 'not due', keepFor: 20 })
        await ledger.remove(key('f/gone'), 1)
        await eventually(async () => (await ledger.read(key('f/short'))) === undefined)
        expect((await ledger.list(peer, 'f/')).sort()).to.deep.equal(['f/1', 'f/{2} x'])
        expect(await ledger.list('somebody-else' as PeerId, 'f/')).to.deep.equal([])
      })

      it('leaves out those that are not to be listed, as their last write says', async () => {
        const write = { record: 1, due: 'not due', keepFor: minute } as const
        await ledger.write(key('f/1'), 0, write)
        await ledger.write(key('f/2'), 0, { ...write, listed: false })
        expect(await ledger.list(peer, '')).to.deep.equal(['f/1'])
        expect(await ledger.read(key('f/2'))).to.deep.equal({ record: 1, revision: 1 })
        await ledger.write(key('f/1'), 1, { ...write, listed: false })
        await ledger.writeAll(peer, [
          { id: 'f/2', revision: 1, write },
          { id: 'f/3', revision: 0, write: { ...write, listed: false } },
        ])
        expect(await ledger.list(peer, '')).to.deep.equal(['f/2'])
        await ledger.writeAll(peer, [{ id: 'f/2', revision: 2, write: { ...write, listed: false } }])
        expect(await ledger.list(peer, '')).to.deep.equal([])
        expect(await ledger.read(key('f/2'))).to.deep.equal({ record: 1, revision: 3 })
      })
    })

    describe('forgetting', () => {
      it('happens by itself once a record was kept for as long as its last write said', async () => {
        await ledger.write(key('a'), 0, { record: 1, due: 'not due', keepFor: minute })
        const written = Date.now()
        await ledger.write(key('a'), 1, { record: 2, due: 'not due', keepFor: 40 })
        await eventually(async () => (await ledger.read(key('a'))) === undefined)
        expect(Date.now() - written).to.be.at.least(40)
      })

      it('makes room for a new record, which starts at revision 1', async () => {
        await ledger.write(key('a'), 0, { record: 'old', due: 'not due', keepFor: 10 })
        await eventually(async () => (await ledger.read(key('a'))) === undefined)
        expect(await ledger.write(key('a'), 1, { record: 'stale', due: 'not due', keepFor: minute })).to.equal(false)
        expect(await ledger.write(key('a'), 0, { record: 'new', due: 'not due', keepFor: minute })).to.equal(true)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: 'new', revision: 1 })
      })

      it('takes the due time with it, so that nobody claims a record that is gone', async () => {
        for (const id of ['a', 'b', 'c'])
          await ledger.write(key(id), 0, { record: 1, due: { in: -1_000 }, keepFor: 10 })
        await put('kept', -1)
        await eventually(async () => (await ledger.read(key('c'))) === undefined)
        expect(await ledger.claim(peer, 1, 0)).to.deep.equal(['kept'])
        for (const id of ['a', 'b', 'c'])
          await ledger.write(key(id), 0, { record: 2, due: 'unchanged', keepFor: minute })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal(['kept'])
      })

      it('leaves a new record not due, even if the expired one before it was', async () => {
        await ledger.write(key('a'), 0, { record: 1, due: { in: -1 }, keepFor: 10 })
        await eventually(async () => (await ledger.read(key('a'))) === undefined)
        await ledger.write(key('a'), 0, { record: 2, due: 'unchanged', keepFor: minute })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })

      it('happens on request, due time included, if the revision still is the same', async () => {
        await put('a', -1)
        expect(await ledger.remove(key('a'), 1)).to.equal(true)
        expect(await ledger.read(key('a'))).to.equal(undefined)
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
        expect(await ledger.write(key('a'), 0, { record: 'new', due: 'unchanged', keepFor: minute })).to.equal(true)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: 'new', revision: 1 })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal([])
      })

      it('is refused when somebody else wrote first, and then changes nothing', async () => {
        await put('a', -1)
        await ledger.write(key('a'), 1, { record: 'newer', due: 'unchanged', keepFor: minute })
        for (const revision of [0, 1, 3]) expect(await ledger.remove(key('a'), revision)).to.equal(false)
        expect(await ledger.read(key('a'))).to.deep.equal({ record: 'newer', revision: 2 })
        expect(await ledger.claim(peer, 10, minute)).to.deep.equal(['a'])
      })

      it('is already done for a record that is not there', async () => {
        expect(await ledger.remove(key('never'), 0)).to.equal(true)
        expect(await ledger.remove(key('never'), 3)).to.equal(true)
        await put('a', 0)
        expect(await ledger.remove(key('a'), 1)).to.equal(true)
        expect(await ledger.remove(key('a'), 1)).to.equal(true)
      })
    })

    /** The next claim that finds anything. */
    async function claimed(leaseMs = minute): Promise<string[]> {
      let ids: string[] = []
      await eventually(async () => {
        ids = await ledger.claim(peer, 10, leaseMs)
        return ids.length > 0
      })
      return ids
    }
  })
}

describe('The ledger in memory', () => {
  const peer = 'dso' as PeerId

  it('does not collect expired records that nobody reads again', async () => {
    let now = 0
    const ledger = new MemoryLedger(() => now)
    for (now = 0; now < 10_000; now++) {
      await ledger.write({ peer, id: `${now}` }, 0, { record: now, due: { in: 50 }, keepFor: 100 })
    }
    expect(ledger.size).to.be.at.most(1_000)
  })

  it('goes by the clock it was given', async () => {
    let now = 0
    const ledger = new MemoryLedger(() => now)
    await ledger.write({ peer, id: 'a' }, 0, { record: 1, due: { in: 1_000 }, keepFor: 2_000 })
    now = 999
    expect(await ledger.claim(peer, 1, 500)).to.deep.equal([])
    now = 1_000
    expect(await ledger.claim(peer, 1, 500)).to.deep.equal(['a'])
    now = 1_499
    expect(await ledger.claim(peer, 1, 500)).to.deep.equal([])
    now = 1_500
    expect(await ledger.claim(peer, 1, 500)).to.deep.equal(['a'])
    now = 1_999
    expect(await ledger.read({ peer, id: 'a' })).to.deep.equal({ record: 1, revision: 1 })
    now = 2_000
    expect(await ledger.read({ peer, id: 'a' })).to.equal(undefined)
  })

  it('tells records apart that are due at the same instant', async () => {
    let now = 0
    const ledger = new MemoryLedger(() => now)
    for (const id of ['c', 'a', 'd', 'b']) {
      await ledger.write({ peer, id }, 0, { record: 1, due: { in: 10 }, keepFor: 100 })
    }
    await ledger.write({ peer, id: 'c' }, 1, { record: 2, due: 'not due', keepFor: 100 })
    await ledger.remove({ peer, id: 'd' }, 1)
    now = 10
    expect(await ledger.claim(peer, 10, 50)).to.deep.equal(['a', 'b'])
  })

  it('keeps a record for longer when it is written again', async () => {
    let now = 0
    const ledger = new MemoryLedger(() => now)
    await ledger.write({ peer, id: 'a' }, 0, { record: 1, due: 'not due', keepFor: 100 })
    now = 90
    await ledger.write({ peer, id: 'a' }, 1, { record: 2, due: 'not due', keepFor: 100 })
    now = 150
    expect(await ledger.read({ peer, id: 'a' })).to.deep.equal({ record: 2, revision: 2 })
  })
})

function redisKind() {
  let server: RedisServer | undefined
  return {
    name: 'Redis',
    async open() {
      server = await startRedis()
      const client = connectRedis({ url: server.url, commandTimeoutMs: 5_000 }, () => {})
      const ledger = new RedisLedger(client)
      await eventually(() => ledger.isReady())
      return ledger
    },
    shut: async () => server?.stop(),
  }
}

/** Asks until the answer is yes; mocha's timeout is the only impatience. */
async function eventually(question: () => Promise<boolean>): Promise<void> {
  while (!(await question())) await delay(5)
}
