/** Two gateways of our own, whatever the network does: registered and online in the end, with one reading of every token. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Ledger } from '../../src/exchange/ledger.ts'
import { hashOf } from '../../src/session/tokens.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { type Fate, Own, peerId, World } from './world.ts'

const hour = 3600_000
const cpUrl = 'https://dso.example/oscp/cp/2.0'
const fpUrl = 'https://cpo.example/oscp/fp/2.0'

type Start = 'cp starts' | 'fp starts' | 'both start'

interface Pair {
  readonly world: World
  /** The gateway that is a capacity provider. */
  readonly cp: Own
  readonly fp: Own
}

/** TOKEN_A has been handed over out of band, to whoever is to start. */
async function pair(
  start: Start,
  fates: readonly Fate[],
  ledgers?: readonly [Ledger, Ledger],
  seed = 1,
): Promise<Pair> {
  const world = new World(fates, seed)
  const [one, two] = ledgers ?? [new MemoryLedger(() => world.now), new MemoryLedger(() => world.now)]
  const make = (cpToken: string | undefined, fpToken: string | undefined) => {
    const cp = new Own(world, {
      name: 'cp',
      ourUrl: cpUrl,
      ledger: one,
      peer: {
        id: peerId(`fp${seed}`),
        role: 'fp',
        registration: cpToken === undefined ? 'they start' : 'we start',
        url: fpUrl,
        token: cpToken,
      },
    })
    const fp = new Own(world, {
      name: 'fp',
      ourUrl: fpUrl,
      ledger: two,
      peer: {
        id: peerId(`cp${seed}`),
        role: 'cp',
        registration: fpToken === undefined ? 'they start' : 'we start',
        url: cpUrl,
        token: fpToken,
      },
    })
    return { world, cp, fp }
  }
  const before = make(undefined, undefined)
  const cpToken = start === 'fp starts' ? undefined : await before.fp.sessions.issueToken(before.fp.peer.id, 168 * hour)
  const fpToken = start === 'cp starts' ? undefined : await before.cp.sessions.issueToken(before.cp.peer.id, 168 * hour)
  world.agendas.length = 0
  return make(cpToken, fpToken)
}

async function bothOnline({ cp, fp }: Pair): Promise<boolean> {
  return (await cp.view()).state === 'ONLINE' && (await fp.view()).state === 'ONLINE'
}

/** What each calls the other with is what the other takes it for. */
async function agree({ cp, fp }: Pair): Promise<void> {
  for (const [caller, called] of [
    [cp, fp],
    [fp, cp],
  ] as const) {
    const address = await caller.sessions.address(caller.peer.id)
    expect(address, `${caller.name} knows where to call`).not.to.equal(undefined)
    const who = await called.sessions.authenticate(undefined, address!.token)
    expect(who, `${called.name} knows the token of ${caller.name}`).to.include({ peer: called.peer.id, scope: 'all' })
    expect(address!.url).to.equal(caller === cp ? fpUrl : cpUrl)
  }
}

const starts = fc.constantFrom<Start>('cp starts', 'fp starts', 'both start')
const fate = fc.record<Fate>({
  lost: fc.boolean(),
  answerLost: fc.boolean(),
  delay: fc.constantFrom(5, 50, 500, 5000, 30_000, 90_000),
  answerDelay: fc.constantFrom(5, 500, 15_000),
  again: fc.option(fc.constantFrom(10, 1000, 30_000, 400_000), { nil: undefined }),
})
const fates = fc.array(fate, { maxLength: 14 })
const settings = { seed: 20260302, numRuns: 200 }

