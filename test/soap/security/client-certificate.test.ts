/** A client certificate of TLS speaks for the party, and the operator, that it was agreed for, and for nobody else. */
import { expect } from 'chai'
import { authority, type Issued } from '../../support/certificates.ts'
import { callTls } from '../../support/https.ts'
import { closeScenes } from '../../support/scene.ts'
import { type Secured, startSecured } from '../../support/secured.ts'
import { csp, envelope, faultOf, heartbeat } from '../../support/soap.ts'

describe('A party that must show a client certificate', () => {
  const ours = authority('Server CA')
  const theirs = authority('Grid CA')
  const server = ours.issue()
  const listen = {
    soap: '127.0.0.1:0',
    rest: '127.0.0.1:0',
    admin: '127.0.0.1:0',
    soapTls: {
      certFile: server.certFile,
      keyFile: server.keyFile,
      clientCaFile: theirs.caFile,
      clientCertificates: 'request',
    },
  }
  const grid = theirs.issue({ subject: '/O=Grid/CN=grid.example', names: 'DNS:grid.example' })
  const other = theirs.issue({ subject: '/O=Other/CN=other.example', names: 'DNS:other.example' })
  const stranger = authority('Nobody').issue({ subject: '/O=Grid/CN=grid.example', names: 'DNS:grid.example' })

  const secured = (clientCertificate: object) =>
    startSecured({ in: { clientCertificate }, clock: () => Date.now(), listen })
  const call = (gateway: Secured, shown: Issued | undefined, header = '') =>
    callTls(
      gateway.url,
      { ca: ours.ca, ...(shown ? { cert: shown.cert, key: shown.key } : {}) },
      { headers: { 'content-type': 'text/xml' }, body: envelope('1.1', heartbeat, header) },
    )
  const outcome = async (...args: Parameters<typeof call>) => {
    const { status, body } = await call(...args)
    return status === 200 ? 'accepted' : faultOf(body, '1.1').kind
  }

  afterEach(closeScenes)

  it('is known by its fingerprint or by the certificate itself, whoever issued it', async () => {
    for (const agreed of [{ fingerprint: stranger.fingerprint }, { certificateFile: stranger.certFile }]) {
      const gateway = await secured({ certificates: [agreed] })
      expect(await outcome(gateway, stranger)).to.equal('accepted')
      for (const shown of [grid, other, undefined]) expect(await outcome(gateway, shown)).to.equal('caller-refused')
    }
  })

  it('is known by its subject or alternative name, if the authorities of the listener or of the party issued it', async () => {
    for (const certificates of [[{ subject: 'CN=grid.example, O=Grid' }], [{ san: 'DNS:grid.example' }]])
      for (const ca of [{}, { caFile: theirs.caFile }]) {
        const gateway = await secured({ certificates, ...ca })
        expect(await outcome(gateway, grid)).to.equal('accepted')
        for (const shown of [other, stranger, undefined])
          expect(await outcome(gateway, shown)).to.equal('caller-refused')
      }
  })

  it('speaks for the operator of its certificate only', async () => {
    const gateway = await secured({ certificates: [{ fingerprint: grid.fingerprint, cspIdentity: 'CSP-1' }] })
    const header = (identity: string) => `<cspIdentity xmlns="${csp}">${identity}</cspIdentity>`
    expect(await outcome(gateway, grid, header('CSP-1'))).to.equal('accepted')
    expect(await outcome(gateway, grid, header('CSP-2'))).to.equal('identity-mismatch')
  })

  it('is held to the authorities of the party, where it has some, and not to all of the listener', async () => {
    const gateway = await secured({ certificates: [{ san: 'DNS:grid.example' }], caFile: ours.caFile })
    expect(await outcome(gateway, grid)).to.equal('caller-refused')
  })

  it('is asked for only where the listener asks for it', async () => {
    const clientCertificate = { certificates: [{ fingerprint: grid.fingerprint }] }
    const error = await startSecured({ in: { clientCertificate } }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(String(error)).to.match(/in.clientCertificate: needs listen.soapTls with clientCertificates/)
  })
})
