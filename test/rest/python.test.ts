/** Both directions with peers that share neither our code nor our runtime: written in Python from section 12 alone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { type Gateway, shippedCrossings, startGateway } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { SessionView } from '../../src/session/api.ts'
import { type PythonPeer, type PythonState, startPython } from '../peers/python.ts'
import { testLog } from '../support/log.ts'
import { giveSignOfLife } from '../support/sign-of-life.ts'

const id = 'python' as PeerId

describe('A peer in Python', function () {
  // Handshakes come half a second after a registration, on purpose, and machines may be busy.
  this.timeout(40_000)

  let peer: PythonPeer | undefined
  let gateway: Gateway | undefined
  afterEach(async () => {
    await gateway?.stop(200)
    await peer?.stop()
    gateway = undefined
    peer = undefined
  })

  async function start(role: 'cp' | 'fp', registration: 'we start' | 'they start') {
    const python = await startPython(role)
    peer = python
    const token = registration === 'we start' ? { token: await python.issue() } : {}
    const config = loadConfig(
      () => ({
        listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' },
        peers: {
          python: { role, registration, url: python.url, ...token },
          legacy: { role: role === 'fp' ? 'dso' : 'csp' },
        },
        links: { one: { legacy: 'legacy', modern: 'python', groups: { C: 'G1' } } },
      }),
      undefined,
      {},
    )
    const log = testLog(config)
    const ours = await startGateway({ config, log, crossings: await shippedCrossings(), random: () => 0 })
    gateway = ours
    await giveSignOfLife(`${ours.soapUrl}/oscp/1.0/legacy`, role === 'fp' ? 'dso' : 'csp')
    const url = `${ours.restUrl}/oscp/${role === 'fp' ? 'cp' : 'fp'}/2.0`
    const until = async (check: (view: SessionView) => boolean) => {
      for (const deadline = Date.now() + 6000; ; await sleep(20)) {
        const view = await ours.sessions.state(id)
        if (check(view)) return view
        if (Date.now() > deadline) throw new Error(`in vain: ${JSON.stringify([view, await python.state()])}`)
      }
    }
    if (registration === 'they start')
      expect(await python.tell('begin', { url, token: await ours.sessions.issueToken(id, 60_000) })).to.include({
        status: 204,
      })
    await until(({ state }) => state === 'REGISTERED' || state === 'ONLINE')
    if (role === 'cp') expect(await python.tell('handshake')).to.include({ status: 204 })
    await until(({ state }) => state === 'ONLINE')
    return { ours, python, until }
  }

  /** It says so of itself a moment after its acknowledgement has reached us. */
  const onceOnline = async (python: Pick<PythonPeer, 'state'>): Promise<PythonState> => {
    for (const deadline = Date.now() + 3000; ; await sleep(20)) {
      const state = await python.state()
      if (state.online || Date.now() > deadline) return state
    }
  }

  const names = ({ received }: PythonState) => received.map(({ method, name, status }) => `${method} ${name} ${status}`)

  for (const registration of ['we start', 'they start'] as const) {
    it(`as FP: registers when ${registration}, shakes hands, and beats in naive local time`, async () => {
      const { ours, python, until } = await start('fp', registration)
      const state = await onceOnline(python)
      expect(names(state).slice(0, 2)).to.deep.equal(['POST register 204', 'POST handshake 204'])
      expect(state.online).to.equal(true)
      const answers = state.received[0]!.headers['x-correlation-id']
      if (registration === 'they start') expect(answers).to.match(/^[\w-]{11}$/)
      else expect(answers).to.equal(undefined)
      expect((await python.tell('heartbeat')).status).to.equal(204)
      const view = await until(({ lastSeen }) => lastSeen !== undefined)
      // No zone in it: twice the interval that we asked for, instead of offline.
      expect(view.offlineAt! - Date.now()).to.be.within(110_000, 121_000)
      expect((await ours.sessions.state(id)).state).to.equal('ONLINE')
    })

    it(`as CP: registers when ${registration}, shakes hands, and is beaten to`, async () => {
      const { python } = await start('cp', registration)
      for (const deadline = Date.now() + 3000; ; await sleep(20)) {
        const { received } = await python.state()
        const beat = received.find(({ name }) => name === 'heartbeat')
        if (beat?.status === 204) break
        if (Date.now() > deadline) throw new Error(`in vain: ${JSON.stringify(received)}`)
      }
      const state = await python.state()
      expect(names(state).filter((name) => name.includes('register'))).to.deep.equal(['POST register 204'])
      expect(names(state)).to.include('POST handshake_acknowledge 204')
    })
  }

  it('as FP: measures, also nothing, of a group that is known', async () => {
    const { python } = await start('fp', 'they start')
    for (const [group, status] of [
      ['G1', 501],
      ['G2', 404],
    ] as const)
      expect((await python.tell('measure', { group })).status).to.equal(status)
    expect((await python.tell('compliance')).status).to.equal(204)
  })

  it('as CP: announces a limit without phase and with an offset', async () => {
    const { python } = await start('cp', 'they start')
    expect((await python.tell('forecast', { group: 'G1', capacity: '11.5' })).status).to.equal(204)
    expect((await python.tell('forecast', { group: 'G2', capacity: 11 })).status).to.equal(404)
  })

  it('leaves without a body, and is not known any more', async () => {
    const { ours, python } = await start('fp', 'we start')
    expect(await python.tell('unregister')).to.include({ status: 204 })
    expect((await ours.sessions.state(id)).state).to.equal('NEW')
    expect((await python.tell('heartbeat')).status).to.equal(403)
  })
})
