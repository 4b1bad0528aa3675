import { expect } from 'chai'
import fc from 'fast-check'
import { horizon, readDemands, readOfflineAt, writeDemands } from '../../src/session/demands.ts'
import { behaviour, register, Scene } from './scene.ts'
import { profile } from './world.ts'

const minute = 60_000
const day = 24 * 60 * minute

describe('The handshake', () => {
  it('is ours to start towards an fp, soon after registration, wrapped and with all we ask for', async () => {
    const scene = new Scene()
    await scene.registered()
    await scene.world.run(2000)
    expect(scene.peer.count('Handshake')).to.equal(1)
    expect(scene.peer.last('Handshake')!.body).to.deep.equal({
      required_behaviour: { heartbeat_interval: 60, measurement_configuration: ['CONTINUOUS'] },
    })
    expect(await scene.state()).to.equal('REGISTERED')
    await scene.say('HandshakeAcknowledge', {})
    expect(await scene.state()).to.equal('ONLINE')
  })

  it('is theirs to start towards a cp; we acknowledge after the 204, correlated', async () => {
    const scene = new Scene({ role: 'cp' })
    await scene.registered()
    await scene.world.run(minute)
    expect(scene.peer.count('Handshake')).to.equal(0)
    expect(await scene.say('Handshake', behaviour(), { request: 'h1' })).to.equal(204)
    expect(scene.peer.last('HandshakeAcknowledge')).to.deep.include({
      correlation: 'h1',
      body: { required_behaviour: { heartbeat_interval: 60, measurement_configuration: [] } },
    })
    expect(await scene.state()).to.equal('ONLINE')
    await scene.world.run(2 * minute)
    expect(scene.peer.count('Handshake')).to.equal(0)
  })

  it('is refused with 403 before registration is complete, and so is everything but Register', async () => {
    const scene = new Scene({ registration: 'we start' })
    await scene.own.sessions.start()
    await scene.world.run(100)
    for (const message of ['Handshake', 'HandshakeAcknowledge', 'Heartbeat', 'UpdateGroupMeasurements'])
      expect(await scene.say(message, {}), message).to.equal(403)
    expect(await scene.say('Register', register('c'))).to.equal(204)
    expect(await scene.say('UpdateGroupMeasurements', {})).to.equal(403)
  })

  it('lets a profile accept limits, and nothing else, before it', async () => {
    const scene = new Scene({ profile: { forecastsBeforeHandshake: 'accept' } })
    await scene.registered()
    await scene.world.run(100)
    const { sessions, peer } = scene.own
    await sessions.admit(peer.id, 'UpdateGroupCapacityForecast')
    const refused = await sessions.admit(peer.id, 'UpdateGroupMeasurements').catch((error: unknown) => error)
    expect(refused).to.include({ kind: 'not-online' })
  })

  it('is repeated with a new id, ever more rarely, until it is acknowledged', async () => {
    const scene = new Scene()
    await scene.registered()
    await scene.world.run(60 * minute)
    const ids = scene.peer.got.filter(({ message }) => message === 'Handshake').map(({ request }) => request)
    expect(ids.length).to.be.within(12, 60)
    expect(new Set(ids).size).to.equal(ids.length)
    await scene.say('HandshakeAcknowledge', {}, { correlation: ids[0] })
    expect(await scene.state()).to.equal('ONLINE')
    await scene.world.run(100)
    expect(scene.peer.count('Handshake')).to.equal(ids.length)
  })

  it('is repeated with the same id when it was not answered at all', async () => {
    const scene = new Scene()
    scene.peer.answers = { Handshake: 503 }
    await scene.registered()
    await scene.world.run(minute)
    expect(scene.peer.count('Handshake')).to.be.greaterThan(2)
    expect(
      new Set(scene.peer.got.filter(({ message }) => message === 'Handshake').map((m) => m.request)).size,
    ).to.equal(1)
  })

  it('is acknowledged also while ours is on its way, and ours stands', async () => {
    const scene = new Scene()
    await scene.registered()
    await scene.world.run(2000)
    await scene.say('Handshake', behaviour(30), { request: 'h1' })
    expect(scene.peer.last('HandshakeAcknowledge')).to.include({ correlation: 'h1' })
    expect(await scene.state()).to.equal('ONLINE')
    expect(await scene.say('HandshakeAcknowledge', behaviour(40))).to.equal(204)
    expect(await scene.own.view()).to.include({ theyAsk: 40 })
    await scene.world.run(3 * minute - 10_000)
    expect(scene.peer.count('Handshake')).to.equal(1)
  })

  it('may be repeated while online: the newest demands hold, and it is acknowledged again', async () => {
    const scene = new Scene({ role: 'cp' })
    await scene.online(behaviour(60))
    await scene.say('Handshake', behaviour(30))
    expect(scene.peer.count('HandshakeAcknowledge')).to.equal(2)
    expect(await scene.own.view()).to.include({ state: 'ONLINE', theyAsk: 30 })
  })

  it('is not completed by an acknowledgement that nobody waits for', async () => {
    const scene = new Scene({ role: 'cp' })
    await scene.registered()
    await scene.world.run(100)
    expect(await scene.say('HandshakeAcknowledge', {})).to.equal(204)
    expect(await scene.state()).to.equal('REGISTERED')
  })

  it('refuses an acknowledgement without correlation from a peer whose profile demands it', async () => {
    const scene = new Scene({ profile: { requireCorrelation: true } })
    await scene.registered()
    await scene.world.run(2000)
    expect(await scene.say('HandshakeAcknowledge', {})).to.equal(400)
  })

  it('repeats an acknowledgement that did not arrive, and drops one that is refused', async () => {
    const scene = new Scene({ role: 'cp' })
    scene.peer.answers = { HandshakeAcknowledge: 503 }
    await scene.registered()
    await scene.say('Handshake', behaviour())
    await scene.world.run(5000)
    expect(scene.peer.count('HandshakeAcknowledge')).to.be.greaterThan(1)
    scene.peer.answers = { HandshakeAcknowledge: 400 }
    await scene.world.run(minute)
    const sent = scene.peer.count('HandshakeAcknowledge')
    await scene.world.run(minute)
    expect(scene.peer.count('HandshakeAcknowledge')).to.equal(sent)
    expect(scene.own.alarms).to.include('handshake failed')
  })

  it('is tried by us too, late, when it should be theirs and does not come', async () => {
    const scene = new Scene({ role: 'cp' })
    await scene.registered()
    await scene.world.run(4 * minute)
    expect(scene.peer.count('Handshake')).to.equal(1)
    const strict = new Scene({ role: 'cp', profile: { handshakeInitiator: 'they' } })
    await strict.registered()
    await strict.world.run(day)
    expect(strict.peer.count('Handshake')).to.equal(0)
  })

  it('is not needed where the profile says so: online as soon as registered', async () => {
    const scene = new Scene({ profile: { handshakeInitiator: 'none' } })
    await scene.registered()
    await scene.world.run(day)
    expect(await scene.state()).to.equal('ONLINE')
    expect(scene.peer.got.map(({ message }) => message)).to.deep.equal(['Register'])
  })
})

