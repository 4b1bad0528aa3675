/** An exchange can be followed in OpenTelemetry: what came in, what was made of it, and what went out, across both wires. */
import { expect } from 'chai'
import { startCpo } from '../peers/cpo.ts'
import { connectDso } from '../peers/dso.ts'
import { startCollector } from '../support/collector.ts'
import { openDeployment } from '../support/deployment.ts'
import { clockFrom, eventually, startTestGateway } from '../support/gateway.ts'
import { cable, closeLater, closeScenes, span, start } from '../support/scene.ts'
import { envelope, heartbeat, mediaTypes, send } from '../support/soap.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const callerSpan = '00f067aa0ba902b7'
const traceparent = `00-${traceId}-${callerSpan}-01`

const headersOf = (received: { headers: object }) => received.headers as Record<string, string>

async function open(traces: object, collectorStatus = 200) {
  const cpo = closeLater(await startCpo())
  const collector = closeLater(await startCollector(collectorStatus))
  const gateway = closeLater(
    await startTestGateway({
      now: clockFrom(start),
      config: {
        traces: { endpoint: collector.url, ...traces },
        peers: {
          dso: { role: 'dso' },
          cpo: { role: 'fp', url: cpo.url, token: cpo.token, inboundToken: 'token-of-the-cpo' },
        },
        links: { link: { legacy: 'dso', modern: 'cpo' } },
      },
    }),
  )
  const dso = await connectDso({ wsdlUrl: `${gateway.soapUrl}/oscp/1.0/dso?wsdl` })
  /** All spans, once the gateway has sent what was left. */
  const spans = async () => {
    await gateway.stop(5000)
    return collector.spans
  }
  return { cpo, collector, gateway, dso, spans }
}

