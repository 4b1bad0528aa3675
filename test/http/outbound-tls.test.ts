/** TLS of calls to a peer: whom the gateway believes, what it shows, and how both change. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { expect } from 'chai'
import { type HttpClient, httpClient, type OutboundTls } from '../../src/http/outbound.ts'
import { readTlsFiles } from '../../src/http/tls-files.ts'
import { type Authority, authority, type Issued } from '../support/certificates.ts'

describe('Calls over TLS', () => {
  let theirs: Authority
  let ours: Authority
  let [first, second]: Issued[] = []
  let server: Server
  let url: string
  let shown: string[]
  let client: HttpClient
  before(async () => {
    ;[theirs, ours] = [authority('Theirs'), authority('Ours')]
    ;[first, second] = [ours.issue(), ours.issue()]
    const { cert, key } = theirs.issue({ names: 'DNS:peer.example,DNS:localhost' })
    const tls = { cert, key, ca: ours.ca, requestCert: true, rejectUnauthorized: false }
    server = createServer(tls, (request, response) => {
      shown.push((request.socket as TLSSocket).getPeerCertificate().serialNumber ?? 'none')
      response.end('taken')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `https://localhost:${(server.address() as AddressInfo).port}/`
  })
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  beforeEach(() => {
    shown = []
    client = httpClient()
  })
  afterEach(() => client.close())

  const material = (issued?: Issued) =>
    readTlsFiles({ caFile: theirs.caFile, certFile: issued?.certFile, keyFile: issued?.keyFile })
  const tls = (more: Partial<OutboundTls> = {}): OutboundTls => {
    const read = material()
    return { material: () => read, minVersion: 'TLSv1.2', ...more }
  }
  const send = (given: OutboundTls | undefined, trusted = true) =>
    client.send({
      url,
      headers: {},
      body: '',
      withinMs: 5000,
      reach: { configured: trusted ? [url] : [], allowAddresses: ['127.0.0.0/8'], allowHttp: false, tls: given },
    })
  const failure = (call: Promise<unknown>) =>
    call.then(
      () => 'none',
      (error: NodeJS.ErrnoException) => error.code,
    )

  for (const trusted of [true, false])
    describe(`to a URL ${trusted ? 'of the configuration' : 'that the peer told'}`, () => {
      it('believe only the authorities of this peer', async () => {
        expect((await send(tls(), trusted)).body).to.equal('taken')
        const others = readTlsFiles({ caFile: ours.caFile })
        expect(await failure(send(tls({ material: () => others }), trusted))).to.match(/UNABLE_TO_VERIFY|SELF_SIGNED/)
        expect(await failure(send(undefined, trusted))).to.match(/UNABLE_TO_VERIFY|SELF_SIGNED/)
      })

      it('want the name of its URL in its certificate, or the one that is configured', async () => {
        expect((await send(tls({ serverName: 'peer.example' }), trusted)).body).to.equal('taken')
        const wrong = failure(send(tls({ serverName: 'other.example' }), trusted))
        expect(await wrong).to.equal('ERR_TLS_CERT_ALTNAME_INVALID')
      })

      it('show our certificate, and another as soon as there is one', async () => {
        let now = material(first)
        const changing = tls({ material: () => now })
        await send(changing, trusted)
        await send(changing, trusted)
        now = material(second)
        await send(changing, trusted)
        await send(tls(), trusted)
        expect(shown).to.deep.equal([first!.serial, first!.serial, second!.serial, 'none'])
      })
    })

  it('verify even if the environment tells node not to', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      expect(await failure(send(undefined))).to.match(/UNABLE_TO_VERIFY|SELF_SIGNED/)
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
  })
})
