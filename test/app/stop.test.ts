/** How the gateway ends: what is stored is answered so, and nothing keeps it longer than its time. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { csp, envelope, mediaTypes, send } from '../support/soap.ts'

describe('A gateway that stops', () => {
  let silent: Server
  let asked: Promise<unknown>
  let gateway: TestGateway
  beforeEach(async () => {
    silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    asked = once(silent, 'request')
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`
    gateway = await startTestGateway({
      config: {
        peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url, token: 'x' } },
        links: { link: { legacy: 'dso', modern: 'cpo', answerWithin: '1h' } },
        delivery: { timeout: '1h' },
      },
      now: () => Date.parse('2026-03-02T22:00:00Z'),
    })
  })
  afterEach(() => {
    silent.closeAllConnections()
    silent.close()
  })

  it('answers those who wait for a silent peer that their forecast is stored', async () => {
    const block =
      '<startTime>2026-03-02T23:00:00Z</startTime><endTime>2026-03-03T00:00:00Z</endTime><capacity>11</capacity>'
    const body =
      `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>C</cableId>` +
      `<capacityUnit>kW</capacityUnit><block>${block}</block></cableCapacityForecast></updateCableCapacityForecastRequest>`
    const answer = send(`${gateway.soapUrl}/oscp/1.0/dso`, {
      headers: { 'content-type': mediaTypes['1.1'] },
      body: envelope('1.1', body),
    })
    await asked
    await gateway.stop(500)
    expect((await answer).body).to.include('>Accepted<')
  })
})
