/** Two whole gateways over real sockets: what the machines promise, through config, wire, face and agenda. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { type Gateway, shippedCrossings, startGateway } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { Crossing } from '../../src/mapping/crossings.ts'
import { testLog } from '../support/log.ts'

const local = { allowHttp: true, allowAddresses: ['127.0.0.1'] }
const [atDso, atCpo] = ['cpo', 'dso'] as PeerId[] as [PeerId, PeerId]

describe('Two gateways over sockets', function () {
  this.timeout(20_000)
  let crossings: Crossing[]
  let open: Gateway[] = []
  let logged: string[] = []

  before(async () => {
    crossings = await shippedCrossings()
  })
  afterEach(async () => {
    await Promise.all(open.map((gateway) => gateway.stop(1000)))
    open = []
    logged = []
  })

  async function start(peers: Record<string, unknown>): Promise<Gateway> {
    const any = '127.0.0.1:0'
    const raw = { listen: { soap: any, rest: any, admin: any }, peers, links: {}, delivery: { timeout: '2s' } }
    const config = loadConfig(() => raw, undefined, {})
    const gateway = await startGateway({ config, log: testLog(config, logged), crossings })
    open.push(gateway)
    return gateway
  }

  async function state(gateway: Gateway, peer: PeerId, wanted: string): Promise<void> {
    for (const end = Date.now() + 10_000; (await gateway.sessions.state(peer)).state !== wanted; await delay(20))
      if (Date.now() > end) throw new Error(`${peer} did not become ${wanted}\n${logged.join('')}`)
  }

  it('register, shake hands, exchange heartbeats, change tokens and part, and log no token', async () => {
    const cpo = await start({ dso: { role: 'cp', registration: 'they start', profile: local } })
    const tokenA = await cpo.sessions.issueToken(atCpo, 60_000)
    const url = `${cpo.restUrl}/oscp/fp/2.0`
    const dso = await start({ cpo: { role: 'fp', registration: 'we start', url, token: tokenA, profile: local } })
    await Promise.all([state(dso, atDso, 'ONLINE'), state(cpo, atCpo, 'ONLINE')])
    const tokens = [tokenA, (await dso.sessions.address(atDso))!.token, (await cpo.sessions.address(atCpo))!.token]

    await cpo.sessions.rotate(atCpo)
    for (const end = Date.now() + 5000; (await dso.sessions.address(atDso))!.token === tokens[1]; await delay(20))
      expect(Date.now()).to.be.lessThan(end)
    tokens.push((await dso.sessions.address(atDso))!.token)
    expect((await dso.sessions.state(atDso)).lastSeen).to.be.a('number')

    await dso.sessions.forget(atDso)
    await state(cpo, atCpo, 'NEW')
    const answer = await fetch(`${url}/heartbeat`, {
      method: 'POST',
      headers: { authorization: `Token ${tokens[3]}`, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(answer.status).to.equal(403)
    for (const token of tokens) expect(logged.join('')).not.to.include(token)
    expect(logged.join('')).to.include('"kind":"heartbeat"')
  })
})
