/** What an operator's Prometheus reads from a running gateway. */
import { expect } from 'chai'
import { eventually, startTestGateway } from '../support/gateway.ts'
import { cable, closeLater, closeScenes, openScene, span, states } from '../support/scene.ts'
import { envelope, heartbeat, mediaTypes, send } from '../support/soap.ts'
import { scrape, sumOf } from './scrape.ts'

const up = { peer: 'dso', operation: 'UpdateCableCapacityForecast', direction: 'toModern' }
/** What is read from the state is read every few seconds only. */
const aWhile = 15_000

for (const state of states)
  describe(`Metrics on ${state} state`, function () {
    this.timeout(30_000)
    afterEach(closeScenes)

    it('count exchanges, deliveries, fields and time per party and operation', async () => {
      const { dso, gateway } = await openScene(state)
      const { length } = await scrape(gateway.adminUrl)
      expect(length).to.be.above(50)
      await dso.sendForecast([cable('c1', span('06:00', '07:00', 96.4)), cable('c2', span('06:00', '07:00', 96.4))])
      const samples = await scrape(gateway.adminUrl)
      expect(sumOf(samples, 'exchanges_total', { ...up, outcome: 'accepted' })).to.equal(1)
      expect(sumOf(samples, 'exchange_duration_seconds_count', { ...up, outcome: 'accepted' })).to.equal(1)
      const down = { peer: 'cpo', operation: 'UpdateGroupCapacityForecast' }
      expect(sumOf(samples, 'deliveries_total', { ...down, outcome: 'accepted' })).to.equal(2)
      expect(sumOf(samples, 'delivery_delay_seconds_count', down)).to.equal(2)
      const message = { message: 'update-cable-capacity-forecast', direction: 'toModern' }
      expect(sumOf(samples, 'translations_total', { ...message, fidelity: 'exact' })).to.equal(2)
      expect(sumOf(samples, 'fields_total', { ...message, verb: 'filled' })).to.be.at.least(2)
      expect(sumOf(samples, 'fields_total', { ...message, verb: 'dropped' })).to.equal(undefined)
    })

    it('say what the state holds: how far limits reach, what is owed, who is there', async () => {
      const { cpo, dso, gateway, clock } = await openScene(state)
      await dso.sendForecast([cable('c1', span('06:00', '07:00', 11)), cable('c2', span('06:00', '08:00', 11))])
      cpo.behave(() => ({ status: 503 }))
      await dso.sendForecast([cable('c3', span('06:00', '09:00', 11))])
      const samples = await scrape(gateway.adminUrl)
      expect(sumOf(samples, 'state_up')).to.equal(1)
      const left = (Date.parse('2026-03-03T08:00:00Z') - clock()) / 1000
      expect(sumOf(samples, 'forecast_horizon_seconds', { link: 'link' })).to.be.closeTo(left, 30)
      expect(sumOf(samples, 'forecast_groups', { link: 'link', limit: 'covered' })).to.equal(2)
      expect(sumOf(samples, 'limits_owed', { peer: 'cpo' })).to.equal(1)
      expect(sumOf(samples, 'limits_owed_oldest_seconds', { peer: 'cpo' })).to.be.within(0, 30)
      expect(sumOf(samples, 'agenda_records', { peer: 'cpo' })).to.be.at.least(1)
      expect(sumOf(samples, 'peer_online', { peer: 'cpo' })).to.equal(1)
      expect(sumOf(samples, 'legacy_alive', { peer: 'dso' })).to.equal(1)
      expect(sumOf(samples, 'heartbeat_age_seconds', { peer: 'dso' })).to.be.within(0, 30)
      expect(sumOf(samples, 'deliveries_total', { peer: 'cpo', outcome: 'unavailable' })).to.be.at.least(1)
      expect(sumOf(samples, 'alarms_total', { alarm: 'peer unavailable' })).to.equal(1)
      await eventually('the circuit is open', async () => {
        const now = await scrape(gateway.adminUrl)
        return sumOf(now, 'circuit_state', { peer: 'cpo', state: 'closed' }) === 0
      })
      cpo.behave(() => undefined)
      await eventually(
        'nothing is owed any more, and limits reach further',
        async () => {
          const now = await scrape(gateway.adminUrl)
          const horizon = sumOf(now, 'forecast_horizon_seconds', { link: 'link' }) ?? 0
          return sumOf(now, 'limits_owed', { peer: 'cpo' }) === 0 && horizon > left + 3000
        },
        aWhile,
      )
    })
  })

describe('Metrics', function () {
  this.timeout(30_000)
  afterEach(closeScenes)

  it('are served while Redis is away, say so, and leave out what they cannot know', async () => {
    const { redis, gateway } = await openScene('Redis')
    await redis!.kill()
    const samples = await scrape(gateway.adminUrl)
    expect(sumOf(samples, 'state_up')).to.equal(0)
    expect(sumOf(samples, 'agenda_records')).to.equal(undefined)
    expect(sumOf(samples, 'peer_online')).to.equal(undefined)
    expect(sumOf(samples, 'build_info')).to.equal(1)
  })

  it('are served in time while Redis hangs', async () => {
    const { redis, gateway } = await openScene('Redis')
    redis!.pause()
    expect(sumOf(await scrape(gateway.adminUrl), 'state_up')).to.equal(0)
    redis!.resume()
  })

  it('know of no more parties and operations than configuration and contracts have, whatever is sent', async () => {
    const gateway = closeLater(
      await startTestGateway({
        config: {
          peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: 'http://127.0.0.1:9/', token: 't' } },
          links: { link: { legacy: 'dso', modern: 'cpo' } },
        },
      }),
    )
    const headers = { 'content-type': mediaTypes['1.1'] }
    for (let i = 0; i < 20; i++) {
      await send(`${gateway.soapUrl}/oscp/1.0/nobody-${i}`, { headers, body: envelope('1.1', heartbeat) })
      await send(`${gateway.soapUrl}/oscp/1.0/dso`, { headers, body: envelope('1.1', `<x${i}/>`) })
      await fetch(`${gateway.restUrl}/oscp/cp/2.0/nothing-${i}`, { method: 'POST', body: '{}' })
    }
    const samples = await scrape(gateway.adminUrl)
    const values = (label: string) => new Set(samples.flatMap(({ labels }) => labels[label] ?? []))
    expect([...values('peer')].sort()).to.deep.equal(['cpo', 'dso', 'none'])
    expect([...values('operation')]).to.deep.equal(['none'])
    expect(sumOf(samples, 'refused_total', { kind: 'peer-unknown' })).to.be.at.least(20)
    expect(sumOf(samples, 'exchanges_total')).to.equal(60)
  })

  it('hold what happened at most once to zero before it does, and name what runs', async () => {
    const { gateway } = await openScene('memory')
    const samples = await scrape(gateway.adminUrl)
    expect(sumOf(samples, 'alarms_total', { alarm: 'delivered but not recorded' })).to.equal(0)
    expect(sumOf(samples, 'refused_total', { kind: 'message-replayed' })).to.equal(0)
    const mapping = samples.find(({ name, labels }) => /mapping_info$/.test(name) && labels.mapping?.startsWith('oscp'))
    expect(mapping?.labels.hash).to.match(/^[0-9a-f]{16}$/)
    expect(samples.map(({ name }) => name)).to.include.members([
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
    ])
  })
})
