/** How legacy parties that host a service are called, as far as configuration and contracts decide it. */
import { expect } from 'chai'
import { buildLinks } from '../../src/app/links.ts'
import { shippedCrossings } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import type { FindingsError } from '../../src/contract/model.ts'

async function legacyPeer(settings: object) {
  const peers = { dso: { role: 'dso', ...settings } }
  const config = loadConfig(() => ({ peers, links: {} }), undefined, {})
  const built = buildLinks(config, await shippedCrossings())
  return built.legacy[0]!
}

const problems = (settings: object): Promise<string> =>
  legacyPeer(settings).then(
    () => 'none',
    (error: FindingsError) => error.findings.map(({ rule, sentence }) => `${rule}: ${sentence}`).join('\n'),
  )

describe('A legacy party', () => {
  it('is called with SOAP 1.1 unless something else is said, where its WSDL has it', async () => {
    const url = 'http://127.0.0.1:9/dso'
    expect(await legacyPeer({ url })).to.include({ url, soapVersion: '1.1' })
    expect(await legacyPeer({ url, soapVersion: '1.2' })).to.include({ soapVersion: '1.2' })
    expect(await legacyPeer({})).to.include({ url: undefined, soapVersion: '1.1' })
  })

  it('is not called with a SOAP version that its WSDL does not offer', async () => {
    expect(await problems({ contract: 'schedule-1.0', soapVersion: '1.2' })).to.equal(
      'peers.dso.soapVersion: the WSDL of schedule-1.0 offers a dso only SOAP 1.1',
    )
    expect(await problems({ contract: 'schedule-1.0', soapVersion: '1.1' })).to.equal('none')
  })

  it('takes headers of its own, but none that belong to the wire', async () => {
    const headersOut = { 'X-Api-Key': 'k' }
    expect(await legacyPeer({ url: 'http://127.0.0.1:9/dso', headersOut })).to.deep.include({ headersOut })
    for (const name of ['SOAPAction', 'Content-Type', 'Authorization'])
      expect(await problems({ headersOut: { [name]: 'x' } }), name).to.match(
        /must not contain a header of the protocol/,
      )
  })
})