describe('Heartbeats', () => {
  it('go out at half to four fifths of the asked interval, and promise three times that', async () => {
    const scene = new Scene({ profile: { heartbeats: 'on', handshakeInitiator: 'we' } })
    const times: [number, number][] = []
    const { peer, world } = scene
    const handle = peer.handle.bind(peer)
    peer.handle = async (message) => {
      if (message.message === 'Heartbeat') times.push([world.now, Date.parse(message.body!.offline_mode_at as string)])
      return handle(message)
    }
    await scene.online(behaviour(100))
    for (let i = 0; i < 40; i++) {
      await world.run(minute)
      await scene.say('Heartbeat', { offline_mode_at: new Date(world.now + 200_000).toISOString() })
    }
    expect(times.length).to.be.within(30, 50)
    for (const [i, [at, until]] of times.entries()) {
      expect(until - at).to.be.within(299_000, 300_000)
      if (i > 0) expect(at - times[i - 1]![0]).to.be.within(50_000, 80_100)
    }
    expect(new Set(times.slice(1).map(([at], i) => at - times[i]![0])).size).to.be.greaterThan(10)
  })

  it('are sent to nobody that did not ask, and to nobody whose profile has none', async () => {
    const silent = new Scene({ profile: { heartbeats: 'none' } })
    for (const [scene, demands] of [
      [new Scene(), {}],
      [silent, behaviour(30)],
    ] as const) {
      await scene.online(demands)
      await scene.world.run(2 * minute)
      expect(scene.peer.count('Heartbeat')).to.equal(0)
    }
    expect(silent.peer.last('Handshake')!.body).to.deep.equal({
      required_behaviour: { measurement_configuration: ['CONTINUOUS'] },
    })
    await silent.world.run(day)
    expect(await silent.state()).to.equal('ONLINE')
  })

  it('end when the peer answers 404 or 501, which is noted, and its own silence then means nothing', async () => {
    for (const status of [404, 501]) {
      const scene = new Scene()
      scene.peer.answers = { Heartbeat: status }
      await scene.online()
      await scene.world.run(day)
      expect(scene.peer.count('Heartbeat')).to.equal(1)
      expect(await scene.own.view()).to.include({ state: 'ONLINE', noHeartbeats: true, offlineAt: undefined })
    }
  })

  it('go on after errors that may pass, sooner than usual', async () => {
    const scene = new Scene({ profile: { handshakeInitiator: 'we', heartbeatInterval: 600_000 } })
    scene.peer.answers = { Heartbeat: 503 }
    await scene.online(behaviour(100))
    await scene.world.run(100_000)
    expect(scene.peer.count('Heartbeat')).to.be.within(4, 6)
  })

  it('wait while the party behind us is not alive', async () => {
    let alive = false
    const scene = new Scene({ hooks: { mayBeat: async () => alive } })
    await scene.online(behaviour(10))
    await scene.world.run(minute)
    expect(scene.peer.count('Heartbeat')).to.equal(0)
    alive = true
    await scene.world.run(10_000)
    expect(scene.peer.count('Heartbeat')).to.be.greaterThan(0)
  })

  it('received move the deadline; without them the peer is offline, once, and a new handshake is begun', async () => {
    const scene = new Scene()
    await scene.online()
    await scene.world.run(2 * minute)
    await scene.say('Heartbeat', { offline_mode_at: new Date(scene.world.now + 5 * minute).toISOString() })
    await scene.world.run(4 * minute)
    expect(await scene.state()).to.equal('ONLINE')
    await scene.world.run(2 * minute)
    expect(await scene.state()).to.equal('OFFLINE')
    expect(scene.own.alarms).to.deep.equal(['peer offline'])
    expect(scene.peer.count('Handshake')).to.equal(2)
    expect(await scene.say('Heartbeat', {})).to.equal(204)
    expect(await scene.state()).to.equal('OFFLINE')
    expect(await scene.say('UpdateGroupMeasurements', {})).to.equal(403)
    expect(await scene.own.sessions.address(scene.own.peer.id)).to.equal(undefined)
    await scene.say('HandshakeAcknowledge', {})
    expect(await scene.state()).to.equal('ONLINE')
  })

  it('bring a peer back by themselves where the profile says so', async () => {
    const scene = new Scene({ role: 'cp', profile: { heartbeatBringsOnline: true } })
    await scene.online()
    await scene.world.run(10 * minute)
    expect(await scene.state()).to.equal('OFFLINE')
    await scene.say('Heartbeat', {})
    expect(await scene.state()).to.equal('ONLINE')
  })

  it('of ours end while the peer counts as offline, so that it notices, too', async () => {
    const scene = new Scene({ role: 'cp', profile: { handshakeInitiator: 'they' } })
    await scene.online(behaviour(30))
    await scene.world.run(10 * minute)
    const sent = scene.peer.count('Heartbeat')
    expect(sent).to.be.greaterThan(3)
    await scene.world.run(10 * minute)
    expect(scene.peer.count('Heartbeat')).to.equal(sent)
  })

  it('in an acknowledgement count as well', async () => {
    const scene = new Scene()
    await scene.registered()
    await scene.world.run(2000)
    const at = scene.world.now + 10 * minute
    await scene.say('HandshakeAcknowledge', { offline_mode_at: new Date(at).toISOString() })
    expect(await scene.own.view()).to.include({ state: 'ONLINE', offlineAt: at })
  })
})

