/** The fallback that a link's configuration names: sent after each handshake, renewed, and never invented. */
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { ConfiguredFallback } from '../../../src/exchange/flows/fallback-of-link.ts'
import { Forecasts } from '../../../src/exchange/forecasts.ts'
import type { LinkId, PeerId } from '../../../src/exchange/ids.ts'
import { type Link, Links } from '../../../src/exchange/peers.ts'
import type { Receiver } from '../../../src/exchange/receivers.ts'
import { MemoryLedger } from '../../../src/state/memory/ledger.ts'
import type { Received } from '../../peers/cpo.ts'
import { openDsoScene, say as sayTo } from '../../support/dso-scene.ts'
import { eventually } from '../../support/gateway.ts'
import { cable, closeScenes, span, start, states } from '../../support/scene.ts'

const week = 7 * 24 * 3600_000
const fallback = { hub: { capacity: 50 }, depot: { capacity: 16, unit: 'A' } }

interface Body {
  readonly group_id: string
  readonly type: string
  readonly forecasted_blocks: { capacity: number; phase: string; unit: string; start_time: string; end_time: string }[]
}

const fallbacks = (received: readonly Received[]) =>
  received.map(({ body }) => body as Body).filter(({ type }) => type === 'FALLBACK_CONSUMPTION')
const shake = (gateway: Parameters<typeof sayTo>[0]) =>
  sayTo(gateway, 'handshake', { required_behaviour: { heartbeat_interval: 60, measurement_configuration: [] } })

for (const state of states)
  describe(`A configured fallback on ${state} state`, () => {
    afterEach(closeScenes)

    it('reaches a party that is online for a week, in its unit, per phase where it is a current', async () => {
      const { cpo } = await openDsoScene(state, { link: { fallback } })
      await eventually('both are there', () => fallbacks(cpo.received).length === 2)
      const byGroup = new Map(fallbacks(cpo.received).map((body) => [body.group_id, body.forecasted_blocks]))
      const times = { start_time: '2026-03-02T22:00:00.000Z', end_time: '2026-03-09T22:00:00.000Z' }
      expect(byGroup.get('hub')).to.deep.equal([{ capacity: 50, unit: 'KW', phase: 'ALL', ...times }])
      expect(byGroup.get('depot')).to.deep.equal(
        ['ONE', 'TWO', 'THREE'].map((phase) => ({ capacity: 16, unit: 'A', phase, ...times })),
      )
    })

    it('comes after each handshake before the limits, and nothing else is made up', async () => {
      const scene = await openDsoScene(state, {
        link: { fallback: { hub: { capacity: 50 } } },
        cpo: { profile: { handshakeInitiator: 'they' } },
      })
      const { cpo, caller, gateway } = scene
      await shake(gateway)
      await eventually('it is there', () => fallbacks(cpo.received).length === 1)
      await caller.sendForecast([cable('007', span('00:00', '12:00', 100)), cable('008', span('00:00', '12:00', 9))])
      const before = cpo.received.length
      await shake(gateway)
      const types = () =>
        cpo.received.slice(before).flatMap(({ body, path }) => (/update_group/.test(path) ? [(body as Body).type] : []))
      await eventually('all is there again', () => types().length === 3)
      expect(types()).to.deep.equal(['FALLBACK_CONSUMPTION', 'CONSUMPTION', 'CONSUMPTION'])
      expect(gateway.observed.alarms).to.deep.equal([])
    })

    it('that is not configured is told to a person once, and nothing is sent', async () => {
      const { cpo, gateway } = await openDsoScene(state, { cpo: { profile: { handshakeInitiator: 'they' } } })
      for (let nth = 1; nth < 4; nth++) {
        await shake(gateway)
        await eventually(
          'the handshake is done',
          () => cpo.received.filter(({ path }) => path.endsWith('/handshake_acknowledge')).length >= nth,
        )
      }
      await eventually('a person is told', () => gateway.observed.alarms.length > 0)
      expect(gateway.observed.alarms).to.deep.equal([{ alarm: 'no fallback configured', peer: 'cpo', link: 'link' }])
      expect(fallbacks(cpo.received)).to.deep.equal([])
    })
  })

describe('A configured fallback', () => {
  it('is renewed long before it ends, and not before that', async () => {
    let clock = Date.parse(start)
    const now = () => clock
    const sent: number[] = []
    const receiver: Receiver = {
      describe: () => ({}),
      peerOf: ({ modern }) => modern.id,
      send: async (_link, _about, { blocks }) => {
        sent.push(Math.max(...blocks.map(({ end }) => end)))
        return { verdict: 'accepted' }
      },
    }
    const peer = 'cpo' as PeerId
    const link = {
      id: 'link' as LinkId,
      legacy: { role: 'dso' },
      modern: { id: peer, role: 'fp' },
      fallback: new Map([['hub', { capacity: 50, unit: 'KW' }]]),
      mapping: {},
    } as unknown as Link
    const [ledger, links] = [new MemoryLedger(now), new Links([link])]
    const observer = { exchanged: () => {}, attempted: () => {}, alarm: () => {} }
    const times = { attempt: 1000, firstRetry: 10, longestRetry: 10 }
    const given = { ledger, links, observer, now }
    const forecasts = new Forecasts({ ...given, receiver, times, newId: randomUUID, random: () => 0 })
    const fallback = new ConfiguredFallback({ ...given, forecasts, grid: () => 900_000 })
    await fallback.goOn(peer)
    for (let hours = 1; hours <= 28 * 24; hours++) {
      clock += 3600_000
      for (const id of await ledger.claim(peer, 10, 60_000)) {
        expect(id).to.equal('fallback/link')
        await fallback.resume({ peer, id })
      }
      await forecasts.settled()
      // It is looked at twice a day, and then holds for half a week at least.
      expect(Math.max(...sent), `after ${hours} hours`).to.be.at.least(clock + week / 2 - 12 * 3600_000)
    }
    expect(sent.length).to.be.within(7, 9)
  })
})
