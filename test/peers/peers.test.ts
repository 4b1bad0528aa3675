/** Proves the simulated peers themselves: the CPO over fetch, the DSO against servers that know nothing of the gateway. */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { listen } from 'soap'
import { type Cpo, startCpo } from './cpo.ts'
import { connectDso, type ForecastAnswer, SoapFault } from './dso.ts'
import { cableForecast } from './forecast.ts'

const PATH = '/update_group_capacity_forecast'
const WSDL = 'wsdl/oscp-1.0/CspService.wsdl'
const NS = 'urn:oscp-gateway:oscp-1.0:Csp'
const SOAP_11 = 'http://schemas.xmlsoap.org/soap/envelope/'
const SOAP_12 = 'http://www.w3.org/2003/05/soap-envelope'

const at = (time: string) => new Date(`2026-01-14T${time}`)
const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('this should have failed'),
    (error: Error) => error,
  )

describe('The simulated CPO', () => {
  let cpo: Cpo
  beforeEach(async () => {
    cpo = await startCpo({ token: 'secret' })
  })
  afterEach(() => cpo.stop())

  const block = (from: string, to: string, more: object = {}) => ({
    ...{ capacity: 11, phase: 'ALL', unit: 'KW', start_time: `2026-01-14T${from}`, end_time: `2026-01-14T${to}` },
    ...more,
  })
  const body = (...blocks: object[]) => ({ group_id: 'g1', type: 'CONSUMPTION', forecasted_blocks: blocks })
  const good = body(block('10:00:00Z', '10:15:00.000Z'))
  const post = (content: unknown = good, headers: Record<string, string | undefined> = {}, path = PATH) => {
    const all = { Authorization: 'Token secret', 'X-Request-ID': 'r1', 'Content-Type': 'application/json', ...headers }
    const given = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    return fetch(cpo.url + path, { method: 'POST', headers: given, body: text })
  }

  it('answers a valid forecast with 204 and no body, and records it', async () => {
    const response = await post()
    expect(response.status).to.equal(204)
    expect(await response.text()).to.equal('')
    const [request] = cpo.received
    expect(request).to.deep.include({ method: 'POST', path: `/oscp/fp/2.0${PATH}`, body: good, status: 204 })
    expect(request?.rawBody).to.equal(JSON.stringify(good))
    expect(request?.headers).to.include({ 'x-request-id': 'r1', authorization: 'Token secret' })
  })

  it('refuses calls by path, method, credentials, request id and form, with a message, and records them', async () => {
    const refusals: [number, Promise<Response>][] = [
      [401, post(good, { Authorization: undefined })],
      [403, post(good, { Authorization: 'Token other' })],
      [403, post(good, { Authorization: 'Bearer secret' })],
      [404, post(good, {}, '/nowhere')],
      [405, fetch(cpo.url + PATH)],
      [400, post(good, { 'X-Request-ID': undefined })],
      [415, post(good, { 'Content-Type': 'text/xml' })],
      [400, post('{')],
    ]
    for (const [status, call] of refusals) {
      const response = await call
      expect(response.status).to.equal(status)
      expect(await response.json()).to.have.all.keys('message')
    }
    expect(cpo.received).to.have.length(refusals.length)
    expect(cpo.limitAt('g1', at('10:00:00Z'))).to.equal(undefined)
  })

  it('says what is wrong with a forecast', async () => {
    const bad = (more: object) => body(block('10:00:00Z', '10:15:00Z'), block('10:15:00Z', '10:30:00Z', more))
    const faults: [string, unknown][] = [
      ['body', []],
      ['group_id', { ...good, group_id: 7 }],
      ['type', { ...good, type: 'LIMIT' }],
      ['forecasted_blocks', body()],
      ['[1]: capacity', bad({ capacity: '11' })],
      ['[1]: capacity', bad({ capacity: -1 })],
      ['[1]: phase', bad({ phase: undefined })],
      ['[1]: unit', bad({ unit: 'kW' })],
      ['[1]: start_time', bad({ start_time: '2026-01-14T10:15:00.12Z' })],
      ['[1]: start_time', bad({ start_time: '2026-01-14T10:15:00' })],
      ['[1]: end_time', bad({ end_time: '2026-01-14T10:30:00.000000Z' })],
      ['[1]: end_time', bad({ end_time: '2026-02-30T00:00:00Z' })],
      ['later than', bad({ end_time: '2026-01-14T11:15:00+01:00' })],
    ]
    for (const [words, content] of faults) {
      const response = await post(content)
      expect(response.status, words).to.equal(400)
      expect(await response.text()).to.include(words)
    }
  })

  it('lets the forecast received last win for every instant that it covers', async () => {
    const current = block('10:00:00Z', '12:00:00Z', { capacity: 16, phase: 'ONE', unit: 'A' })
    await post(body(block('10:00:00Z', '12:00:00Z', { capacity: 22 }), current))
    await post(body(block('12:00:00+01:00', '12:30:00.000+01:00', { capacity: 5 })))
    const times = ['09:59:59.999Z', '10:59:59.999Z', '11:00:00Z', '11:30:00Z', '12:00:00Z']
    const capacities = times.map((time) => cpo.limitAt('g1', at(time))?.capacity)
    expect(capacities).to.deep.equal([undefined, 22, 5, 22, undefined])
    expect(cpo.limitAt('g1', +at('11:00:00Z'), 'ONE')).to.deep.equal({ capacity: 16, unit: 'A' })
    expect(cpo.limitAt('g2', at('11:00:00Z'))).to.equal(undefined)
    expect(cpo.limitAt('g1', at('11:00:00Z'), 'ALL', 'GENERATION')).to.equal(undefined)
  })

  it('behaves as told: by status, body or number of the call, late, never or with a reset', async () => {
    cpo.behave((_request, nth) => (nth === 1 ? { status: 503, headers: { 'Retry-After': '1' } } : undefined))
    expect((await post()).headers.get('retry-after')).to.equal('1')
    expect(cpo.limitAt('g1', at('10:00:00Z'))).to.equal(undefined)
    expect((await post()).status).to.equal(204)
    expect(cpo.received.map(({ status }) => status)).to.deep.equal([503, 204])

    cpo.behave((_request, nth) => ({ body: `call ${nth}`, contentType: 'text/html', delayMs: 50 }))
    const before = performance.now()
    const html = await post()
    expect(performance.now() - before).to.be.at.least(45)
    expect(`${html.status} ${html.headers.get('content-type')} ${await html.text()}`).to.equal('200 text/html call 1')

    cpo.behave({ reset: true })
    expect((await errorOf(post())).cause).to.have.property('code', 'ECONNRESET')

    cpo.behave({ hang: true })
    const hanging = errorOf(post())
    expect(await cpo.waitFor(5)).not.to.have.property('status')
    await cpo.stop()
    await hanging
  })

  it('goes away and comes back on the same port', async () => {
    await cpo.stop()
    expect((await errorOf(post())).cause).to.have.property('code', 'ECONNREFUSED')
    await cpo.restart()
    const arrival = cpo.waitFor((request) => request.headers['x-request-id'] === 'r2')
    expect((await post(good, { 'X-Request-ID': 'r2' })).status).to.equal(204)
    expect(await arrival).to.equal(cpo.received[0])
    expect((await errorOf(cpo.waitFor(2, 20))).message).to.include('in vain')
  })
})