describe('Coming and going', () => {
  it('is told to the rest of the gateway, again until it has listened', async () => {
    const heard: string[] = []
    let deaf = true
    const scene = new Scene({
      hooks: {
        onOnline: async () => {
          if (deaf) throw new Error('not now')
          heard.push('online')
        },
        onOffline: async () => void heard.push('offline'),
      },
    })
    await scene.online()
    await scene.world.run(1000)
    expect(scene.own.alarms).to.include('session hook failed')
    deaf = false
    await scene.world.run(minute)
    expect(heard).to.deep.equal(['online'])
    await scene.world.run(10 * minute)
    expect(heard).to.deep.equal(['online', 'offline'])
    await scene.say('HandshakeAcknowledge', {})
    await scene.world.run(100)
    await scene.say('Register', undefined, { method: 'DELETE' })
    expect(heard).to.deep.equal(['online', 'offline', 'online', 'offline'])
  })

  it('includes three refusals of our token in a row, which one acceptance in between undoes', async () => {
    const scene = new Scene()
    await scene.online({})
    const { sessions, peer } = scene.own
    for (const status of [403, 401, 204, 403, 403]) await sessions.observed(peer.id, status)
    expect(await scene.own.view()).to.include({ state: 'ONLINE', suspect: true })
    await sessions.observed(peer.id, 401)
    expect(await scene.own.view()).to.include({ state: 'OFFLINE', suspect: true })
    expect(scene.own.alarms).to.deep.equal(['registration suspect', 'registration suspect'])
    await scene.world.run(2000)
    expect(scene.peer.count('Handshake')).to.equal(2)
  })
})