describe('Two gateways that register with each other', function () {
  this.timeout(120_000)

  for (const start of ['cp starts', 'fp starts', 'both start'] as const)
    it(`are online soon when nothing goes wrong and ${start}`, async () => {
      const two = await pair(start, [])
      await Promise.all([two.cp.sessions.start(), two.fp.sessions.start()])
      await two.world.run(10_000)
      expect(await bothOnline(two), two.world.log.join('\n')).to.equal(true)
      await agree(two)
      expect(two.world.sent).to.be.at.most(6)
      await two.world.run(24 * hour)
      expect(two.world.sent, 'no more messages in a day').to.be.at.most(6)
      expect(await bothOnline(two)).to.equal(true)
    })

  it('are online in the end, after a bounded number of messages, whatever is lost, doubled or late', async () => {
    await fc.assert(
      fc.asyncProperty(starts, fates, fc.integer({ min: 1, max: 1e6 }), async (start, given, seed) => {
        const two = await pair(start, given, undefined, seed)
        await Promise.all([two.cp.sessions.start(), two.fp.sessions.start()])
        await two.world.run(3 * hour)
        const log = two.world.log.filter((line) => !line.includes('Heartbeat')).join('\n')
        expect(await bothOnline(two), log).to.equal(true)
        await agree(two)
        const sent = two.world.sent
        expect(sent, log).to.be.at.most(60)
        await two.world.run(3 * hour)
        expect(two.world.sent, log).to.equal(sent)
        expect(await bothOnline(two), log).to.equal(true)
      }),
      settings,
    )
  })

  it('agree again after tokens were changed on either side, at once, under the same conditions', async () => {
    await fc.assert(
      fc.asyncProperty(starts, fates, fc.integer({ min: 0, max: 2 }), async (start, given, who) => {
        const two = await pair(start, [])
        await Promise.all([two.cp.sessions.start(), two.fp.sessions.start()])
        await two.world.run(hour)
        two.world.fates.push(...given)
        const before = await two.cp.sessions.address(two.cp.peer.id)
        if (who !== 1) await two.fp.sessions.rotate(two.fp.peer.id)
        if (who !== 0) await two.cp.sessions.rotate(two.cp.peer.id)
        await two.world.run(3 * hour)
        const log = two.world.log.filter((line) => !line.includes('Heartbeat')).join('\n')
        expect(await bothOnline(two), log).to.equal(true)
        await agree(two)
        expect(two.world.sent, log).to.be.at.most(70)
        if (who !== 1) {
          expect((await two.cp.sessions.address(two.cp.peer.id))!.token).not.to.equal(before!.token)
          expect(await two.fp.sessions.authenticate(undefined, before!.token)).to.equal(undefined)
        }
      }),
      { ...settings, numRuns: 100 },
    )
  })

  it('burn the TOKEN_A of a registration, and no other', async () => {
    const two = await pair('cp starts', [])
    const tokenA = two.cp.peer.token!
    expect(await two.fp.sessions.authenticate('fp', tokenA)).to.include({ scope: 'register' })
    await two.cp.sessions.start()
    await two.world.run(10_000)
    expect(await two.fp.sessions.authenticate('fp', tokenA)).to.equal(undefined)
    const next = await two.fp.sessions.issueToken(two.fp.peer.id, hour)
    expect(await two.fp.sessions.authenticate('fp', next)).to.include({ scope: 'register' })
    await two.world.run(2 * hour)
    expect(await two.fp.sessions.authenticate('fp', next)).to.equal(undefined)
    expect(await bothOnline(two)).to.equal(true)
  })

  it('keep no token in the clear', async () => {
    const two = await pair('cp starts', [])
    await two.cp.sessions.start()
    await two.world.run(10_000)
    const stored = JSON.stringify(await two.cp.agenda.read({ peer: two.cp.peer.id, id: 'session' }))
    for (const token of [(await two.cp.sessions.address(two.cp.peer.id))!.token, two.cp.peer.token!])
      expect(stored).not.to.include(token)
    expect(stored).to.include(hashOf((await two.fp.sessions.address(two.fp.peer.id))!.token))
  })
})

const kinds: { name: string; open: () => Promise<() => Ledger>; shut: () => Promise<void> }[] = [
  { name: 'memory', open: async () => () => new MemoryLedger(Date.now), shut: async () => {} },
  redisKind(),
]

for (const { name, open, shut } of kinds)
  describe(`Two gateways on ${name}, one of which dies`, function () {
    this.timeout(120_000)
    let ledger: () => Ledger
    before(async () => {
      ledger = await open()
    })
    after(shut)

    for (const start of ['cp starts', 'fp starts', 'both start'] as const)
      for (const victim of ['cp', 'fp'] as const)
        it(`are online in the end at whichever write ${victim} dies, when ${start}`, async () => {
          for (let write = 0; write < 12; write++)
            for (const when of ['before', 'after'] as const) {
              const seed =
                1 + write * 2 + (when === 'after' ? 1 : 0) + 100 * start.length + (victim === 'cp' ? 1000 : 0)
              const two = await pair(start, [], [ledger(), ledger()], seed)
              two[victim].agenda.diesAt = { write, when }
              await Promise.all([two.cp.sessions.start(), two.fp.sessions.start()].map((p) => p.catch(() => {})))
              await two.world.run(2 * hour)
              expect(two.world.log.join('\n')).to.match(/ dies/)
              expect(await bothOnline(two), `${write} ${when}\n${two.world.log.join('\n')}`).to.equal(true)
              await agree(two)
            }
        })
  })

function redisKind() {
  let server: RedisServer
  let ledger: Ledger
  return {
    name: 'Redis',
    open: async () => {
      server = await startRedis()
      ledger = new RedisLedger(connectRedis({ url: server.url, commandTimeoutMs: 5_000 }, () => {}))
      while (!(await ledger.isReady())) await delay(10)
      return () => ledger
    },
    shut: async () => {
      await ledger?.close()
      await server?.stop()
    },
  }
}