describe('The simulated DSO', () => {
  const from = at('00:00:00Z')
  const realistic = cableForecast({ cableId: '007', day: 'jan_workday', carries: 250, from, quarters: 2 })
  let server: Server
  let url: string
  let seen: { headers: Record<string, unknown>; xml: string }
  let reply: { status: number; xml: string }
  beforeEach(async () => {
    server = createServer(async (request, response) => {
      const xml = (await request.setEncoding('utf8').toArray()).join('')
      const isGet = request.method === 'GET'
      if (!isGet) seen = { headers: request.headers, xml }
      response.writeHead(isGet ? 200 : reply.status, { 'Content-Type': 'text/xml' })
      response.end(
        isGet ? readFileSync(WSDL, 'utf8').replaceAll('http://localhost:8080/oscp/1.0/PEER', url) : reply.xml,
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/csp`
  })
  afterEach(() => {
    server.close()
    server.closeAllConnections()
  })

  for (const soapVersion of ['1.1', '1.2'] as const) {
    const envelope = soapVersion === '1.1' ? SOAP_11 : SOAP_12
    const answer = (xml: string, status = 200) => {
      const body = `<e:Body>${xml}</e:Body>`
      reply = { status, xml: `<e:Envelope xmlns:e="${envelope}" xmlns:c="${NS}">${body}</e:Envelope>\n` }
    }
    const acknowledge = (xml: string) =>
      answer(`<c:updateCableCapacityForecastResponse>${xml}</c:updateCableCapacityForecastResponse>`)

    it(`sends forecasts in XSD order with its identity over SOAP ${soapVersion}`, async () => {
      const dso = await connectDso({ wsdlUrl: `${url}?wsdl`, soapVersion, cspIdentity: 'csp-1' })
      acknowledge('<c:status>Accepted</c:status>')
      const times = { endTime: '2026-01-14T00:15:00Z', startTime: '2026-01-14T00:00:00Z' }
      const blocks = [{ remainingCapacity: 3, capacity: '1.50', ...times }]
      const { requestXml } = await dso.sendForecast([{ blocks, capacityUnit: 'kW', forecastId: 'f<1', cableId: '007' }])
      expect(requestXml).to.equal(seen.xml)
      expect(seen.xml)
        .to.include(`xmlns:soap="${envelope}"`)
        .and.to.include(
          `<soap:Header><cspIdentity xmlns="${NS}">csp-1</cspIdentity></soap:Header><soap:Body>` +
            `<updateCableCapacityForecastRequest xmlns="${NS}"><cableCapacityForecast><cableId>007</cableId>` +
            '<forecastId>f&lt;1</forecastId><capacityUnit>kW</capacityUnit><block>' +
            '<startTime>2026-01-14T00:00:00Z</startTime><endTime>2026-01-14T00:15:00Z</endTime><capacity>1.50</capacity>' +
            '<remainingCapacity>3</remainingCapacity></block></cableCapacityForecast></updateCableCapacityForecastRequest>',
        )
      const action = seen.headers[soapVersion === '1.1' ? 'soapaction' : 'content-type']
      expect(action).to.include('"/UpdateCableCapacityForecast"')
    })

    it(`reads the answers to a forecast and a heartbeat as they were written over SOAP ${soapVersion}`, async () => {
      const dso = await connectDso({ wsdlUrl: WSDL, endpoint: url, soapVersion })
      const rejected = '<c:status>Rejected</c:status><c:rejectedCableId>007</c:rejectedCableId>'
      acknowledge(`${rejected}<c:info>a &amp; b</c:info>`)
      const expected: Partial<ForecastAnswer> = { status: 'Rejected', rejectedCableId: ['007'], info: 'a & b' }
      expect(await dso.sendForecast([realistic])).to.deep.include({
        ...expected,
        httpStatus: 200,
        responseXml: reply.xml,
      })
      acknowledge(`${rejected}<c:rejectedCableId>b</c:rejectedCableId>`)
      expect((await dso.sendForecast([realistic])).rejectedCableId).to.deep.equal(['007', 'b'])
      acknowledge('<c:status>Accepted</c:status>')
      expect(await dso.sendForecast([realistic])).to.deep.include({ status: 'Accepted', rejectedCableId: [] })
      const currentTime = '2026-01-14T01:00:00.500+01:00'
      answer(`<c:heartbeatResponse><c:currentTime>${currentTime}</c:currentTime></c:heartbeatResponse>`)
      expect(await dso.heartbeat()).to.deep.include({ currentTime, requestXml: seen.xml, responseXml: reply.xml })
      expect(seen.xml).to.include(`<soap:Body><heartbeatRequest xmlns="${NS}"></heartbeatRequest></soap:Body>`)
    })

    it(`tells a SOAP ${soapVersion} fault from an answer that is none`, async () => {
      const dso = await connectDso({ wsdlUrl: WSDL, endpoint: url, soapVersion })
      const fault = {
        '1.1': '<faultcode>e:Client</faultcode><faultstring>no such block</faultstring>',
        '1.2':
          '<e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>c:ProtocolError</e:Value></e:Subcode></e:Code>' +
          '<e:Reason><e:Text xml:lang="en">no such block</e:Text></e:Reason>',
      }
      const expected = { '1.1': ['e:Client', undefined], '1.2': ['e:Sender', 'c:ProtocolError'] }
      answer(`<e:Fault>${fault[soapVersion]}</e:Fault>`, 500)
      const error = (await errorOf(dso.sendForecast([realistic]))) as SoapFault
      expect(error).to.be.instanceOf(SoapFault).and.to.have.property('reason', 'no such block')
      expect([error.code, error.subcode]).to.deep.equal(expected[soapVersion])
      expect(error.exchange).to.deep.include({ httpStatus: 500, responseXml: reply.xml, requestXml: seen.xml })
      acknowledge('')
      for (const xml of [reply.xml, '<html>busy</html>', '']) {
        reply = { status: 200, xml }
        expect(await errorOf(dso.sendForecast([realistic]))).not.to.be.instanceOf(SoapFault)
      }
    })
  }

  it('is understood by a server of the soap package', async () => {
    let heard: unknown
    const UpdateCableCapacityForecast = (args: unknown) => {
      heard = args
      return { status: 'Rejected', rejectedCableId: '007' }
    }
    const port = { UpdateCableCapacityForecast }
    const services = { CspService: { CspServiceSoap11: port, CspServiceSoap12: port } }
    server.removeAllListeners('request')
    await new Promise((resolve) => listen(server, '/csp', services, readFileSync(WSDL, 'utf8'), resolve))
    const dso = await connectDso({ wsdlUrl: WSDL, endpoint: url })
    expect((await dso.sendForecast([realistic])).rejectedCableId).to.deep.equal(['007'])
    const block = [
      { startTime: from, endTime: at('00:15:00Z'), capacity: '169.496' },
      { startTime: at('00:15:00Z'), endTime: at('00:30:00Z'), capacity: '174.34' },
    ]
    expect(heard).to.deep.equal({ cableCapacityForecast: [{ cableId: '007', capacityUnit: 'kW', block }] })
  })
})

describe('The realistic forecast', () => {
  const options = { cableId: 'c1', day: 'jan_workday', carries: 250, from: at('17:30:00Z') } as const

  it('is what the cable carries minus the household load, and runs on past midnight', () => {
    const { blocks, ...rest } = cableForecast({ ...options, forecastId: 'f1' })
    expect(rest).to.deep.equal({ cableId: 'c1', forecastId: 'f1', capacityUnit: 'kW' })
    expect(blocks).to.have.length(96)
    const [startTime, endTime] = ['2026-01-14T17:30:00.000Z', '2026-01-14T17:45:00.000Z']
    expect(blocks[0]).to.deep.equal({ startTime, endTime, capacity: '96.472' })
    expect(blocks[26]).to.deep.include({ startTime: '2026-01-15T00:00:00.000Z', capacity: '169.496' })
  })

  it('never falls below 0, converts units and refuses a start off the grid', () => {
    const first = (more: object) => cableForecast({ ...options, day: 'jul_workday', ...more }).blocks[0]?.capacity
    expect(first({ carries: 1 })).to.equal('0')
    expect(first({ carries: 200, unit: 'W' })).to.equal('47888')
    expect(first({ carries: 200, unit: 'A' })).to.equal('69.403')
    expect(() => first({ from: at('17:31:00Z') })).to.throw(RangeError)
  })
})
