/** What our calls show is what a party that asks for the same lets in: made here, verified there, and by node's crypto alone. */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { secureEnvelope, securityHeaders } from '../../../src/soap/security/outgoing.ts'
import { closeScenes } from '../../support/scene.ts'
import { start, startSecured } from '../../support/secured.ts'
import { certify } from '../../support/signing.ts'
import { csp, heartbeat, type Version } from '../../support/soap.ts'

const now = Date.parse(start)
const nonce = (n: number) => Buffer.alloc(16, n)
const user = { username: 'grid', password: 'Stroom & net <17>\u00e9' }
const addressing = (id: string) =>
  '<wsa:Action xmlns:wsa="http://www.w3.org/2005/08/addressing">/Heartbeat</wsa:Action>' +
  `<wsa:MessageID xmlns:wsa="http://www.w3.org/2005/08/addressing">urn:uuid:${id}</wsa:MessageID>`
const draft = (version: Version = '1.1', id = '1') => ({ version, header: addressing(id), body: heartbeat })

describe('A call of ours', () => {
  afterEach(closeScenes)

  it('shows nothing when nothing was agreed', () => {
    const plain = secureEnvelope({}, draft(), now, nonce(1))
    expect(plain).not.to.include('Security')
    expect(securityHeaders({})).to.deep.equal({})
  })

  it('shows name and password in HTTP as UTF-8', () => {
    const { authorization } = securityHeaders({ basic: user })
    const [, text] = /^Basic (.+)$/.exec(authorization!)!
    expect(Buffer.from(text!, 'base64').toString()).to.equal(`grid:${user.password}`)
  })

  for (const passwordType of ['text', 'digest'] as const)
    for (const version of ['1.1', '1.2'] as const)
      it(`shows a UsernameToken with the password as ${passwordType} in SOAP ${version}`, async () => {
        const gateway = await startSecured({
          in: { usernameToken: { users: [user], passwordType, nonce: 'required' }, timestamp: 'required' },
        })
        const out = { usernameToken: { ...user, passwordType }, timestamp: 60_000 }
        const call = secureEnvelope(out, draft(version), now, nonce(2))
        const answer = await gateway.call(call, version)
        expect(answer.body).to.include('heartbeatResponse')
        // A repeat gets the first answer; the nonce is of no use for anything else.
        expect((await gateway.call(call, version)).body).to.equal(answer.body)
        const other = call.replace('urn:uuid:1<', 'urn:uuid:2<')
        expect((await gateway.call(other, version)).body).to.include('message-replayed')
        const unnamed = call.replace(/<wsa:MessageID.*?<\/wsa:MessageID>/, '')
        expect((await gateway.call(unnamed, version)).body).to.include('message-replayed')
        const digest = createHash('sha1').update(nonce(2)).update(start).update(user.password).digest('base64')
        expect(call.includes(`>${digest}<`)).to.equal(passwordType === 'digest')
        expect(call).to.include('<wsu:Expires>2026-03-02T22:01:00Z</wsu:Expires>')
      })

  for (const algorithm of ['rsa-sha256', 'rsa-sha384', 'rsa-sha512'] as const)
    it(`is signed with ${algorithm} over Body, Timestamp, token and every other header`, async () => {
      const signer = await certify()
      const gateway = await startSecured({
        in: { signature: { certificates: [{ fingerprint: signer.fingerprint }] }, usernameToken: { users: [user] } },
      })
      const out = {
        signature: { certificate: signer.pem, key: signer.key, algorithm },
        usernameToken: { ...user, passwordType: 'digest' as const },
      }
      const identity = `<n:cspIdentity xmlns:n="${csp}">CSP &amp; &#13; 1</n:cspIdentity>`
      for (const version of ['1.1', '1.2'] as const) {
        const made = draft(version, version)
        const call = secureEnvelope(
          out,
          { ...made, header: made.header + identity },
          now,
          nonce(version === '1.1' ? 3 : 4),
        )
        expect(call.match(/<ds:Reference /g)).to.have.length(6)
        const answer = await gateway.call(call, version)
        expect(answer.body).to.include('heartbeatResponse')
        expect(answer.body).to.match(new RegExp(`RelatesTo[^>]*>urn:uuid:${version}<`))
      }
    })

  it('is refused once a byte of it was changed', async () => {
    const signer = await certify()
    const gateway = await startSecured({ in: { signature: { certificates: [{ certificate: signer.pem }] } } })
    const out = { signature: { certificate: signer.pem, key: signer.key, algorithm: 'rsa-sha256' as const } }
    const call = secureEnvelope(out, draft(), now, nonce(5))
    for (const [from, to] of [
      ['urn:uuid:1<', 'urn:uuid:2<'],
      ['22:05:00Z', '22:06:00Z'],
      ['heartbeatRequest ', 'heartbeatRequest a="b" '],
    ] as const) {
      expect(call).to.include(from)
      expect((await gateway.call(call.replace(from, to))).body).to.include('caller-refused')
    }
    expect((await gateway.call(call)).body).to.include('heartbeatResponse')
  })
})
