/** Whom a forecast is for: the link that the header names, and the groups that its table knows. */
import { expect } from 'chai'
import { startCpo } from '../peers/cpo.ts'
import { connectDso, type DsoOptions, SoapFault } from '../peers/dso.ts'
import { clockFrom, startTestGateway } from '../support/gateway.ts'
import { startRedis } from '../support/redis.ts'
import {
  bodies,
  cable,
  closeLater,
  closeScenes,
  messageOf,
  openScene,
  type State,
  span,
  start,
  states,
} from '../support/scene.ts'

const groups = { '007': 'hub', '7': 'depot' }
const of = (id: string) => cable(id, span('06:00', '07:00', 11))

for (const state of states)
  describe(`A forecast on ${state} state`, () => {
    afterEach(closeScenes)

    it('for a cable that no group is known for is Rejected with that cable, and the others are delivered', async () => {
      const { cpo, dso, gateway } = await openScene(state, { link: { groups } })
      const answer = await dso.sendForecast([of('007'), of('0'), of('7'), of('00')])
      expect(answer).to.deep.include({ status: 'Rejected', rejectedCableId: ['0', '00'], httpStatus: 200 })
      expect(answer.info).to.equal('0: is not known on this link; 00: is not known on this link')
      expect(bodies(cpo.received)).to.have.deep.members([messageOf(of('007'), 'hub'), messageOf(of('7'), 'depot')])
      expect(gateway.observed.exchanges[0]).to.include({ outcome: 'rejected', peer: 'dso' })
    })

    it('for unknown cables only is Rejected with all of them, and nothing is sent', async () => {
      const { cpo, dso, gateway } = await openScene(state, { link: { groups } })
      const answer = await dso.sendForecast([of('hub'), of('70'), of('hub')])
      expect(answer).to.deep.include({ status: 'Rejected', rejectedCableId: ['hub', '70'] })
      expect(cpo.received).to.deep.equal([])
      expect(gateway.observed.attempts).to.deep.equal([])
    })

    it('goes to the operator whom cspIdentity names, in the words of that link', async () => {
      const { connect, north, south } = await twoLinks(state)
      for (const soapVersion of ['1.1', '1.2'] as const) {
        await (await connect({ cspIdentity: 'CSP-NORTH', soapVersion })).sendForecast([of('007')])
        await (await connect({ cspIdentity: 'CSP-SOUTH', soapVersion })).sendForecast([of('007')])
      }
      const [hub, depot] = [messageOf(of('007'), 'hub'), messageOf(of('007'), 'depot')]
      expect(bodies(north.received)).to.deep.equal([hub, hub])
      expect(bodies(south.received)).to.deep.equal([depot, depot])
      for (const cpo of [north, south])
        for (const { headers } of cpo.received) expect(headers.authorization).to.equal(`Token ${cpo.token}`)
    })

    it('that names no operator of several, or an unknown one, is an IdentityMismatch', async () => {
      const { connect, north, south, gateway } = await twoLinks(state)
      for (const options of [{}, { cspIdentity: 'CSP-WEST' }, { cspIdentity: 'csp-north' }])
        for (const soapVersion of ['1.1', '1.2'] as const) {
          const dso = await connect({ ...options, soapVersion })
          const error = await dso.sendForecast([of('007')]).catch((error: unknown) => error)
          if (!(error instanceof SoapFault)) throw error
          expect(error.code).to.equal(soapVersion === '1.1' ? 'soap:Client' : 'soap:Sender')
          expect(error.subcode).to.equal(soapVersion === '1.1' ? undefined : 'gw:IdentityMismatch')
          expect(error.exchange.httpStatus).to.equal(soapVersion === '1.1' ? 500 : 400)
          expect(error.exchange.responseXml).to.include('>IdentityMismatch<').and.not.include('WEST')
          expect(gateway.observed.exchanges.at(-1)).to.include({ outcome: 'identity-mismatch', peer: 'dso' })
        }
      expect([...north.received, ...south.received]).to.deep.equal([])
    })

    it('need not name the operator of a single link, but must not name another', async () => {
      const { cpo, connect } = await openScene(state, { link: { cspIdentity: 'CSP-NORTH' } })
      for (const options of [{}, { cspIdentity: 'CSP-NORTH' }])
        expect((await (await connect(options)).sendForecast([of('007')])).status).to.equal('Accepted')
      const other = await connect({ cspIdentity: 'CSP-SOUTH' })
      const error = await other.sendForecast([of('007')]).catch((error: unknown) => error)
      expect(error).to.be.instanceOf(SoapFault)
      expect(cpo.received).to.have.length(2)
    })

    it('keeps two links apart although their groups have the same name', async () => {
      const { connect, north, south } = await twoLinks(state, 'hub')
      const toNorth = await connect({ cspIdentity: 'CSP-NORTH' })
      const toSouth = await connect({ cspIdentity: 'CSP-SOUTH' })
      const [one, two] = [cable('007', span('06:00', '07:00', 1)), cable('007', span('08:00', '09:00', 2))]
      await north.stop()
      await toNorth.sendForecast([one])
      await toSouth.sendForecast([two])
      await north.restart()
      await north.waitFor(1)
      expect(bodies(north.received)).to.deep.equal([messageOf(one, 'hub')])
      expect(bodies(south.received)).to.deep.equal([messageOf(two, 'hub')])
    })
  })

/** One DSO with two operators, who have different names for the cable 007. */
async function twoLinks(state: State, inSouth = 'depot') {
  const redis = state === 'Redis' ? closeLater(await startRedis()) : undefined
  const north = closeLater(await startCpo({ token: 'token of north' }))
  const south = closeLater(await startCpo({ token: 'token of south' }))
  const config = {
    ...(redis ? { redis: { url: redis.url } } : {}),
    peers: {
      dso: { role: 'dso' },
      north: { role: 'fp', url: north.url, token: north.token },
      south: { role: 'fp', url: south.url, token: south.token },
    },
    links: {
      north: { legacy: 'dso', modern: 'north', cspIdentity: 'CSP-NORTH', groups: { '007': 'hub' } },
      south: { legacy: 'dso', modern: 'south', cspIdentity: 'CSP-SOUTH', groups: { '007': inSouth } },
    },
  }
  const gateway = closeLater(await startTestGateway({ config, now: clockFrom(start) }))
  const connect = (options: Partial<DsoOptions>) =>
    connectDso({ wsdlUrl: `${gateway.soapUrl}/oscp/1.0/dso?wsdl`, ...options })
  return { north, south, gateway, connect }
}
