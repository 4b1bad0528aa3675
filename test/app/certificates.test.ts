/** A gateway with TLS on both faces, towards a peer that wants to see a certificate: at start, on change, and when a file is bad. */
import { once } from 'node:events'
import { copyFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect } from 'chai'
import { startupChecks } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { FindingsError } from '../../src/contract/model.ts'
import { type Authority, authority, type Issued, testFolder } from '../support/certificates.ts'
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { callTls, serialShown } from '../support/https.ts'
import { csp, envelope, heartbeat } from '../support/soap.ts'

describe('Certificates of a gateway', () => {
  let own: Authority
  let partner: Authority
  let peer: Server
  let peerUrl: string
  /** Serial numbers of the certificates that the peer was shown, one per call. */
  let shown: string[]
  let folder: string
  let gateway: TestGateway | undefined
  before(async () => {
    own = authority()
    partner = authority('Partner')
    const { cert, key } = partner.issue({ subject: '/CN=peer', names: 'DNS:csms.example' })
    const tls = { cert, key, ca: own.ca, requestCert: true, rejectUnauthorized: true }
    peer = createServer(tls, (request, response) => {
      shown.push((request.socket as TLSSocket).getPeerCertificate().serialNumber)
      request.resume()
      response.writeHead(204).end()
    }).listen(0, '127.0.0.1')
    await once(peer, 'listening')
    peerUrl = `https://127.0.0.1:${(peer.address() as AddressInfo).port}/`
  })
  after(() => {
    peer.close()
    peer.closeAllConnections()
  })
  beforeEach(() => {
    folder = testFolder()
    shown = []
  })
  afterEach(async () => {
    await gateway?.stop()
    gateway = undefined
  })

  const at = (name: string) => join(folder, name)
  function place(name: string, { certFile, keyFile }: Issued): { certFile: string; keyFile: string } {
    copyFileSync(certFile, at(`${name}.crt`))
    copyFileSync(keyFile, at(`${name}.key`))
    return { certFile: at(`${name}.crt`), keyFile: at(`${name}.key`) }
  }
  const configured = (peerTls: object, listen: object) => ({
    listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0', ...listen },
    peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: peerUrl, token: 'x', tls: peerTls } },
    links: { link: { legacy: 'dso', modern: 'cpo' } },
  })
  const port = (url: string) => Number(new URL(url).port)
  async function open(soap: Issued, rest: Issued, out: Issued): Promise<TestGateway> {
    const peerTls = { ...place('out', out), caFile: partner.caFile, serverName: 'csms.example' }
    const listen = { soapTls: place('soap', soap), restTls: place('rest', rest) }
    gateway = await startTestGateway({ config: configured(peerTls, listen) })
    return gateway
  }
  const limit = (end: string) =>
    `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>C</cableId><capacityUnit>kW</capacityUnit>` +
    `<block><startTime>${new Date(Date.now() + 3600_000).toISOString()}</startTime><endTime>${end}</endTime><capacity>11</capacity></block>` +
    '</cableCapacityForecast></updateCableCapacityForecastRequest>'
  const say = (body: string) =>
    callTls(
      `${gateway!.soapUrl}/oscp/1.0/dso`,
      { ca: own.ca },
      { headers: { 'content-type': 'text/xml' }, body: envelope('1.1', body) },
    )

  it('are shown by both faces and to the peer, and told with when they end', async () => {
    const [soap, rest, out] = [own.issue(), own.issue({ days: 3 }), own.issue({ subject: '/CN=gateway' })]
    const { soapUrl, restUrl, certificates } = await open(soap, rest, out)
    expect(soapUrl).to.match(/^https:/)
    expect(await serialShown(port(soapUrl), own.ca)).to.equal(soap.serial)
    expect(await serialShown(port(restUrl), own.ca)).to.equal(rest.serial)
    const answer = await say(limit(new Date(Date.now() + 7200_000).toISOString()))
    expect(answer.body).to.include('>Accepted<')
    expect(shown).to.deep.equal([out.serial])
    const days = certificates().map(({ expiresAt, ...about }) => ({
      ...about,
      days: Math.round((expiresAt - Date.now()) / 86_400_000),
    }))
    expect(days).to.deep.equal([
      { face: 'soap', days: 30 },
      { face: 'rest', days: 3 },
      { face: 'outbound', peer: 'cpo', days: 30 },
    ])
    const warned = gateway!.logged.filter((line) => line.includes('certificate ends soon'))
    expect(warned.map((line) => (JSON.parse(line) as { setting: string }).setting)).to.deep.equal(['listen.restTls'])
  })

  it('are replaced by themselves when their files are, in and out', async () => {
    await open(own.issue(), own.issue(), own.issue())
    await say(limit(new Date(Date.now() + 7200_000).toISOString()))
    const [soap, out] = [own.issue(), own.issue()]
    place('soap', soap)
    place('out', out)
    await eventually(
      'the new certificate',
      async () => (await serialShown(port(gateway!.soapUrl), own.ca)) === soap.serial,
    )
    await eventually('the other one', () => gateway!.logged.some((line) => /cpo\.tls.*certificate replaced/.test(line)))
    await say(limit(new Date(Date.now() + 7300_000).toISOString()))
    expect(shown.at(-1)).to.equal(out.serial)
    expect(gateway!.observed.alarms).to.deep.equal([])
  })

  it('stay in use, with an alarm that names the setting, when their files turn bad', async () => {
    const soap = own.issue()
    await open(soap, own.issue(), own.issue())
    writeFileSync(at('soap.key'), 'nothing')
    gateway!.reload()
    expect(gateway!.observed.alarms.map(({ alarm }) => alarm)).to.deep.equal(['certificate not replaced'])
    expect(gateway!.logged.join('')).to.include('listen.soapTls.keyFile names a file without a PEM key')
    expect(await serialShown(port(gateway!.soapUrl), own.ca)).to.equal(soap.serial)
    expect((await say(heartbeat)).status).to.equal(200)
  })

  it('are shown to a party of OSCP 1.0 as well', async () => {
    const out = own.issue()
    const peers = {
      dso: {
        role: 'dso',
        url: `${peerUrl}dso`,
        tls: { ...place('out', out), caFile: partner.caFile, serverName: 'csms.example' },
      },
      cpo: {
        role: 'fp',
        url: 'http://127.0.0.1:9/',
        token: 'x',
        inboundToken: 'theirs',
        profile: { handshakeInitiator: 'none' },
      },
    }
    gateway = await startTestGateway({ config: { peers, links: { link: { legacy: 'dso', modern: 'cpo' } } } })
    const used = { value: 1, phase: 'ALL', unit: 'KWH', direction: 'IMPORT', measure_time: new Date().toISOString() }
    const since = { initial_measure_time: new Date(Date.now() - 900_000).toISOString() }
    await fetch(`${gateway.restUrl}/oscp/cp/2.0/update_group_measurements`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Token theirs' },
      body: JSON.stringify({ group_id: 'C', measurements: [{ ...used, ...since }] }),
    })
    expect(await eventually('a call', () => shown[0])).to.equal(out.serial)
  })

  it('that do not fit stop the start, all of them said at once', () => {
    const [first, second] = [own.issue(), own.issue()]
    const peerTls = { caFile: at('none') }
    const raw = configured(peerTls, { soapTls: { certFile: first.certFile, keyFile: second.keyFile } })
    const config = loadConfig(() => raw, undefined, {})
    try {
      startupChecks({ ...config, links: {}, peers: { cpo: config.peers.cpo! } }, [])
      expect.fail('it was content')
    } catch (error) {
      expect((error as FindingsError).findings.map(({ rule, sentence }) => `${rule} ${sentence}`)).to.deep.equal([
        'listen.soapTls.keyFile is not the key of the first certificate in certFile',
        'peers.cpo.tls.caFile names a file that cannot be read',
      ])
      expect(error).to.be.instanceOf(FindingsError)
    }
  })
})
