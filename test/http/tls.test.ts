/** TLS of a listener: which versions, which callers, and a certificate that changes while people are connected. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { expect } from 'chai'
import { matchesCertificate, readClientCertificate } from '../../src/http/certificates.ts'
import { type Listener, type ListenerTls, listen } from '../../src/http/listen.ts'
import { readTlsFiles } from '../../src/http/tls-files.ts'
import { type Authority, authority, type Issued } from '../support/certificates.ts'
import { callTls, serialShown } from '../support/https.ts'

describe('A listener with TLS', () => {
  let own: Authority
  let partners: Authority
  let server: Issued
  let client: Issued
  let stranger: Issued
  let listener: Listener | undefined
  before(() => {
    own = authority()
    partners = authority('Partners')
    server = own.issue()
    client = partners.issue({ subject: '/O=Grid, North/CN=dso', names: 'DNS:dso.example,URI:urn:dso' })
    stranger = authority('Nobody').issue({ subject: '/O=Grid, North/CN=dso', names: 'DNS:dso.example' })
  })
  afterEach(async () => {
    await listener?.close(0)
    listener = undefined
  })

  async function open(tls: Partial<ListenerTls> = {}, handler: (r: IncomingMessage) => string = () => 'hello') {
    const material = readTlsFiles({ ...server, caFile: partners.caFile })
    const all: ListenerTls = { material, clientCertificates: 'none', minVersion: 'TLSv1.2', ...tls }
    listener = await listen((r, response) => response.end(handler(r)), '127.0.0.1', 0, { tls: all })
    return { listener, url: `https://localhost:${listener.port}/` }
  }
  const shown = ({ cert, key }: Issued) => ({ ca: own.ca, cert, key })
  const outcome = (call: Promise<{ body: string }>) =>
    call.then(
      ({ body }) => body,
      (error: NodeJS.ErrnoException) => error.message,
    )

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const { url } = await open()
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      expect(await outcome(callTls(url, { ca: own.ca, minVersion: version, maxVersion: version }))).to.equal('hello')
    // Old versions need a lower security level in the client, or it would be the one to refuse.
    const old = { ca: own.ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    expect(await outcome(callTls(url, old))).to.match(/alert protocol version/)
  })

  it('can be told to speak TLS 1.3 only', async () => {
    const { url } = await open({ minVersion: 'TLSv1.3' })
    expect(await outcome(callTls(url, { ca: own.ca, maxVersion: 'TLSv1.2' }))).to.match(/alert protocol version/)
    expect(await outcome(callTls(url, { ca: own.ca }))).to.equal('hello')
  })

  it('answers nothing to who does not speak TLS', async () => {
    const { listener } = await open()
    const socket = connectTcp(listener.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    const heard: Buffer[] = []
    socket.on('data', (chunk) => heard.push(chunk))
    await once(socket, 'close')
    expect(Buffer.concat(heard).toString('latin1')).not.to.include('HTTP/')
  })

  it('turns away who has no certificate of its authority, if it requires one', async () => {
    const { url } = await open({ clientCertificates: 'require' })
    expect(await outcome(callTls(url, shown(client)))).to.equal('hello')
    expect(await outcome(callTls(url, { ca: own.ca }))).to.match(/alert certificate required|hang up|ECONNRESET/)
    expect(await outcome(callTls(url, shown(stranger)))).to.match(/alert unknown ca|hang up|ECONNRESET/)
  })

  it('knows callers by fingerprint, and by name only those that its authority vouches for', async () => {
    const fingerprints = [stranger.fingerprint, client.fingerprint.replaceAll(':', '').toLowerCase()]
    const asked: Record<string, string[]> = {
      fingerprints,
      subject: ['CN=dso,O=Grid\\, North'],
      part: ['O=Grid\\, North'],
      'DNS name': ['DNS:dso.example'],
      URI: ['URI:urn:dso'],
      another: ['CN=cpo', 'CN=dso,O=Grid', 'DNS:dso', `${'0'.repeat(64)}`],
    }
    const { url } = await open({ clientCertificates: 'request' }, (r) =>
      Object.keys(asked)
        .filter((name) => matchesCertificate(readClientCertificate(r), asked[name]!, Date.now()))
        .join(' '),
    )
    expect(await outcome(callTls(url, shown(client)))).to.equal('fingerprints subject part DNS name URI')
    expect(await outcome(callTls(url, shown(stranger)))).to.equal('fingerprints')
    expect(await outcome(callTls(url, { ca: own.ca }))).to.equal('')
  })

  it('does not know a certificate before its time and after it', async () => {
    const times = [Date.now() - 24 * 3600_000, Date.now(), Date.now() + 31 * 24 * 3600_000]
    const { url } = await open({ clientCertificates: 'request' }, (r) =>
      times.map((now) => matchesCertificate(readClientCertificate(r), [client.fingerprint], now)).join(),
    )
    expect(await outcome(callTls(url, shown(client)))).to.equal('false,true,false')
  })

  it('shows a new certificate to new connections and keeps the old ones open', async () => {
    const { listener, url } = await open()
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: own.ca })
    const ask = async () => {
      const call = request(url, { agent })
      call.end()
      const [response] = (await once(call, 'response')) as [IncomingMessage]
      await text(response)
      return call.reusedSocket
    }
    try {
      expect(await ask()).to.equal(false)
      const next = own.issue()
      listener.renew(readTlsFiles(next))
      expect(await serialShown(listener.port, own.ca)).to.equal(next.serial)
      expect(await ask()).to.equal(true)
    } finally {
      agent.destroy()
    }
  })

  it('no longer trusts callers of an authority that was taken out, not even those that resume', async () => {
    const { listener, url } = await open({ clientCertificates: 'request' }, (r) =>
      String(readClientCertificate(r)?.trusted),
    )
    const socket = connect({ port: listener.port, servername: 'localhost', maxVersion: 'TLSv1.2', ...shown(client) })
    const [session] = (await once(socket, 'session')) as [Buffer]
    socket.destroy()
    expect(await outcome(callTls(url, shown(client)))).to.equal('true')
    listener.renew(readTlsFiles({ ...server, caFile: own.caFile }))
    expect(await outcome(callTls(url, { ...shown(client), session, maxVersion: 'TLSv1.2' }))).to.equal('false')
  })

  it('does not wait, when it closes, for who is still shaking hands or has said nothing since', async () => {
    const { listener } = await open()
    const silent = connectTcp(listener.port, '127.0.0.1')
    await once(silent, 'connect')
    const greeted = connect({ port: listener.port, servername: 'localhost', ca: own.ca })
    await once(greeted, 'secureConnect')
    // Both are known to the listener once a later one was served.
    expect(await outcome(callTls(`https://localhost:${listener.port}`, { ca: own.ca }))).to.equal('hello')
    await listener.close(3600_000)
    for (const socket of [silent, greeted]) socket.destroy()
  })
})
