/** An independent SOAP client, with its own WS-Security, is let in as it comes and refused without the right credentials. */
import { expect } from 'chai'
import { BasicAuthSecurity, type Client, createClientAsync, type ISecurity, WSSecurity, WSSecurityCert } from 'soap'
import { closeScenes } from '../../support/scene.ts'
import { type Secured, startSecured } from '../../support/secured.ts'
import { certify } from '../../support/signing.ts'

const users = [{ username: 'grid', password: 'a<b>&"c' }]
const day = 86_400_000
const real = () => Date.now()
const at = (ms: number) => new Date(Date.now() + ms).toISOString()

async function clientOf(gateway: Secured, security: ISecurity, soap12 = false): Promise<Client> {
  const client = await createClientAsync(`${gateway.url}?wsdl`, { forceSoap12Headers: soap12 })
  client.setSecurity(security)
  return client
}

/** The answer's time, or the words of the fault. */
async function beat(client: Client): Promise<string> {
  try {
    const [result] = await client.HeartbeatAsync({})
    return new Date((result as { currentTime: string }).currentTime).toISOString()
  } catch (error) {
    return String(error)
  }
}

const time = /^\d{4}-/

describe('The client of another SOAP library', () => {
  afterEach(closeScenes)

  for (const passwordType of ['PasswordText', 'PasswordDigest'])
    it(`is let in with a UsernameToken of ${passwordType}, every time`, async () => {
      const gateway = await startSecured({ in: { usernameToken: { users } }, clock: real })
      const options = { passwordType, hasNonce: true, mustUnderstand: true, hasTimeStamp: true }
      const client = await clientOf(gateway, new WSSecurity('grid', users[0]!.password, options))
      for (let i = 0; i < 3; i++) expect(await beat(client)).to.match(time)
      client.setSecurity(new WSSecurity('grid', 'guessed', options))
      expect(await beat(client)).to.match(/password is wrong/)
    })

  it('is let in with HTTP Basic', async () => {
    const gateway = await startSecured({ in: { basic: { users } }, clock: real })
    expect(await beat(await clientOf(gateway, new BasicAuthSecurity('grid', users[0]!.password)))).to.match(time)
    expect(await beat(await clientOf(gateway, new BasicAuthSecurity('grid', 'guessed')))).to.match(/401|wrong/)
  })

  it('is let in with an X.509 signature, and only with its own', async () => {
    const [signer, other] = await Promise.all([1, 2].map(() => certify({ notBefore: at(-day), notAfter: at(day) })))
    const gateway = await startSecured({
      in: { signature: { certificates: [{ certificate: signer!.pem }] } },
      clock: real,
    })
    const signing = ({ key, pem }: { key: string; pem: string }) =>
      new WSSecurityCert(key, pem, '', {
        hasTimeStamp: true,
        signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
        signerOptions: { idMode: 'wssecurity' } as never,
      })
    expect(await beat(await clientOf(gateway, signing(signer!)))).to.match(time)
    expect(await beat(await clientOf(gateway, signing(other!)))).to.match(/not one of this party/)
  })
})
