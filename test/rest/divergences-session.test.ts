/** Rows D-11 to D-19 and D-42 of protocol/oscp-2.0.md section 12: handshakes, heartbeats and how times are written. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { loadConfig } from '../../src/config.ts'
import type { Habits } from '../peers/party.ts'
import { type Pair, type PairOptions, startPair } from './gateway.ts'
import { block, forecast, gridToken, type House, openHouse } from './house.ts'

const grid = { authorization: `Token ${gridToken}` }
const limit = '/oscp/fp/2.0/update_group_capacity_forecast'

describe('Divergences of the session', function () {
  // Handshakes come half a second after a registration, on purpose, and machines may be busy.
  this.timeout(40_000)

  const pairs: Pair[] = []
  const online = async (habits: Habits, options: PairOptions = {}) => {
    const pair = await startPair({ habits, ...options })
    pairs.push(pair)
    await pair.online()
    return pair
  }
  afterEach(async () => {
    for (const pair of pairs.splice(0)) await pair.stop()
  })
  let house: House
  before(async () => {
    house = await openHouse()
  })
  after(() => house.stop())

  it('D-11 handshake body: sent wrapped (flat by profile), taken wrapped, flat and misspelled; wrapped wins', async () => {
    const { peer } = await online({})
    expect(peer.got('handshake')[0]!.body).to.deep.equal({
      required_behaviour: { heartbeat_interval: 60, measurement_configuration: ['CONTINUOUS'] },
    })
    const flat = await online({}, { profile: { handshakeBody: 'flat' } })
    expect(flat.peer.got('handshake')[0]!.body).to.deep.equal({
      heartbeat_interval: 60,
      measurement_configuration: ['CONTINUOUS'],
    })
    const demands = { heartbeat_interval: 42, measurement_configuration: ['INTERMITTENT'] }
    for (const handshake of [
      { required_behaviour: demands },
      { required_behavior: demands },
      demands,
      { required_behaviour: demands, heartbeat_interval: 7, measurement_configuration: [] },
    ]) {
      const view = await (await online({ handshake }, { role: 'cp' })).view()
      expect([view.theyAsk, view.measurementConfiguration]).to.deep.equal([42, ['INTERMITTENT']])
    }
  })

  it('D-12 measurement_configuration: sent with at least one style; taken missing, null, empty, repeated or unknown', async () => {
    const { peer } = await online({}, { profile: { measurementConfiguration: ['CONTINUOUS', 'INTERMITTENT'] } })
    const sent = peer.got('handshake')[0]!.body.required_behaviour as { measurement_configuration: string[] }
    expect(sent.measurement_configuration).to.deep.equal(['CONTINUOUS', 'INTERMITTENT'])
    for (const [given, taken] of [
      [undefined, []],
      [null, []],
      [[], []],
      ['INTERMITTENT', ['INTERMITTENT']],
      [['CONTINUOUS', 'CONTINUOUS', 'SOMETIMES'], ['CONTINUOUS']],
    ] as const) {
      const required_behaviour = { heartbeat_interval: 60, measurement_configuration: given }
      const view = await (await online({ handshake: { required_behaviour } }, { role: 'cp' })).view()
      expect(view.measurementConfiguration).to.deep.equal(taken)
    }
  })

  it('D-13 heartbeat_interval: sent as a whole number always; taken as number, 60.0, text, or not at all', async () => {
    const { peer } = await online({}, { profile: { heartbeatInterval: '90s' } })
    expect(peer.got('handshake')[0]!.raw).to.include('"heartbeat_interval":90,')
    for (const [given, taken] of [
      [60.0, 60],
      ['60', 60],
      ['60.0', 60],
      [undefined, undefined],
      [null, undefined],
    ] as const) {
      const required_behaviour = { heartbeat_interval: given, measurement_configuration: [] }
      const view = await (await online({ handshake: { required_behaviour } }, { role: 'cp' })).view()
      expect(view.theyAsk, String(given)).to.equal(taken)
    }
  })

  it('D-14 acknowledgement: sent with our own demands or empty; taken empty, null, with empty demands, as an echo, with a heartbeat', async () => {
    const demanding = await online({}, { role: 'cp' })
    expect((await demanding.peer.waitFor('handshake_acknowledge')).body).to.deep.equal({
      required_behaviour: { heartbeat_interval: 60, measurement_configuration: [] },
    })
    const modest = await online({}, { role: 'cp', profile: { heartbeats: 'none' } })
    expect((await modest.peer.waitFor('handshake_acknowledge')).raw).to.equal('{}')
    const at = new Date(Date.now() + 100_000).toISOString()
    for (const acknowledges of [
      () => ({}),
      () => null,
      () => undefined,
      () => ({ required_behaviour: {} }),
      () => ({ required_behaviour: null }),
      (handshake: unknown) => handshake,
    ])
      await online({ acknowledges })
    const alive = await online({ acknowledges: () => ({ offline_mode_at: at }) })
    expect((await alive.view()).offlineAt).to.equal(Date.parse(at))
  })

  it('D-15 correlation of the acknowledgement: sent always, needed only where the profile says so', async () => {
    const { peer } = await online({}, { role: 'cp' })
    const acknowledgement = await peer.waitFor('handshake_acknowledge')
    expect(acknowledgement.headers['x-correlation-id']).to.be.a('string')
    await online({ correlates: false })
    const strict = await startPair({ habits: { correlates: false }, profile: { requireCorrelation: true } })
    pairs.push(strict)
    await strict.peer.register(strict.ours, await strict.token())
    await strict.peer.waitFor('handshake')
    await sleep(200)
    expect((await strict.view()).state).to.equal('REGISTERED')
  })

  it('D-16 direction of the handshake: ours downstream or as the profile says; theirs taken from either side', async () => {
    expect((await online({})).peer.got('handshake')).to.have.length(1)
    const upstream = await online({}, { role: 'cp' })
    expect(upstream.peer.got('handshake')).to.have.length(0)
    const turned = await startPair({ role: 'cp', profile: { handshakeInitiator: 'we' } })
    pairs.push(turned)
    await turned.peer.register(turned.ours, await turned.token())
    await turned.peer.waitFor('handshake')
    await turned.until(({ state }) => state === 'ONLINE')
    const fromBelow = await startPair({ profile: { handshakeInitiator: 'they' } })
    pairs.push(fromBelow)
    await fromBelow.peer.register(fromBelow.ours, await fromBelow.token())
    await fromBelow.until(({ state }) => state === 'REGISTERED')
    await fromBelow.peer.handshake()
    await fromBelow.until(({ state }) => state === 'ONLINE')
  })

  it('D-17 heartbeats: sent to those who ask; a peer without the route stays online', async () => {
    const asking = { required_behaviour: { heartbeat_interval: 60, measurement_configuration: [] } }
    const { peer } = await online({ handshake: asking }, { role: 'cp' })
    await peer.waitFor('heartbeat')
    const quiet = await online({ handshake: {} }, { role: 'cp' })
    await sleep(300)
    expect(quiet.peer.got('heartbeat')).to.have.length(0)
    for (const lacks of [['heartbeat']]) {
      const without = await online({ handshake: asking, lacks }, { role: 'cp' })
      const view = await without.until(({ noHeartbeats }) => noHeartbeats)
      expect([view.state, view.offlineAt]).to.deep.equal(['ONLINE', undefined])
    }
  })

  it('D-18 offline_mode_at: sent as RFC 3339 three intervals ahead; taken in any form, and an unusable one is no end', async () => {
    const handshake = { required_behaviour: { heartbeat_interval: 60, measurement_configuration: [] } }
    const pair = await online({ handshake }, { role: 'cp' })
    const { body, at } = await pair.peer.waitFor('heartbeat')
    expect(body.offline_mode_at).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(Date.parse(String(body.offline_mode_at)) - at).to.be.within(170_000, 185_000)
    const inFive = Date.now() + 300_000
    const iso = new Date(inFive).toISOString()
    const until = async (offline_mode_at: unknown) => {
      expect((await pair.peer.send('heartbeat', { offline_mode_at })).status).to.equal(204)
      return (await pair.view()).offlineAt!
    }
    for (const text of [
      iso,
      iso.replace('T', ' '),
      iso.toLowerCase(),
      iso.replace('Z', '+0000'),
      iso.replace('Z', '000000+00:00'),
    ])
      expect(await until(text), text).to.equal(inFive)
    // Two of the intervals we asked for.
    for (const unusable of ['2026-03-02 10:18:00', 'soon', undefined, null, 17, '2020-01-01T00:00:00Z'])
      expect((await until(unusable)) - Date.now(), String(unusable)).to.be.within(110_000, 121_000)
    expect((await until('2100-01-01T00:00:00Z')) - Date.now()).to.be.at.most(24 * 3600_000)
    expect((await pair.peer.send('heartbeat', undefined)).status).to.equal(204)
  })

  it('D-18 naive times: understood in the zone of the profile, and refused without one', async () => {
    const profile = { timestampZoneForNaive: 'Asia/Taipei' }
    const peers = { taipei: { role: 'cp', url: 'http://127.0.0.1:9', token: 'x', inboundToken: gridToken, profile } }
    const zoned = await openHouse({ peers })
    const naive = forecast({
      forecasted_blocks: [block({ start_time: '2026-03-03 00:00:00', end_time: '2026-03-03T01:00:00.5' })],
    })
    expect((await zoned.say(limit, naive, grid)).status).to.equal(204)
    expect(zoned.received[0]!.value.forecasted_blocks).to.deep.include.members([
      { ...block(), start_time: '2026-03-02T16:00:00.000Z', end_time: '2026-03-02T17:00:00.500Z' },
    ])
    await zoned.stop()
    expect((await house.say(limit, naive, grid)).status).to.equal(400)
  })

  it('D-19 precision of times: sent with three digits and Z; taken with any, and with any offset', async () => {
    const { peer } = await online({ handshake: { required_behaviour: { heartbeat_interval: 60 } } }, { role: 'cp' })
    expect((await peer.waitFor('heartbeat')).raw).to.match(/\.\d{3}Z"/)
    house.received.length = 0
    for (const start_time of [
      '2026-03-02T23:00:00Z',
      '2026-03-02T23:00:00.1Z',
      '2026-03-02T23:00:00.1200000Z',
      '2026-03-03T07:00:00.000+08:00',
      '2026-03-02t23:00:00z',
      '2026-03-02 23:00:00+0000',
    ]) {
      const body = forecast({ forecasted_blocks: [block({ start_time, end_time: '2026-03-02T23:15:00Z' })] })
      expect((await house.say(limit, body, grid)).status, start_time).to.equal(204)
    }
    expect(house.received).to.have.length(6)
  })

  it('D-42 rate: asks for a minute by default and never below 10 s, beats at 0.5 to 0.8 of what is asked', async () => {
    const { peer } = await online({})
    expect(
      (peer.got('handshake')[0]!.body.required_behaviour as { heartbeat_interval: number }).heartbeat_interval,
    ).to.equal(60)
    const peers = { p: { role: 'fp', url: 'https://x.example', token: 't', profile: { heartbeatInterval: '5s' } } }
    expect(() => loadConfig(() => ({ peers, links: {} }), undefined, {})).to.throw(
      /heartbeatInterval: must be at least 10s/,
    )
    const handshake = { required_behaviour: { heartbeat_interval: 1, measurement_configuration: [] } }
    const pair = await online({ handshake }, { role: 'cp' })
    const [first, second] = [await pair.peer.waitFor('heartbeat', 1), await pair.peer.waitFor('heartbeat', 2)]
    expect(second.at - first.at).to.be.within(250, 2500)
  })
})