describe('Refusals of our token', () => {
  it('count only in a row, also those of our own calls', async () => {
    const scene = new Scene({ profile: { heartbeats: 'on' } })
    await scene.registered()
    await scene.world.run(2000)
    let beats = 0
    const handle = scene.peer.handle.bind(scene.peer)
    scene.peer.handle = async (message) => {
      scene.peer.answers = { Heartbeat: beats++ % 3 === 2 ? 204 : 403 }
      return handle(message)
    }
    await scene.say('HandshakeAcknowledge', behaviour(10))
    await scene.world.run(2 * minute)
    expect(beats).to.be.greaterThan(10)
    expect(await scene.state()).to.equal('ONLINE')
  })
})

describe('A peer that does not register', () => {
  it('is online from the start with the configured address, and sees nothing of sessions', async () => {
    const scene = new Scene({ registration: 'none' })
    await scene.own.sessions.start()
    await scene.world.run(day)
    expect(scene.peer.got).to.deep.equal([])
    expect(await scene.state()).to.equal('ONLINE')
    expect(await scene.own.sessions.address(scene.own.peer.id)).to.deep.equal({
      url: 'https://peer.example/oscp/2.0',
      token: 'its-token',
    })
    expect(await scene.own.sessions.authenticate('cp', 'our-token')).to.include({ scope: 'all' })
    expect(await scene.own.sessions.authenticate('cp', 'its-token')).to.equal(undefined)
    expect(await scene.say('Register', register('x'))).to.equal(403)
    expect(await scene.say('UpdateGroupMeasurements', {})).to.equal(204)
  })

  it('may shake hands, and is called with the configured token', async () => {
    const scene = new Scene({ registration: 'none' })
    await scene.own.sessions.start()
    expect(await scene.say('Handshake', behaviour(30), { request: 'h' })).to.equal(204)
    expect(scene.peer.last('HandshakeAcknowledge')).to.include({ token: 'its-token', correlation: 'h' })
    await scene.world.run(minute)
    expect(scene.peer.count('Heartbeat')).to.be.greaterThan(1)
  })

  it('has liveness when the profile says who starts', async () => {
    const scene = new Scene({ registration: 'none', profile: { handshakeInitiator: 'we' } })
    await scene.own.sessions.start()
    await scene.world.run(2000)
    expect(await scene.state()).to.equal('REGISTERED')
    expect(await scene.own.sessions.address(scene.own.peer.id)).to.equal(undefined)
    await scene.say('HandshakeAcknowledge', {})
    expect(await scene.state()).to.equal('ONLINE')
  })
})

