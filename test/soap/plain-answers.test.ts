/** What an answer looks like: its own media type, its fields in the order of the WSDL, and there from the very first request. */
import { expect } from 'chai'
import { shippedCrossings, startGateway } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { type Cpo, startCpo } from '../peers/cpo.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { testLog } from '../support/log.ts'
import { csp, envelope, heartbeat, mediaTypes, send } from '../support/soap.ts'

describe('An answer', () => {
  let cpo: Cpo
  let gateway: TestGateway
  const links = { link: { legacy: 'dso', modern: 'cpo', groups: { known: 'G' } } }
  before(async () => {
    cpo = await startCpo()
    const peers = { dso: { role: 'dso' }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } }
    gateway = await startTestGateway({ config: { peers, links }, now: () => Date.parse('2026-03-02T22:00:00Z') })
  })
  after(() => Promise.all([gateway.stop(), cpo.stop()]))

  const block =
    '<block><startTime>2026-03-02T23:00:00Z</startTime><endTime>2026-03-03T00:00:00Z</endTime><capacity>1</capacity></block>'
  const forecast = (...cables: string[]) =>
    `<updateCableCapacityForecastRequest xmlns="${csp}">${cables
      .map(
        (id) =>
          `<cableCapacityForecast><cableId>${id}</cableId><capacityUnit>W</capacityUnit>${block}</cableCapacityForecast>`,
      )
      .join('')}</updateCableCapacityForecastRequest>`
  const ask = (headers: Record<string, string>, body: string | Buffer) =>
    send(`${gateway.soapUrl}/oscp/1.0/dso`, { headers, body })

  it('has a media type of its own and not an echo of the request’s', async () => {
    for (const [version, more] of [
      ['1.1', '; charset=ISO-8859-1; x="y"'],
      ['1.2', '; action="/Heartbeat"; charset=us-ascii'],
    ] as const) {
      const body = envelope(version, heartbeat).replace('UTF-8', 'US-ASCII')
      const { status, headers } = await ask({ 'content-type': mediaTypes[version] + more, accept: 'text/html' }, body)
      expect([status, headers['content-type']]).to.deep.equal([200, `${mediaTypes[version]}; charset=utf-8`])
      expect(headers).not.to.have.any.keys('content-encoding', 'server', 'x-powered-by')
    }
  })

  it('is in UTF-8 and says so, also to who asked in UTF-16 and of what is beyond ASCII', async () => {
    const request = Buffer.from(`\ufeff${envelope('1.1', forecast('Kabel-ü€'))}`, 'utf16le')
    const { body } = await ask({ 'content-type': 'text/xml; charset=utf-16' }, request)
    expect(body)
      .to.match(/^<\?xml version="1.0" encoding="UTF-8"\?>/)
      .and.include('>Kabel-ü€<')
  })

  it('names none, one or many rejected cables between status and info, as the WSDL has them', async () => {
    const names = async (...cables: string[]) => {
      const { body } = await ask({ 'content-type': 'text/xml' }, envelope('1.1', forecast(...cables)))
      const content = /<n1:updateCableCapacityForecastResponse[^>]*>(.*)<\/n1:update/s.exec(body)?.[1] ?? body
      return [...content.matchAll(/<n1:(\w+)>/g)].map(([, name]) => name)
    }
    expect(await names('known')).to.deep.equal(['status'])
    expect(await names('a')).to.deep.equal(['status', 'rejectedCableId', 'info'])
    expect(await names('a', 'known', 'b')).to.deep.equal(['status', 'rejectedCableId', 'rejectedCableId', 'info'])
  })

  it('is there for the very first request, sent as soon as there is a port', async () => {
    const raw = {
      listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' },
      peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } },
      links,
    }
    const config = loadConfig(() => raw, undefined, {})
    const own = await startGateway({ config, log: testLog(config), crossings: await shippedCrossings() })
    try {
      const url = `${own.soapUrl}/oscp/1.0/dso`
      const [first, wsdl] = await Promise.all([
        send(url, { headers: { 'content-type': 'text/xml' }, body: envelope('1.1', heartbeat) }),
        send(`${url}?wsdl`, { method: 'GET' }),
      ])
      expect([first.status, wsdl.status]).to.deep.equal([200, 200])
    } finally {
      await own.stop()
    }
  })
})
