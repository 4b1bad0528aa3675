/** Our machine with each family of section 12: online in the end, or failed and quiet; never in a loop. */
import { expect } from 'chai'
import fc from 'fast-check'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { type Family, families, Other } from './families.ts'
import { type Fate, Own, peerId, World } from './world.ts'

const hour = 3600_000
const ourUrl = 'https://gateway.example/oscp/fp/2.0'
const otherUrl = 'https://other.example/oscp/2.0'

interface Scene {
  readonly family: Family
  readonly starts: 'we' | 'they'
  /** What the peer is. */
  readonly role: 'cp' | 'fp'
}

async function begin({ family, starts, role }: Scene, fates: readonly Fate[], seed = 1) {
  const world = new World(fates, seed)
  const other = new Other(world, { family, url: otherUrl, ourUrl, upstream: role === 'cp' })
  if (starts === 'we') other.accepts = 'its-token-a'
  const own = new Own(world, {
    name: 'we',
    ourUrl,
    ledger: new MemoryLedger(() => world.now),
    peer: {
      id: peerId('other'),
      role,
      registration: starts === 'we' ? 'we start' : 'they start',
      url: otherUrl,
      token: starts === 'we' ? 'its-token-a' : undefined,
      profile: family.heartbeats ? {} : { heartbeats: 'none' },
    },
  })
  if (starts === 'they') other.start(await own.sessions.issueToken(own.peer.id, 168 * hour))
  await own.sessions.start()
  return { world, other, own }
}

/** What each calls the other with is what the other takes it for. */
async function agree({ other, own }: Awaited<ReturnType<typeof begin>>): Promise<boolean> {
  const address = await own.sessions.address(own.peer.id)
  const theirs = other.uses && (await own.sessions.authenticate(undefined, other.uses.token))
  return address?.token === other.accepts && address?.url === otherUrl && theirs?.scope === 'all'
}

/** Whether three messages that are refused make us doubt the registration. */
async function noticed({ own, world }: Awaited<ReturnType<typeof begin>>): Promise<boolean> {
  for (let i = 0; i < 3; i++) {
    const address = await own.sessions.address(own.peer.id)
    if (!address) break
    const body = { group_id: 'G' }
    const message = { method: 'POST', message: 'UpdateGroupMeasurements', token: address.token, body } as const
    const answer = world.send('we', address.url, { ...message, request: `probe-${i}`, correlation: undefined })
    await world.run(1000)
    await own.sessions.observed(own.peer.id, (await answer)?.status)
  }
  const { state, suspect, lastError } = await own.view()
  return state === 'OFFLINE' && suspect && lastError !== undefined
}

const fate = (hostile: boolean) =>
  fc.record<Fate>({
    lost: hostile ? fc.boolean() : fc.constant(false),
    answerLost: hostile ? fc.boolean() : fc.constant(false),
    delay: hostile ? fc.constantFrom(5, 50, 500, 5000, 30_000) : fc.constantFrom(5, 50, 500, 4000),
    answerDelay: hostile ? fc.constantFrom(5, 500, 15_000) : fc.constantFrom(5, 500, 4000),
    again: hostile ? fc.option(fc.constantFrom(10, 1000, 30_000), { nil: undefined }) : fc.constant(undefined),
  })

for (const family of families)
  describe(`A peer of the family ${family.name}`, function () {
    this.timeout(60_000)
    const scene = fc.record<Scene>({
      family: fc.constant(family),
      starts: fc.constantFrom('we', 'they'),
      role: fc.constantFrom('cp', 'fp'),
    })

    it('is online after few messages however slow the network, whoever starts', async () => {
      await fc.assert(
        fc.asyncProperty(scene, fc.array(fate(false), { maxLength: 8 }), async (given, fates) => {
          const all = await begin(given, fates)
          await all.world.run(hour)
          const log = all.world.log.filter((line) => !line.includes('Heartbeat')).join('\n')
          expect((await all.own.view()).state, log).to.equal('ONLINE')
          expect(all.other.online, log).to.equal(true)
          expect(await agree(all), log).to.equal(true)
          const sent = all.world.sent
          expect(sent, log).to.be.at.most(8)
          await all.world.run(6 * hour)
          expect(all.world.sent, all.world.log.filter((line) => !line.includes('Heartbeat')).join('\n')).to.equal(sent)
          expect((await all.own.view()).state).to.equal('ONLINE')
        }),
        { seed: 20260303, numRuns: 60 },
      )
    })

    it('is online in the end or has failed and is let be, whatever is lost, doubled or late', async () => {
      let online = 0
      await fc.assert(
        fc.asyncProperty(scene, fc.array(fate(true), { maxLength: 10 }), async (given, fates) => {
          const all = await begin(given, fates)
          await all.world.run(6 * hour)
          const log = () => all.world.log.filter((line) => !line.includes('Heartbeat')).join('\n')
          expect(all.world.sent, log()).to.be.at.most(150)
          const view = await all.own.view()
          if (view.state === 'ONLINE') {
            online++
            // A peer that overwrites its tokens and does not repeat itself is lost to us; the next call tells.
            if (!(await agree(all))) expect(await noticed(all), log()).to.equal(true)
          } else if (view.state !== 'PENDING' || view.tokenWaitsUntil === undefined || view.owed.length > 0)
            expect(view.lastError, log()).to.be.a('string')
          const sent = all.world.sent
          await all.world.run(2 * hour)
          expect(all.world.sent - sent, log()).to.be.at.most(50)
        }),
        { seed: 20260304, numRuns: 150 },
      )
      expect(online).to.be.greaterThan(20)
    })
  })
