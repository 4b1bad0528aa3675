/** Events of one peer: in order, at least once, or dead with a reason; on both stores, and with several replicas on one. */
import { expect } from 'chai'
import { GatewayError } from '../../src/errors.ts'
import { Breakers } from '../../src/exchange/breaker.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { Ledger } from '../../src/exchange/ledger.ts'
import type { Dead } from '../../src/exchange/queue-record.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { eventually } from '../support/gateway.ts'
import { type Answer, type Attempt, held, names, type Replica, startReplica, usage } from '../support/queue.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const hour = 3600_000

for (const state of ['memory', 'Redis'] as const)
  describe(`Events on ${state} state`, () => {
    let server: RedisServer | undefined
    let ledger: Ledger
    let peer: PeerId
    let sent: Attempt[]
    let tests = 0
    const replicas: Replica[] = []

    before(async () => {
      if (state === 'Redis') {
        server = await startRedis()
        ledger = new RedisLedger(connectRedis({ url: server.url, commandTimeoutMs: 5000 }, () => undefined))
        await eventually('Redis is ready', () => ledger.isReady())
      } else ledger = new MemoryLedger(Date.now)
    })
    beforeEach(() => {
      peer = `peer-${++tests}` as PeerId
      sent = []
    })
    afterEach(async () => {
      await Promise.all(replicas.splice(0).map((replica) => replica.stop()))
    })
    after(async () => {
      await ledger?.close()
      await server?.stop()
    })

    const open = (answer?: Answer, more: Partial<Parameters<typeof startReplica>[0]> = {}): Replica => {
      const replica = startReplica({ ledger, peer, sent, ...(answer ? { answer } : {}), ...more })
      replicas.push(replica)
      return replica
    }
    const isEmpty = async () => (await ledger.list(peer, 'event/')).length === 0
    const emptied = () => eventually('the queue is empty', isEmpty)
    const deaths = async () => {
      const ids = (await ledger.list(peer, 'dead/')).sort()
      return Promise.all(ids.map(async (id) => (await ledger.read<Dead>({ peer, id }))!.record))
    }
    const letters = [...'abcdefghijklmnop']

    it('are sent at once, one after the other in the order they came, and then forgotten', async () => {
      const { events, alarms } = open()
      for (const name of letters) expect(await events.add(peer, usage(name))).to.equal(true)
      await emptied()
      expect(names(sent)).to.deep.equal(letters)
      expect(alarms).to.deep.equal([])
      expect(await ledger.claim(peer, 10, hour)).to.deep.equal([])
    })

    it('that come while one is on its way follow it, and never overtake', async () => {
      const first = held()
      let flying = 0
      const { events } = open(async ({ name }) => {
        expect(++flying).to.equal(1)
        const outcome = name === 'a' ? await first.answer : ({ verdict: 'done' } as const)
        flying--
        return outcome
      })
      await events.add(peer, usage('a'))
      await eventually('it is being sent', () => sent.length === 1)
      await Promise.all(letters.slice(1).map((name) => events.add(peer, usage(name))))
      expect(names(sent)).to.deep.equal(['a'])
      first.give({ verdict: 'done' })
      await emptied()
      expect(names(sent)).to.deep.equal(letters)
    })

    it('of two replicas become one queue with one sender, and none is lost or sent twice', async () => {
      let flying = 0
      let most = 0
      const answer: Answer = async () => {
        most = Math.max(most, ++flying)
        await new Promise(setImmediate)
        flying--
        return { verdict: 'done' }
      }
      const two = [open(answer, { name: 'one' }), open(answer, { name: 'two' })]
      const all = Array.from({ length: 60 }, (_, i) => `${i}`)
      await Promise.all(all.map((name, i) => two[i % 2]!.events.add(peer, usage(name))))
      await emptied()
      expect(names(sent)).to.have.members(all)
      expect(most).to.equal(1)
      // What one replica took in order is sent in that order.
      for (const side of [0, 1]) {
        const own = names(sent).filter((name) => Number(name) % 2 === side)
        expect(own).to.deep.equal(all.filter((name) => Number(name) % 2 === side))
      }
    })

    it('are recorded as sent although thousands more are being added, so that none is taken for lost', async () => {
      const { events } = open(undefined, { options: { limit: 10_000 } })
      const all = Array.from({ length: 2500 }, (_, i) => `${i}`)
      await Promise.all(all.map((name) => events.add(peer, usage(name))))
      // Not by looking into the queue again and again: that lists thousands of records, and is what would take the time.
      await eventually('all were sent', () => sent.length >= all.length, 9000)
      await emptied()
      expect(names(sent)).to.deep.equal(all)
    })

    it('are added together with changes of the same peer, or not at all when somebody changed those first', async () => {
      const { events } = open()
      const also = { id: 'meter/x', revision: 0, write: { record: 1, due: 'not due', keepFor: hour } } as const
      expect(await events.add(peer, usage('a'), [also])).to.equal(true)
      expect((await ledger.read({ peer, id: 'meter/x' }))?.record).to.equal(1)
      expect(await events.add(peer, usage('b'), [also])).to.equal(false)
      expect(await events.add(peer, usage('c'), [{ ...also, revision: 1 }])).to.equal(true)
      await emptied()
      expect(names(sent)).to.deep.equal(['a', 'c'])
    })

    it('are forgotten together with what follows from them; if that was changed meanwhile they are sent once more', async () => {
      const key = { peer, id: 'meter/x' }
      await ledger.write(key, 0, { record: 'before', due: 'not due', keepFor: hour })
      const { events } = open(async ({ attempt }) => {
        const { revision } = (await ledger.read(key))!
        const record = `after attempt ${attempt}`
        if (attempt === 1) await ledger.write(key, revision, { record: 'theirs', due: 'not due', keepFor: hour })
        return { verdict: 'done', also: [{ id: key.id, revision, write: { record, due: 'not due', keepFor: hour } }] }
      })
      await events.add(peer, usage('a'))
      await emptied()
      expect(sent.map(({ attempt }) => attempt)).to.deep.equal([1, 2])
      const { record, revision } = (await ledger.read(key))!
      expect({ record, revision }).to.deep.equal({ record: 'after attempt 2', revision: 3 })
    })

    it('that may pass later, or whose sending fails, are tried again and hold up the others meanwhile', async () => {
      const { events, alarms, attempts } = open(({ name, attempt }) => {
        if (name === 'a' && attempt === 1) return { verdict: 'later', sentence: 'busy' }
        if (name === 'a' && attempt === 2) throw new Error('of no kind')
        return { verdict: 'done' }
      })
      for (const name of ['a', 'b', 'c']) await events.add(peer, usage(name))
      await emptied()
      expect(sent.map(({ name, attempt }) => `${name}${attempt}`)).to.deep.equal(['a1', 'a2', 'a3', 'b1', 'c1'])
      expect(alarms).to.deep.equal(['peer unavailable'])
      expect(attempts.map(({ outcome }) => outcome)).to.deep.equal([
        'unavailable',
        'unavailable',
        'accepted',
        'accepted',
        'accepted',
      ])
      expect(attempts[0]).to.include({
        message: 'usage',
        group: '007',
        sentence: 'busy',
        attempt: 1,
      })
    })

    it('wait as long as the peer asks for, an hour at most, unless it comes back before', async () => {
      for (const [asked, waits] of [
        [1800_000, 1800_000],
        [48 * hour, hour],
      ] as const) {
        const { events, attempts } = open(({ attempt }) =>
          attempt === 1 ? { verdict: 'later', sentence: 'busy', retryAfterMs: asked } : { verdict: 'done' },
        )
        await events.add(peer, usage('a'))
        await eventually('the first attempt is over', () => attempts.length === 1)
        expect(attempts[0]!.retryInMs).to.equal(waits)
        expect(await isEmpty()).to.equal(false)
        await events.hasten(peer)
        await emptied()
      }
    })

    it('that the peer refuses end in the dead list with the reason, and those behind them are sent', async () => {
      const { events, alarms } = open(({ name }) =>
        name === 'b' ? { verdict: 'dead', reason: 'The party said no.' } : { verdict: 'done' },
      )
      const at = Date.now()
      for (const name of ['a', 'b', 'c']) await events.add(peer, usage(name, { at }))
      await emptied()
      expect(names(sent)).to.deep.equal(['a', 'b', 'c'])
      const [dead, ...others] = await deaths()
      expect(others).to.deep.equal([])
      expect(dead).to.deep.include({ kind: 'usage', reason: 'The party said no.', attempts: 1, group: '007' })
      expect(dead!.event).to.deep.equal(JSON.parse(JSON.stringify(usage('b', { at }))))
      expect(alarms).to.deep.equal(['message given up'])
    })

    it('say of every attempt how long it took and what the answer was, and of what was not tried nothing', async () => {
      let now = 1_000_000
      const { events, attempts } = open(
        ({ name, attempt }) => {
          now += 70
          if (name === 'b') return { verdict: 'dead', reason: 'no', status: 422 }
          return attempt === 1 ? { verdict: 'later', sentence: 'busy', status: 503 } : { verdict: 'done', status: 204 }
        },
        { now: () => now },
      )
      await events.add(peer, usage('a', { at: now }))
      await emptied()
      await events.add(peer, usage('b', { at: now }))
      await events.add(peer, usage('c', { at: now, expires: now - 1 }))
      await emptied()
      const said = attempts.map(({ outcome, status, durationMs }) => [outcome, status, durationMs])
      expect(said).to.deep.equal([
        ['unavailable', 503, 70],
        ['accepted', 204, 70],
        ['refused', 422, 70],
        ['expired', undefined, undefined],
      ])
    })

    it('that expire while they wait are dead without another attempt, and so are those too old once an attempt fails', async () => {
      let now = Date.now()
      const { events, attempts } = open(() => ({ verdict: 'later', sentence: 'busy' }), { now: () => now })
      await events.add(peer, usage('a', { at: now, expires: now + 1000 }))
      await events.add(peer, usage('b', { at: now }))
      await eventually('there were attempts', () => sent.length > 1)
      expect(await deaths()).to.deep.equal([])
      now += 1000
      await eventually('the first is dead', async () => (await deaths()).length === 1)
      await eventually('the second is tried', () => names(sent).includes('b'))
      now += hour
      await emptied()
      expect((await deaths()).map(({ reason }) => reason)).to.deep.equal([
        'It expired before it could be delivered.',
        'Not delivered within 1 hours. busy',
      ])
      const ends = attempts.filter(({ outcome }) => outcome !== 'unavailable')
      expect(ends.map(({ outcome }) => outcome)).to.deep.equal(['expired', 'expired'])
    })

    it('are refused when too many wait, and nothing is changed or thrown away for them', async () => {
      const endless = held()
      const { events } = open(() => endless.answer, { options: { limit: 3 } })
      for (const name of ['a', 'b', 'c']) await events.add(peer, usage(name))
      const also = { id: 'meter/x', revision: 0, write: { record: 1, due: 'not due', keepFor: hour } } as const
      const refused = await events.add(peer, usage('d'), [also]).catch((error: unknown) => error)
      expect(refused).to.be.instanceOf(GatewayError).with.property('kind', 'peer-unavailable')
      expect(await ledger.list(peer, 'event/')).to.have.length(3)
      expect(await ledger.read({ peer, id: 'meter/x' })).to.equal(undefined)
      endless.give({ verdict: 'done' })
    })

    it('leave only so many dead behind, the newest', async () => {
      const { events, alarms } = open(({ name }) => ({ verdict: 'dead', reason: name }), {
        options: { dead: { keepFor: hour, limit: 3 } },
      })
      for (const name of letters.slice(0, 5)) await events.add(peer, usage(name))
      await emptied()
      expect((await deaths()).map(({ reason }) => reason)).to.deep.equal(['c', 'd', 'e'])
      expect(alarms.filter((alarm) => alarm === 'dead list full')).to.have.length(2)
    })

    it('wait while the peer is spared, one attempt at a time looking for it, and all go when it is back', async () => {
      let isBack = false
      const breakers = sparing(20)
      const answer: Answer = () => (isBack ? { verdict: 'done' } : { verdict: 'later', sentence: 'away' })
      const { events } = open(answer, { options: { breakers }, times: { firstRetry: 0, longestRetry: 0 } })
      for (const name of ['a', 'b', 'c']) await events.add(peer, usage(name))
      await eventually('the circuit is open', () => breakers.circuits()[0]?.state === 'open')
      await eventually('it was looked for again', () => sent.length >= 4)
      isBack = true
      await emptied()
      expect(breakers.circuits()[0]?.state).to.equal('closed')
      expect(names(sent).filter((name) => name !== 'a')).to.deep.equal(['b', 'c'])
    })

    it('that have just come to an empty queue are tried at once, although the peer is spared', async () => {
      const breakers = sparing(hour)
      for (let failure = 0; failure < 2; failure++) breakers.report(peer, false)
      const { events } = open(undefined, { options: { breakers } })
      await events.add(peer, usage('a'))
      await emptied()
      expect(names(sent)).to.deep.equal(['a'])
      expect(breakers.circuits()[0]?.state).to.equal('closed')
    })

    it('that something else deleted are passed over, with an alarm', async () => {
      const first = held()
      const { events, alarms } = open(({ name }) => (name === 'a' ? first.answer : { verdict: 'done' }))
      for (const name of ['a', 'b', 'c']) await events.add(peer, usage(name))
      const [, second] = (await ledger.list(peer, 'event/')).sort()
      await ledger.remove({ peer, id: second! }, 1)
      first.give({ verdict: 'done' })
      await emptied()
      expect(names(sent)).to.deep.equal(['a', 'c'])
      expect(alarms).to.deep.equal(['event missing'])
    })

    it('of a sender that vanished are sent by another when its lease ends, in order', async () => {
      const gone = startReplica({ ledger: frozen(ledger), peer, sent, name: 'gone', answer: () => held().answer })
      for (const name of ['a', 'b', 'c']) await gone.events.add(peer, usage(name))
      await gone.abandon()
      open(undefined, { name: 'other' })
      await emptied()
      expect(sent.map(({ name, by }) => `${name} ${by}`)).to.deep.equal(['a gone', 'a other', 'b other', 'c other'])
    })

    it('whose sending takes longer than a lease are still sent by one only', async () => {
      const slow = held()
      const answer: Answer = ({ name }) => (name === 'a' ? slow.answer : { verdict: 'done' })
      const { events } = open(answer, { name: 'slow' })
      open(answer, { name: 'other' })
      await events.add(peer, usage('a'))
      await events.add(peer, usage('b'))
      await new Promise((resolve) => setTimeout(resolve, 1200)) // more than two leases, of which a wrong one would make use
      expect(sent).to.have.length(1)
      slow.give({ verdict: 'done' })
      await emptied()
      expect(sent.map(({ name, by }) => `${name} ${by}`)).to.deep.equal(['a slow', 'b slow'])
    })

    it('that are left when a process stops are sent by the next one', async () => {
      const first = held()
      const { events, stop } = open(({ name }) => (name === 'a' ? first.answer : { verdict: 'done' }))
      for (const name of ['a', 'b']) await events.add(peer, usage(name))
      await eventually('the first is being sent', () => sent.length === 1)
      const stopped = stop()
      await events.add(peer, usage('c'))
      first.give({ verdict: 'done' })
      await stopped
      expect(names(sent)).to.deep.equal(['a'])
      open(undefined, { name: 'next' })
      await emptied()
      expect(names(sent)).to.deep.equal(['a', 'b', 'c'])
    })
  })

