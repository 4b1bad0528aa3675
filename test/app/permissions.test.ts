/** What a known party may do: how often it may speak, what it may say, and with which certificate; refused in the words of its wire. */
import { expect } from 'chai'
import { shippedCrossings, startupChecks } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { FindingsError } from '../../src/contract/model.ts'
import { type Authority, authority } from '../support/certificates.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { callTls } from '../support/https.ts'
import { csp, envelope, faultOf, heartbeat, mediaTypes, send, type Version } from '../support/soap.ts'

const token = 'the-token-of-the-cpo'
const profile = { handshakeInitiator: 'none', heartbeats: 'on' }
const peers = (dso: object, cpo: object = {}, inProfile: object = {}) => ({
  dso: { role: 'dso', ...dso },
  cpo: {
    role: 'fp',
    url: 'http://127.0.0.1:9/',
    token: 'x',
    inboundToken: token,
    profile: { ...profile, ...inProfile },
    ...cpo,
  },
})
const links = { link: { legacy: 'dso', modern: 'cpo' } }

describe('A party', () => {
  let gateway: TestGateway | undefined
  afterEach(async () => {
    await gateway?.stop()
    gateway = undefined
  })
  async function open(...given: Parameters<typeof peers>): Promise<void> {
    gateway = await startTestGateway({ config: { peers: peers(...given), links } })
  }
  const ask = (version: Version, body = heartbeat) =>
    send(`${gateway!.soapUrl}/oscp/1.0/dso`, {
      headers: { 'content-type': mediaTypes[version] },
      body: envelope(version, body),
    })
  const json = { 'content-type': 'application/json', authorization: `Token ${token}` }
  const beat = JSON.stringify({ offline_mode_at: '2099-01-01T00:00:00Z' })
  const say = (message: string, body = beat) =>
    send(`${gateway!.restUrl}/oscp/cp/2.0/${message}`, { headers: json, body })

  for (const version of ['1.1', '1.2'] as const)
    it(`that sends more than agreed gets a busy fault of SOAP ${version} and hears how long to wait`, async () => {
      await open({ rateLimit: { perSecond: 0.01, burst: 2 } })
      for (const _ of [1, 2]) expect((await ask(version)).status).to.equal(200)
      const answer = await ask(version)
      expect(answer.status).to.equal(500)
      const role = version === '1.1' ? 'soap:Server' : 'soap:Receiver'
      expect(faultOf(answer.body, version)).to.include({ kind: 'busy', code: role })
      expect(Number(answer.headers['retry-after'])).to.be.within(90, 100)
      expect(gateway!.observed.exchanges.at(-1)).to.include({ outcome: 'busy', peer: 'dso' })
    })

  it('that sends more than agreed over JSON gets 429 and hears how long to wait', async () => {
    await open({}, { rateLimit: { perSecond: 0.01, burst: 2 } })
    for (const _ of [1, 2]) expect((await say('heartbeat')).status).to.equal(204)
    const answer = await say('heartbeat')
    expect(answer.status).to.equal(429)
    expect(Number(answer.headers['retry-after'])).to.be.within(90, 100)
    expect(JSON.parse(answer.body))
      .to.have.property('message')
      .that.matches(/^More messages than agreed: wait \d+ s\.$/)
    expect((await ask('1.1')).status, 'the other party').to.equal(200)
  })

  it('that is over its rate is refused before its body is read', async () => {
    await open({ rateLimit: { perSecond: 0.01, burst: 1 } })
    await ask('1.1')
    const answer = await ask('1.1', '<S3CR3T>')
    expect(faultOf(answer.body, '1.1').kind).to.equal('busy')
  })

  it('that strangers speak in the name of keeps its rate', async () => {
    await open({}, { rateLimit: { perSecond: 0.01, burst: 1 } })
    const stranger = { ...json, authorization: 'Token nobody' }
    for (const _ of [1, 2, 3])
      expect(
        (await send(`${gateway!.restUrl}/oscp/cp/2.0/heartbeat`, { headers: stranger, body: beat })).status,
      ).to.equal(403)
    expect((await say('heartbeat')).status).to.equal(204)
  })

  for (const version of ['1.1', '1.2'] as const)
    it(`may call the operations it is allowed, and no other, in SOAP ${version}`, async () => {
      await open({ operations: ['Heartbeat'] })
      expect((await ask(version)).status).to.equal(200)
      const block =
        '<startTime>2099-03-02T23:00:00Z</startTime><endTime>2099-03-03T00:00:00Z</endTime><capacity>11</capacity>'
      const answer = await ask(
        version,
        `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>C</cableId>` +
          `<capacityUnit>kW</capacityUnit><block>${block}</block></cableCapacityForecast></updateCableCapacityForecastRequest>`,
      )
      expect(answer.status).to.equal(version === '1.1' ? 500 : 400)
      const role = version === '1.1' ? 'soap:Client' : 'soap:Sender'
      const expected = { kind: 'operation-forbidden', detailCode: 'SecurityError', code: role }
      expect(faultOf(answer.body, version)).to.include(expected)
      expect(gateway!.observed.attempts).to.deep.equal([])
    })

  it('may send the messages it is allowed, and no other, over JSON', async () => {
    await open({}, { messages: ['Heartbeat'] })
    expect((await say('heartbeat')).status).to.equal(204)
    const answer = await say('update_group_measurements', '{}')
    expect(answer.status).to.equal(403)
    expect(JSON.parse(answer.body)).to.deep.equal({ message: 'This party may not send this message.' })
  })

  it('is not started with operations and messages that nobody has', async () => {
    const findings = (...given: Parameters<typeof peers>) => {
      try {
        startupChecks(
          loadConfig(() => ({ peers: peers(...given), links }), undefined, {}),
          crossings,
        )
        return []
      } catch (error) {
        if (!(error instanceof FindingsError)) throw error
        return error.findings.map(({ rule, sentence }) => `${rule}: ${sentence}`)
      }
    }
    const crossings = await shippedCrossings()
    const [wrong, ...more] = findings({ operations: ['Heartbeat', 'Heartbeet', 'constructor'] })
    expect(wrong).to.match(/^peers\.dso\.operations: Heartbeet is no operation that a dso calls in oscp-1\.0: /)
    expect(wrong).to.include('UpdateCableCapacityForecast')
    expect(more).to.have.length(1)
    expect(findings({}, { messages: ['Heartbeet'] }).join()).to.match(/^peers\.cpo\.messages\.0: /)
    expect(findings({}, {}, { clientCertificate: 'CN=x' })).to.deep.equal([
      'peers.cpo.profile.clientCertificate: needs listen.restTls with clientCertificates: request or require',
    ])
    expect(findings({}, {}, { clientCertificate: 'x' }).join()).to.include('must be a SHA-256 fingerprint')
  })

  describe('whose certificate was agreed', () => {
    let own: Authority
    let partners: Authority
    before(() => {
      ;[own, partners] = [authority(), authority('Partners')]
    })

    it('must show it besides its token', async () => {
      const server = own.issue()
      const [client, other] = [partners.issue({ subject: '/CN=volt' }), partners.issue({ subject: '/CN=other' })]
      const restTls = {
        certFile: server.certFile,
        keyFile: server.keyFile,
        clientCaFile: partners.caFile,
        clientCertificates: 'request',
      }
      const listen = { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0', restTls }
      gateway = await startTestGateway({
        config: { listen, peers: peers({}, {}, { clientCertificate: ['CN=volt', '0'.repeat(64)] }), links },
      })
      const url = `${gateway.restUrl}/oscp/cp/2.0/heartbeat`
      const call = (tls: object, headers = json) => callTls(url, { ca: own.ca, ...tls }, { headers, body: beat })
      expect((await call({ cert: client.cert, key: client.key })).status).to.equal(204)
      const refused = await call({ cert: other.cert, key: other.key })
      expect(refused.status).to.equal(403)
      expect(JSON.parse(refused.body)).to.deep.equal({
        message: 'Show the client certificate that was agreed with this party.',
      })
      expect((await call({})).status).to.equal(403)
      const stranger = { ...json, authorization: 'Token nobody' }
      expect((await call({ cert: client.cert, key: client.key }, stranger)).status).to.equal(403)
    })
  })
})
