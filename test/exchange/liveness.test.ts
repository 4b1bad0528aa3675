/** Each side hears heartbeats from the other only while the party that really stands there is alive. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { connectDso } from '../peers/dso.ts'
import type { Habits } from '../peers/party.ts'
import { type Deployment, openDeployment } from '../support/deployment.ts'
import { eventually } from '../support/gateway.ts'
import { cable, closeScenes, start, states } from '../support/scene.ts'
import { giveSignOfLife } from '../support/sign-of-life.ts'

/** It asks for a heartbeat every second, and takes a minute and a second of silence for the end. */
const eager: Habits = {
  acknowledges: () => ({ required_behaviour: { heartbeat_interval: 1, measurement_configuration: [] } }),
  handshake: { required_behaviour: { heartbeat_interval: 1, measurement_configuration: [] } },
}

const beats = ({ service }: Deployment, identity?: string) =>
  service.calls('Heartbeat').filter(({ blocks }) => identity === undefined || blocks.cspIdentity === identity)

/** So many more heartbeats for a link, as a measure of time for those who get none. */
async function afterBeats(deployment: Deployment, count: number, identity?: string) {
  const before = beats(deployment, identity).length
  await eventually('more heartbeats', () => beats(deployment, identity).length >= before + count, 15_000)
}

for (const state of states)
  describe(`Liveness on ${state} state`, function () {
    this.timeout(60_000)
    afterEach(closeScenes)

    for (const role of ['dso', 'csp'] as const) {
      // Redis differs in what is shared, not in who is behind whom.
      if (state === 'Redis' && role === 'csp') continue
      const other = role === 'dso' ? 'flexibility provider' : 'capacity provider'

      it(`reaches a legacy ${role} as heartbeats of each link only while the ${other} behind it is online`, async () => {
        const deployment = await openDeployment(state, role, { parties: { north: {}, south: {} } })
        const { online, party, service, stateOf } = deployment
        await online('north')
        await afterBeats(deployment, 2, 'north')
        if (role === 'csp') expect(beats(deployment, 'south')).to.deep.equal([])
        await online('south')
        await afterBeats(deployment, 2, 'south')
        expect((await party('north').unregister()).status).to.equal(204)
        expect(await stateOf('north')).to.include({ state: 'NEW', unregistered: true })
        await afterBeats(deployment, 1, 'south')
        const before = beats(deployment, 'north').length
        await afterBeats(deployment, 3, 'south')
        expect(beats(deployment, 'north')).to.have.length(before)
        for (const call of service.received) expect(call.wrong).to.equal(undefined)
      })

      it(`of a legacy ${role} reaches the ${other} as heartbeats only while it calls or answers ours`, async () => {
        const deployment = await openDeployment(state, role, { parties: { modern: { habits: eager } } })
        const { online, party, service, gateway, soapUrl, alarms } = deployment
        service.behave('Heartbeat', { fault: { code: 'Receiver' } })
        await online()
        await afterBeats(deployment, 3)
        expect(party().got('heartbeat')).to.deep.equal([])
        expect(await gateway.legacyPeers()).to.deep.equal([
          { peer: 'legacy', role, heartbeats: 'on', lastSeen: undefined, alive: false },
        ])
        service.behave('Heartbeat')
        await party().waitFor('heartbeat', 2)
        expect((await gateway.legacyPeers())[0]).to.include({ alive: true })
        service.behave('Heartbeat', { fault: { code: 'Receiver' } })
        const alarmed = () => alarms.filter(({ alarm }) => alarm === 'legacy party silent').length
        const before = alarmed()
        await eventually('it is known to be silent', () => alarmed() > before, 15_000)
        const silent = party().got('heartbeat').length
        await afterBeats(deployment, 3)
        expect(party().got('heartbeat').length).to.be.at.most(silent + 1)
        expect((await gateway.legacyPeers())[0]).to.include({ alive: false })
        await giveSignOfLife(soapUrl, role)
        await party().waitFor('heartbeat', silent + 2)
      })
    }
  })

describe('Liveness', function () {
  this.timeout(60_000)
  afterEach(closeScenes)

  it('of a party without heartbeats is a limit of its link that covers now', async () => {
    const parties = { north: { habits: eager }, south: { habits: eager } }
    const deployment = await openDeployment('memory', 'dso', { legacy: { heartbeats: 'none' }, parties })
    const { online, party, soapUrl, clock, gateway, service } = deployment
    await online('north')
    await online('south')
    expect((await gateway.legacyPeers())[0]).to.include({ heartbeats: 'none', alive: false })
    const dso = await connectDso({ wsdlUrl: `${soapUrl}?wsdl`, cspIdentity: 'north' })
    await dso.sendForecast([cable('007', { startTime: start, endTime: '2026-03-02T23:00:00Z', capacity: 11 })])
    await party('north').waitFor('heartbeat', 3)
    expect(party('south').got('heartbeat')).to.deep.equal([])
    expect((await gateway.legacyPeers())[0]).to.include({ alive: true })
    expect(service.calls('Heartbeat')).to.deep.equal([])
    clock.advance(61)
    expect((await gateway.legacyPeers())[0]).to.include({ alive: false })
  })

  it('that comes back after longer than the last heartbeat promised begins with a new handshake', async () => {
    const deployment = await openDeployment('memory', 'dso', { parties: { modern: { habits: eager } } })
    const { online, party, soapUrl, clock, service } = deployment
    service.behave('Heartbeat', { fault: { code: 'Receiver' } })
    await online()
    await giveSignOfLife(soapUrl, 'dso')
    await party().waitFor('heartbeat', 1)
    expect(party().got('handshake')).to.have.length(1)
    clock.advance(2)
    await giveSignOfLife(soapUrl, 'dso')
    await party().waitFor('handshake', 2)
  })

  it('ends for a legacy party when the deadline of the party behind it has passed, and not for another link', async () => {
    let away = false
    const refuses = () => (away ? 503 : undefined)
    const parties = { north: { habits: { refuses } }, south: { profile: { heartbeats: 'none' } } }
    const deployment = await openDeployment('memory', 'dso', { parties })
    const { online, clock, stateOf } = deployment
    await online('north')
    await online('south')
    await afterBeats(deployment, 1, 'north')
    away = true
    clock.advance(4)
    await eventually('it is known to be offline', async () => (await stateOf('north')).state === 'OFFLINE')
    await afterBeats(deployment, 1, 'south')
    const before = beats(deployment, 'north').length
    await afterBeats(deployment, 3, 'south')
    expect(beats(deployment, 'north')).to.have.length(before)
    away = false
    clock.advance(1)
    await eventually('it is back', async () => (await stateOf('north')).state === 'ONLINE', 10_000)
    await afterBeats(deployment, 1, 'north')
  })

  it('is not doubled by replicas: each heartbeat is sent by one of them', async () => {
    const deployment = await openDeployment('Redis', 'dso', { parties: { modern: { habits: eager } }, replicas: 2 })
    await deployment.online()
    await deployment.service.waitFor('Heartbeat', 1)
    const from = Date.now()
    await sleep(5000)
    const [took, sent] = [
      Date.now() - from,
      deployment.service.calls('Heartbeat').filter(({ at }) => at >= from).length,
    ]
    expect(sent).to.be.within(3, took / 1000 + 2)
    // Half to four fifths of a second apart: with every second one doubled it would be more than two a second.
    const told = deployment
      .party()
      .got('heartbeat')
      .filter(({ at }) => at >= from).length
    expect(told).to.be.within(3, took / 500 + 2)
  })
})