describe('Traces', () => {
  afterEach(closeScenes)

  it('have three spans per exchange, received, translated and delivered, and go on at the party that is called', async () => {
    const { cpo, dso, spans, gateway } = await open({})
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
    const found = await spans()
    expect(found.map(({ name }) => name).sort()).to.deep.equal([
      'deliver UpdateGroupCapacityForecast',
      'receive UpdateCableCapacityForecast',
      'translate update-cable-capacity-forecast',
    ])
    const [receive, translate, deliver] = ['receive', 'translate', 'deliver'].map(
      (begin) => found.find(({ name }) => name.startsWith(begin))!,
    ) as [(typeof found)[0], (typeof found)[0], (typeof found)[0]]
    expect(new Set(found.map((one) => one.traceId)).size).to.equal(1)
    expect(receive).not.to.have.property('parentSpanId')
    expect([translate.parentSpanId, deliver.parentSpanId]).to.deep.equal([receive.spanId, receive.spanId])
    const { exchange } = gateway.observed.exchanges[0]!
    expect(receive.attributes).to.deep.include({
      'oscp.peer': 'dso',
      'oscp.operation': 'UpdateCableCapacityForecast',
      'oscp.outcome': 'accepted',
      'oscp.exchange_id': exchange,
      'oscp.link': 'link',
    })
    expect(deliver.attributes).to.deep.include({
      'oscp.peer': 'cpo',
      'oscp.operation': 'UpdateGroupCapacityForecast',
      'oscp.outcome': 'accepted',
      'oscp.exchange_ids': [exchange],
    })
    expect(headersOf(cpo.received[0]!).traceparent).to.equal(`00-${deliver.traceId}-${deliver.spanId}-01`)
    expect(BigInt(receive.endTimeUnixNano) >= BigInt(deliver.endTimeUnixNano)).to.equal(true)
    expect(BigInt(deliver.startTimeUnixNano) >= BigInt(translate.endTimeUnixNano)).to.equal(true)
    expect([receive.kind, deliver.kind]).to.deep.equal([2, 3])
  })

  it('continue that of a caller on either face, with its state', async () => {
    const { cpo, gateway, spans } = await open({})
    const headers = { traceparent, tracestate: 'grid=a1' }
    await send(`${gateway.soapUrl}/oscp/1.0/dso`, {
      headers: { 'content-type': mediaTypes['1.1'], ...headers },
      body: envelope('1.1', forecastNow),
    })
    await fetch(`${gateway.restUrl}/oscp/cp/2.0/heartbeat`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', authorization: 'Token token-of-the-cpo' },
      body: '{"offline_mode_at":"2099-01-01T00:00:00Z"}',
    })
    const sent = headersOf(cpo.received[0]!)
    expect(sent.traceparent).to.match(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
    expect(sent.tracestate).to.equal('grid=a1')
    const received = (await spans()).filter(({ name }) => name.startsWith('receive'))
    expect(received.map(({ name }) => name)).to.have.members([
      'receive UpdateCableCapacityForecast',
      'receive Heartbeat',
    ])
    for (const one of received)
      expect(one).to.deep.include({ traceId, parentSpanId: callerSpan, traceState: 'grid=a1' })
  })

  it('of a delivery that comes later point to the exchange it carries on', async () => {
    const { cpo, dso, spans, gateway } = await open({})
    cpo.behave((_, nth) => (nth === 1 ? { status: 503 } : undefined))
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
    await eventually('the second attempt', () => gateway.observed.attempts.length >= 2)
    const found = await spans()
    const receive = found.find(({ name }) => name.startsWith('receive'))!
    const [first, second] = found.filter(({ name }) => name.startsWith('deliver')) as [typeof receive, typeof receive]
    expect(first).to.deep.include({ traceId: receive.traceId, status: { code: 2 } })
    expect(second.traceId).not.to.equal(receive.traceId)
    expect(second).not.to.have.property('parentSpanId')
    expect(second.links).to.have.length(1)
    expect(second.links[0]).to.include({ traceId: receive.traceId, spanId: receive.spanId })
    expect(headersOf(cpo.received[1]!).traceparent).to.include(second.spanId)
  })

  it('of what is refused say so', async () => {
    const { gateway, spans } = await open({})
    await send(`${gateway.soapUrl}/oscp/1.0/dso`, {
      headers: { 'content-type': mediaTypes['1.1'] },
      body: envelope('1.1', '<nonsense/>'),
    })
    const [receive] = await spans()
    expect(receive).to.deep.include({ name: 'receive', status: { code: 2 } })
    expect(receive!.attributes).to.include({ 'oscp.outcome': gateway.observed.exchanges[0]!.outcome })
  })

  it('go out with calls of legacy parties, too', async () => {
    const collector = closeLater(await startCollector())
    const { service, party, gateway, stateOf } = await openDeployment('memory', 'csp', {
      more: { traces: { endpoint: collector.url } },
    })
    await eventually('the capacity provider is registered', async () => (await stateOf()).state === 'REGISTERED')
    await party().handshake()
    await eventually('it is online', async () => (await stateOf()).state === 'ONLINE')
    // With the second one, the first is over.
    await eventually('heartbeats reach the operator', () => service.received[1])
    const heard = service.received[0]!
    expect(headersOf(heard).traceparent).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    await gateway.stop()
    const names = collector.spans.map(({ name }) => name)
    expect(names).to.include.members(['deliver Heartbeat', 'deliver Register'])
  })

  it('are none of the exchanges that are not sampled, but a caller who samples is followed', async () => {
    const { dso, gateway, spans } = await open({ sampling: 0 })
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
    await send(`${gateway.soapUrl}/oscp/1.0/dso`, {
      headers: { 'content-type': mediaTypes['1.1'], traceparent },
      body: envelope('1.1', heartbeat),
    })
    const found = await spans()
    expect(new Set(found.map((one) => one.traceId))).to.deep.equal(new Set([traceId]))
  })

  it('carry the headers that the collector wants, and a collector that refuses or is away disturbs nothing', async () => {
    const { dso, collector, spans, gateway } = await open({ headers: { 'api-key': 'key-of-the-collector' } }, 500)
    expect((await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])).status).to.equal('Accepted')
    await spans()
    expect(collector.requests[0]).to.include({ 'api-key': 'key-of-the-collector' })
    expect(gateway.logged.join('')).to.match(/The collector answered 500/)
  })

  it('are not there without settings: nothing is added to what is sent', async () => {
    const cpo = closeLater(await startCpo())
    const gateway = closeLater(
      await startTestGateway({
        now: clockFrom(start),
        config: {
          peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } },
          links: { link: { legacy: 'dso', modern: 'cpo' } },
        },
      }),
    )
    const dso = await connectDso({ wsdlUrl: `${gateway.soapUrl}/oscp/1.0/dso?wsdl` })
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
    expect(cpo.received[0]!.headers).not.to.have.any.keys('traceparent', 'tracestate')
  })
})

const forecastNow =
  '<updateCableCapacityForecastRequest xmlns="urn:oscp-gateway:oscp-1.0:Csp"><cableCapacityForecast>' +
  '<cableId>c1</cableId><capacityUnit>kW</capacityUnit><block><startTime>2026-03-03T06:00:00Z</startTime>' +
  '<endTime>2026-03-03T07:00:00Z</endTime><capacity>11</capacity></block>' +
  '</cableCapacityForecast></updateCableCapacityForecastRequest>'
