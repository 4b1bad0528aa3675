/** What SOAP says of header blocks, roles and versions, in 1.1 and in 1.2. */
import { expect } from 'chai'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { envelope, faultOf, heartbeat, mediaTypes, send, soapUri, type Version } from '../support/soap.ts'

describe('Header blocks and versions', () => {
  let gateway: TestGateway
  before(async () => {
    const peers = {
      dso: { role: 'dso' },
      old: { role: 'dso', contract: 'schedule-1.0' },
      cpo: { role: 'fp', url: 'http://127.0.0.1:9/', token: 'x' },
    }
    const links = {
      a: { legacy: 'dso', modern: 'cpo', groups: { a: 'a' } },
      b: { legacy: 'old', modern: 'cpo', groups: { b: 'b' } },
    }
    gateway = await startTestGateway({ config: { peers, links } })
  })
  after(() => gateway.stop())

  const call = (version: Version, body: string, party = 'dso') =>
    send(`${gateway.soapUrl}/oscp/1.0/${party}`, { headers: { 'content-type': mediaTypes[version] }, body })
  const block = (attributes: string) => `<x:Sec xmlns:x="urn:x:sec" ${attributes}/>`

  const roles: Record<Version, { attribute: string; ours: string[]; others: string[] }> = {
    '1.1': {
      attribute: 'actor',
      ours: ['', 'http://schemas.xmlsoap.org/soap/actor/next'],
      others: ['urn:other', `${soapUri['1.2']}/role/next`, 'urn:x/next'],
    },
    '1.2': {
      attribute: 'role',
      ours: ['', `${soapUri['1.2']}/role/next`, `${soapUri['1.2']}/role/ultimateReceiver`],
      others: ['urn:other', `${soapUri['1.2']}/role/none`, 'urn:x/ultimateReceiver'],
    },
  }
  for (const version of ['1.1', '1.2'] as const) {
    const { attribute, ours, others } = roles[version]
    for (const role of ours)
      for (const must of ['1', 'true'])
        it(`in SOAP ${version}: a block for "${role}" that must (${must}) be understood is refused`, async () => {
          const header = block(`e:mustUnderstand="${must}" e:${attribute}="${role}"`)
          const { status, body } = await call(version, envelope(version, heartbeat, header))
          expect(status).to.equal(500)
          expect(faultOf(body, version)).to.include({ code: 'soap:MustUnderstand', kind: 'header-not-understood' })
        })
    for (const role of others)
      it(`in SOAP ${version}: a block for ${role} is somebody else's`, async () => {
        const header = block(`e:mustUnderstand="1" e:${attribute}="${role}"`)
        expect((await call(version, envelope(version, heartbeat, header))).status).to.equal(200)
      })
    it(`in SOAP ${version}: a block that need not be understood is passed over`, async () => {
      for (const must of ['0', 'false'])
        expect(
          (await call(version, envelope(version, heartbeat, block(`e:mustUnderstand="${must}"`)))).status,
        ).to.equal(200)
    })
  }

  it('are named one by one in NotUnderstood headers of SOAP 1.2, and only there', async () => {
    const header = `${block('e:mustUnderstand="1"')}<plain e:mustUnderstand="true"/><y:ok xmlns:y="urn:y"/>`
    const { body } = await call('1.2', envelope('1.2', heartbeat, header))
    expect(body.match(/<soap:NotUnderstood [^>]*>/g)).to.deep.equal([
      '<soap:NotUnderstood qname="h:Sec" xmlns:h="urn:x:sec"/>',
      '<soap:NotUnderstood qname="plain"/>',
    ])
    expect((await call('1.1', envelope('1.1', heartbeat, header))).body).not.to.include('NotUnderstood')
  })

  it('are all named, up to ten', async () => {
    const header = Array.from({ length: 100 }, (_, i) => `<x:B${i} xmlns:x="urn:x" e:mustUnderstand="1"/>`).join('')
    const { body } = await call('1.2', envelope('1.2', heartbeat, header))
    expect(body.match(/<soap:NotUnderstood /g)).to.have.length(10)
    expect(faultOf(body, '1.2').fields).to.have.length(10)
  })

  for (const [version, other] of [
    ['1.1', '1.2'],
    ['1.2', '1.1'],
  ] as const)
    it(`with the media type of ${version} and the envelope of ${other} are told, in ${version}, what is supported`, async () => {
      const { status, headers, body } = await call(version, envelope(other, heartbeat))
      expect(status).to.equal(500)
      expect(headers['content-type']).to.equal(`${mediaTypes[version]}; charset=utf-8`)
      expect(faultOf(body, version).code).to.equal('soap:VersionMismatch')
      expect(body).to.include(`<up:Upgrade xmlns:up="${soapUri['1.2']}">`)
      for (const uri of Object.values(soapUri))
        expect(body).to.include(`<up:SupportedEnvelope qname="e:Envelope" xmlns:e="${uri}"/>`)
    })

  it('of SOAP 1.2 sent to a party of SOAP 1.1 only are answered in 1.1, which is named', async () => {
    const { status, body } = await call('1.2', envelope('1.2', heartbeat), 'old')
    expect(status).to.equal(500)
    expect(faultOf(body, '1.1').code).to.equal('soap:VersionMismatch')
    expect(body.match(/<up:SupportedEnvelope [^>]*>/g)).to.deep.equal([
      `<up:SupportedEnvelope qname="e:Envelope" xmlns:e="${soapUri['1.1']}"/>`,
    ])
  })

  it('of faults say their language', async () => {
    expect((await call('1.1', '<x/>')).body).to.match(/<faultstring xml:lang="en">\S/)
    expect((await call('1.2', '<x/>')).body).to.match(/<soap:Reason><soap:Text xml:lang="en">\S/)
  })
})