describe('Events while Redis is away', () => {
  const peer = 'dso' as PeerId
  const cleanup: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const undo of cleanup.splice(0).reverse()) await undo()
  })

  async function open(answer: Answer) {
    const server = await startRedis()
    cleanup.push(() => server.stop())
    const ledger = new RedisLedger(connectRedis({ url: server.url, commandTimeoutMs: 200 }, () => undefined))
    cleanup.push(() => ledger.close())
    await eventually('Redis is ready', () => ledger.isReady())
    const sent: Attempt[] = []
    const replica = startReplica({ ledger, peer, sent, answer, times: { attempt: 3000, leaseMargin: 3000 } })
    cleanup.push(() => replica.stop())
    return { server, ledger, sent, replica }
  }

  it('are refused, so that nobody acknowledges what is not stored', async () => {
    const { server, sent, replica } = await open(() => ({ verdict: 'done' }))
    server.pause()
    const refused = await replica.events.add(peer, usage('a')).catch((error: unknown) => error)
    server.resume()
    expect(refused).to.be.instanceOf(GatewayError).with.property('kind', 'state-unavailable')
    expect(sent).to.deep.equal([])
  })

  it('for a moment after one was sent are recorded a little later, and nothing is sent twice', async () => {
    const first = held()
    const { server, ledger, sent, replica } = await open(({ name }) =>
      name === 'a' ? first.answer : { verdict: 'done' },
    )
    for (const name of ['a', 'b']) await replica.events.add(peer, usage(name))
    await eventually('it is on its way', () => sent.length === 1)
    server.pause()
    first.give({ verdict: 'done' })
    await eventually('Redis is missed', async () => !(await ledger.isReady()))
    server.resume()
    const isEmpty = () =>
      ledger.list(peer, 'event/').then(
        (ids) => ids.length === 0,
        () => false,
      )
    await eventually('the queue is empty', isEmpty)
    expect(names(sent)).to.deep.equal(['a', 'b'])
  })
})

/** Spares a peer after two failures, and looks for it after this many milliseconds. */
function sparing(firstPause: number): Breakers {
  const quiet = { now: Date.now, random: () => 0.5, onChange: () => undefined }
  return new Breakers({ threshold: 2, firstPause, longestPause: 2 * firstPause, lookMs: 1000, ...quiet })
}

/** A process that writes what it is asked to, and then never again: its lease is not renewed. */
function frozen(ledger: Ledger): Ledger {
  let writes = 0
  return new Proxy(ledger, {
    get(target, name) {
      const method = target[name as keyof Ledger] as (...args: unknown[]) => unknown
      if (name === 'writeAll')
        return (...args: unknown[]) => (++writes > 3 ? new Promise(() => {}) : method.apply(target, args))
      if (name === 'claim') return async () => []
      return method.bind(target)
    },
  })
}
