/** Operations called at a legacy party that hosts its own service, and what its answers are taken for. */
import { expect } from 'chai'
import { shippedCrossings } from '../../src/app.ts'
import type { Service } from '../../src/contract/model.ts'
import type { PeerId, RequestId } from '../../src/exchange/ids.ts'
import type { LegacyCall, LegacyOutcome, LegacyWire } from '../../src/exchange/legacy.ts'
import { type HttpClient, httpClient } from '../../src/http/outbound.ts'
import { type SoapDestination, type SoapOutboundOptions, soapOutbound } from '../../src/soap/outbound.ts'
import { type CspService, startCspService } from '../peers/csp-service.ts'
import { type DsoService, startDsoService } from '../peers/dso-service.ts'
import type { Answering, SoapVersion } from '../peers/soap-service.ts'

const request = '0d7b7a5b-1f0e-4f0c-8a53-9f2f64f3a702' as RequestId
const hour = 3600_000

const usage = {
  aggregatedUsage: [
    {
      cableId: '007 & <co>',
      forecastId: undefined,
      energyUnit: 'kWh',
      block: [{ startTime: '2026-03-03T00:00:00.000Z', endTime: '2026-03-03T00:15:00.000Z', energy: '1.50' }],
    },
  ],
}

describe('A call at a legacy party', () => {
  let http: HttpClient
  let dso: DsoService
  let csp: CspService
  let services: readonly Service[]
  let clock = 0

  before(async () => {
    services = (await shippedCrossings()).find(({ id }) => id === 'oscp-1.0--oscp-2.0')!.legacy.services
  })
  beforeEach(async () => {
    http = httpClient()
    dso = await startDsoService()
    csp = await startCspService()
  })
  afterEach(async () => {
    await http.close()
    await dso.stop()
    await csp.stop()
  })

  function wire(changes: Partial<SoapDestination> = {}, options: Partial<SoapOutboundOptions> = {}): LegacyWire {
    const about = { soapVersion: '1.1', headersOut: {}, services } as const
    const peers: SoapDestination[] = [
      { ...about, id: 'dso' as PeerId, role: 'dso', url: dso.url, ...changes },
      { ...about, id: 'csp' as PeerId, role: 'csp', url: csp.url, ...changes },
    ]
    return soapOutbound({ http, peers, longestAnswer: 100_000, now: () => clock, ...options })
  }

  const calling = (own: LegacyWire, changes: Partial<LegacyCall> = {}): Promise<LegacyOutcome> =>
    own.call({
      peer: { id: 'dso' as PeerId } as LegacyCall['peer'],
      operation: 'UpdateAggregatedUsage',
      value: usage,
      cspIdentity: undefined,
      request,
      withinMs: 1000,
      ...changes,
    })

  /** What becomes of one call that the DSO answers so. */
  async function outcome(how: Answering, version: SoapVersion = '1.1', withinMs = 1000): Promise<LegacyOutcome> {
    dso.behave('UpdateAggregatedUsage', how)
    return calling(wire({ soapVersion: version }), { withinMs })
  }

  for (const soapVersion of ['1.1', '1.2'] as const) {
    it(`is a request in SOAP ${soapVersion} by the party's own WSDL, and its answer is read by it`, async () => {
      const cspIdentity = 'CSP & co'
      const own = wire({ soapVersion, headersOut: { 'x-api-key': 'k' } })
      expect(await calling(own, { cspIdentity, correlation: 'urn:x:1' as RequestId })).to.deep.equal({
        verdict: 'answered',
        value: { status: 'Accepted', info: undefined },
        status: 200,
      })
      const [got] = dso.received
      expect(got).to.include({
        operation: 'UpdateAggregatedUsage',
        version: soapVersion,
        wrong: undefined,
        status: 200,
      })
      expect(got!.value.aggregatedUsage).to.deep.equal([
        {
          cableId: '007 & <co>',
          energyUnit: 'kWh',
          block: [{ ...usage.aggregatedUsage[0]!.block[0]!, chargePoint: [] }],
        },
      ])
      const address = { Address: 'http://www.w3.org/2005/08/addressing/anonymous' }
      expect(got!.blocks).to.deep.equal({
        cspIdentity,
        Action: '/UpdateAggregatedUsage',
        MessageID: `urn:uuid:${request}`,
        To: dso.url,
        From: address,
        ReplyTo: address,
        RelatesTo: 'urn:x:1',
      })
      expect(got!.headers).to.include({ 'x-api-key': 'k', 'content-length': String(Buffer.byteLength(got!.raw)) })
      expect(got!.headers['content-type']).to.equal(
        soapVersion === '1.1'
          ? 'text/xml; charset=utf-8'
          : 'application/soap+xml; charset=utf-8; action="/UpdateAggregatedUsage"',
      )
      expect(got!.headers.soapaction).to.equal(soapVersion === '1.1' ? '"/UpdateAggregatedUsage"' : undefined)
    })

    it(`that is refused in SOAP ${soapVersion} by a Sender fault is final, with the party's words cut to 500 characters`, async () => {
      const fault = {
        code: 'Sender',
        subcode: 'ProtocolError',
        reason: ` No\n such  cable ${'x'.repeat(600)}`,
      } as const
      const told = await outcome({ fault }, soapVersion)
      expect(told).to.include({ verdict: 'refused', unsupported: false })
      expect((told as { sentence: string }).sentence)
        .to.match(/^No such cable x+$/)
        .and.have.length(500)
    })

    it(`that meets a Receiver fault in SOAP ${soapVersion} may pass later, when the party says so`, async () => {
      const fault = { code: 'Receiver', subcode: 'InternalError', reason: 'busy' } as const
      expect(await outcome({ fault, headers: { 'Retry-After': '7' } }, soapVersion)).to.deep.equal({
        verdict: 'unavailable',
        sentence: 'busy',
        retryAfterMs: 7000,
        status: 500,
      })
    })

    for (const code of ['Sender', 'Receiver'] as const)
      for (const subcode of ['NotSupported', 'ActionNotSupported'])
        it(`of an operation that the party says it lacks (${code} ${subcode}, SOAP ${soapVersion}) is not made again for an hour`, async () => {
          const own = wire({ soapVersion })
          const dsoPeer = { id: 'dso' as PeerId } as LegacyCall['peer']
          dso.behave('UpdateAggregatedUsage', { fault: { code, subcode, reason: 'no usage here' } })
          expect(own.hosts(dsoPeer, 'UpdateAggregatedUsage')).to.equal(true)
          const status = soapVersion === '1.2' && code === 'Sender' ? 400 : 500
          const refused = { verdict: 'refused', sentence: 'no usage here', unsupported: true, status }
          expect(await calling(own)).to.deep.equal(refused)
          expect(await calling(own)).to.include({ verdict: 'refused', unsupported: true })
          expect(own.hosts(dsoPeer, 'UpdateAggregatedUsage')).to.equal(false)
          expect(own.hosts(dsoPeer, 'Heartbeat')).to.equal(true)
          expect(dso.received).to.have.length(1)
          clock += hour + 1
          dso.behave('UpdateAggregatedUsage')
          expect(await calling(own)).to.include({ verdict: 'answered' })
        })

    it(`that is refused for what we are, not for what it says (SOAP ${soapVersion}), may pass when a password is set right`, async () => {
      for (const subcode of ['SecurityError', 'IdentityMismatch', 'FailedAuthentication', 'MessageExpired'])
        expect(await outcome({ fault: { code: 'Sender', subcode } }, soapVersion), subcode).to.include({
          verdict: 'unavailable',
        })
    })
  }

  it('reads faults of either version whatever was sent, dotted codes, and a fault that comes with 200', async () => {
    const sender = { code: 'Sender', reason: 'no' } as const
    expect(await outcome({ fault: sender, version: '1.1' }, '1.2')).to.include({ verdict: 'refused', sentence: 'no' })
    expect(await outcome({ fault: sender, version: '1.2' }, '1.1')).to.include({ verdict: 'refused', sentence: 'no' })
    expect(await outcome({ fault: sender, status: 200 })).to.include({ verdict: 'refused', sentence: 'no' })
    expect(await outcome({ value: { status: 'Accepted' }, version: '1.1' }, '1.2')).to.include({ verdict: 'answered' })
    const dotted = (code: string) =>
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:${code}</faultcode><faultstring/></s:Fault></s:Body></s:Envelope>`
    expect(await outcome({ body: dotted('Client.Limits'), status: 500 })).to.deep.equal({
      verdict: 'refused',
      sentence: 'The peer answered the fault Client Limits, status 500.',
      unsupported: false,
      status: 500,
    })
    expect(await outcome({ body: dotted('Server.NotSupported'), status: 500 })).to.include({ unsupported: true })
    expect(await outcome({ body: dotted(''), status: 500 })).to.include({ verdict: 'unavailable' })
  })

  it('that is answered by what is no SOAP says so and may pass later, whatever the status', async () => {
    const html = { contentType: 'text/html', body: '<html><body>Sign in</body></html>' }
    const cases: [Answering, string][] = [
      [{ ...html, status: 200 }, 'The peer answered HTML with status 200, expected SOAP.'],
      [{ ...html, status: 404 }, 'The peer answered HTML with status 404, expected SOAP.'],
      [
        { body: '<!DOCTYPE html><html/>', contentType: 'text/xml', status: 503 },
        'The peer answered HTML with status 503, expected SOAP.',
      ],
      [{ body: '{"a":1}', status: 200 }, 'The peer answered JSON with status 200, expected SOAP.'],
      [
        { body: 'gone', contentType: 'text/plain', status: 410 },
        'The peer answered text with status 410, expected SOAP.',
      ],
      [{ body: ' ', status: 202 }, 'The peer answered nothing with status 202, expected SOAP.'],
      [{ body: ' ', status: 401 }, 'The peer answered nothing with status 401, expected SOAP.'],
      [
        { body: '', status: 302, headers: { Location: 'http://127.0.0.1:1/' } },
        'The peer answered 302; redirects are not followed.',
      ],
      [{ body: '<a>', status: 200 }, 'The answer of the peer, with status 200, is not what its contract says.'],
      [{ body: '<a/>', status: 200 }, 'The answer of the peer, with status 200, is not what its contract says.'],
      [{ value: { status: 'Maybe' } }, 'The answer of the peer, with status 200, is not what its contract says.'],
      [{ value: {} }, 'The answer of the peer, with status 200, is not what its contract says.'],
      [{ value: { status: 'Accepted' }, status: 500 }, 'The answer of the peer, with status 500, is no fault.'],
      [
        { value: { status: 'Accepted', info: 'x'.repeat(200_000) } },
        'The answer of the peer, with status 200, is longer than is read.',
      ],
    ]
    for (const [how, sentence] of cases) {
      const told = await outcome(how)
      expect(told, JSON.stringify(how).slice(0, 200)).to.include({ verdict: 'unavailable', sentence })
    }
  })

  it('is read in the encoding that its answer is in', async () => {
    const answer = (declared: string) =>
      `<?xml version="1.0" encoding="${declared}"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><updateAggregatedUsageResponse xmlns="urn:oscp-gateway:oscp-1.0:Dso"><status>Rejected</status><info>Zähler unbekannt</info></updateAggregatedUsageResponse></s:Body></s:Envelope>`
    const read = { verdict: 'answered', value: { status: 'Rejected', info: 'Zähler unbekannt' }, status: 200 }
    const cases: Answering[] = [
      { body: Buffer.from(answer('ISO-8859-1'), 'latin1'), contentType: 'text/xml;charset=ISO-8859-1' },
      { body: Buffer.from(answer('ISO-8859-1'), 'latin1'), contentType: 'text/xml' },
      { body: Buffer.from(`\uFEFF${answer('utf-16')}`, 'utf16le'), contentType: 'text/xml; charset=utf-16' },
      { body: answer('UTF-8'), contentType: 'text/xml' },
    ]
    for (const how of cases) expect(await outcome(how), how.contentType).to.deep.equal(read)
    const unknown = { body: answer('EBCDIC'), contentType: 'text/xml; charset=ebcdic' }
    const sentence = 'The answer of the peer, with status 200, is in no encoding that is read.'
    expect(await outcome(unknown)).to.include({ verdict: 'unavailable', sentence })
  })

  it('that is not answered, in time or at all, may pass later', async () => {
    const silent = { verdict: 'unavailable', sentence: 'The peer did not answer.' }
    expect(await outcome({ hang: true }, '1.1', 50))
      .to.include(silent)
      .and.not.to.have.property('status')
    expect(await outcome({ reset: true })).to.include(silent)
    await dso.stop()
    expect(await outcome({})).to.include(silent)
  })

  it('is not made without a url, or for what the contract does not have', async () => {
    expect(await calling(wire({ url: undefined }))).to.deep.equal({
      verdict: 'refused',
      sentence: 'No url is configured for this party.',
      unsupported: true,
    })
    expect(await calling(wire(), { operation: 'UpdateCableCapacityForecast' })).to.include({ unsupported: true })
    expect(dso.received).to.deep.equal([])
  })

  it('goes to whoever hosts the operation, and is sealed as that party wants', async () => {
    const own = wire(
      {},
      { seal: (peer, { version, header, body }) => `<x by="${peer} ${version}">${header}${body}</x>` },
    )
    await calling(own, { peer: { id: 'csp' as PeerId } as LegacyCall['peer'], operation: 'Heartbeat', value: {} })
    expect(csp.received[0]!.raw).to.match(/^<x by="csp 1.1"><wsa:Action .*heartbeatRequest/)
    expect(dso.received).to.deep.equal([])
  })
})
