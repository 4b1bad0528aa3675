/** What a configuration says about who may call is checked before anything listens, and files take the place of what they hold. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadConfig, securityOf } from '../../src/config.ts'
import { FindingsError } from '../../src/contract/model.ts'
import { certify } from '../support/signing.ts'

const load = (security: unknown) =>
  securityOf(
    loadConfig(() => ({ peers: { dso: { role: 'dso', url: 'http://dso.test', security } }, links: {} }), undefined, {}),
    'dso',
  )

const problems = (security: unknown): string => {
  try {
    load(security)
  } catch (error) {
    if (error instanceof FindingsError) return error.message
    throw error
  }
  return ''
}

const user = { username: 'grid', password: 'p' }

describe('Settings of who may call', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-security-'))
  })
  after(() => rmSync(folder, { recursive: true }))
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  it('ask for nothing by default', () => {
    expect(load(undefined)).to.deep.equal({})
  })

  it('take a password from its file', () => {
    const passwordFile = file('password', 'gëheim & more\n')
    const given = load({ in: { basic: { users: [{ username: 'grid', passwordFile }] } } })
    expect(given.in?.basic?.users[0]).to.include({ username: 'grid', password: 'gëheim & more' })
  })

  const wrong: readonly [title: string, settings: unknown, words: RegExp][] = [
    ['nothing to ask for', { in: {} }, /peers.dso.security.in: must ask for something/],
    ['a user without a password', { in: { basic: { users: [{ username: 'a' }] } } }, /give either password or/],
    ['no user', { in: { usernameToken: { users: [] } } }, /security.in.usernameToken.users: /],
    [
      'a password file that is not there',
      { in: { basic: { users: [user, { username: 'a', passwordFile: '/nowhere/x' }] } } },
      /security.in.basic.users.1.passwordFile: names a file that cannot be read/,
    ],
    [
      'two ways to name a certificate',
      { in: { clientCertificate: { certificates: [{ fingerprint: 'ab'.repeat(32), san: 'DNS:x' }] } } },
      /give certificate, certificateFile or fingerprint, or else subject or san/,
    ],
    ['no certificate at all', { in: { clientCertificate: {} } }, /give certificates, ca or caFile/],
    [
      'a fingerprint of another length',
      { in: { clientCertificate: { certificates: [{ fingerprint: 'ab'.repeat(20) }] } } },
      /must be a SHA-256 fingerprint/,
    ],
    ['a certificate that is none', { in: { clientCertificate: { ca: 'PEM' } } }, /certificates in PEM/],
    ['a setting of no meaning', { in: { basic: { users: [user] }, saml: {} } }, /saml: not a setting here/],
  ]
  for (const [title, settings, words] of wrong)
    it(`are refused with ${title}`, () => {
      expect(problems(settings)).to.match(words)
    })

  it('are refused with a file that holds something else', () => {
    const two = { username: 'grid', passwordFile: file('two', 'one\ntwo') }
    expect(problems({ in: { basic: { users: [two] } } })).to.match(/passwordFile: names a file that holds no password/)
    const certificates = [{ certificateFile: file('key', 'not a certificate') }]
    expect(problems({ in: { signature: { certificates } } })).to.match(/holds no certificate in PEM/)
  })

  it('take our certificate and its key from their files, and refuse the key of another', async () => {
    const [one, other] = await Promise.all([certify(), certify()])
    const certificateFile = file('one.pem', one.pem)
    const keyFile = file('one.key', one.key)
    const good = load({ out: { signature: { certificateFile, keyFile } } })
    expect(good.out?.signature).to.include({ key: one.key.trimEnd(), algorithm: 'rsa-sha256' })
    const wrong = problems({ out: { signature: { certificateFile, keyFile: file('other.key', other.key) } } })
    expect(wrong).to.match(/security.out.signature.key: is not the key of the certificate/)
    expect(wrong).not.to.include('PRIVATE')
    expect(problems({ out: { signature: { certificateFile, keyFile: certificateFile } } })).to.match(
      /no private RSA key/,
    )
  })

  it('never repeat a password in what they say', () => {
    expect(problems({ in: { basic: { users: [{ username: 'a', password: 'hunter2\n' }] } } })).to.match(/one line/)
    expect(problems({ in: { basic: { users: [{ username: 'a', password: 'hunter2\n' }] } } })).not.to.include('hunter2')
  })
})