describe('Demands', () => {
  const cases: [string, Record<string, unknown>, object][] = [
    ['wrapped', behaviour(60), { heartbeat: 60_000, measurements: ['CONTINUOUS'] }],
    ['flat', { heartbeat_interval: 60, measurement_configuration: [] }, { heartbeat: 60_000, measurements: [] }],
    [
      'both, where wrapped wins',
      { ...behaviour(60), heartbeat_interval: 9 },
      { heartbeat: 60_000, measurements: ['CONTINUOUS'] },
    ],
    ['nothing', {}, { measurements: [] }],
    ['null', { required_behaviour: null }, { measurements: [] }],
    ['an empty object', { required_behaviour: {} }, { measurements: [] }],
    [
      'null inside',
      { required_behaviour: { heartbeat_interval: null, measurement_configuration: null } },
      { measurements: [] },
    ],
    [
      'the other spelling',
      { required_behavior: { heartbeat_interval: '15' } },
      { heartbeat: 15_000, measurements: [] },
    ],
    [
      'doubles and unknown styles',
      { measurement_configuration: ['CONTINUOUS', 'X', 'CONTINUOUS'] },
      { measurements: ['CONTINUOUS'] },
    ],
    ['one style that is no list', { measurement_configuration: 'INTERMITTENT' }, { measurements: ['INTERMITTENT'] }],
    ['an absurdly long interval', { heartbeat_interval: 1e300 }, { heartbeat: day, measurements: [] }],
  ]
  for (const [title, value, expected] of cases)
    it(`are read when they are ${title}`, () => expect(readDemands(value)).to.deep.equal(expected))

  for (const interval of [0, 0.5, -1, 'often', '', true, {}, []])
    it(`are refused with an interval of ${JSON.stringify(interval)}`, () =>
      expect(() => readDemands({ required_behaviour: { heartbeat_interval: interval } })).to.throw(
        'required_behaviour.heartbeat_interval must be a number of at least 1',
      ))

  it('are written flat, and not at all, where the profile says so', () => {
    const peer = { id: 'p', role: 'fp', registration: 'none', url: undefined, token: undefined } as never as object
    const write = (given: object, kind: 'handshake' | 'acknowledge') =>
      writeDemands({ ...peer, profile: { ...profile, ...given } } as Parameters<typeof writeDemands>[0], kind)
    expect(write({ handshakeBody: 'flat' }, 'handshake')).to.deep.equal({
      heartbeat_interval: 600,
      measurement_configuration: ['CONTINUOUS'],
    })
    expect(write({ heartbeats: 'none' }, 'acknowledge')).to.deep.equal({})
  })

  it('give a deadline that is in the future and at most a day away, whatever a heartbeat says', () => {
    const now = Date.parse('2026-03-02T22:00:00Z')
    const texts = fc.oneof(
      fc.string(),
      fc.anything(),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.integer({ min: -9e8, max: 9e8 }).map((ms) => new Date(now + ms).toISOString()),
    )
    fc.assert(
      fc.property(texts, fc.integer({ min: 10_000, max: day / 2 }), (text, interval) => {
        const at = readOfflineAt(text, now, interval)
        expect(at)
          .to.be.greaterThan(now)
          .and.at.most(now + day)
        const literal = typeof text === 'string' ? Date.parse(text) : Number.NaN
        if (literal > now && literal <= now + day && /Z$/.test(String(text))) expect(at).to.equal(literal)
      }),
      { seed: 20260305, numRuns: 2000 },
    )
    for (const text of ['2026-03-02 22:30:00', undefined, '2026-03-02T21:00:00Z'])
      expect(readOfflineAt(text, now, 60_000)).to.equal(now + 120_000)
    expect(horizon(30_000)).to.equal(90_000)
    expect(horizon(10_000)).to.equal(70_000)
  })
})
