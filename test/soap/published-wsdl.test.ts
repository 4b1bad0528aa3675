/** The WSDL is found at a party's address, whatever else stands in the query. */
import { expect } from 'chai'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

describe("A party's WSDL", () => {
  const peers = { dso: { role: 'dso' }, cpo: { role: 'fp', url: 'http://127.0.0.1:9/', token: 'x' } }
  const links = { link: { legacy: 'dso', modern: 'cpo' } }
  let gateway: TestGateway
  before(async () => {
    gateway = await startTestGateway({ config: { peers, links } })
  })
  after(() => gateway.stop())

  for (const query of ['wsdl', 'WSDL', 'wsdl=', 'singleWsdl=1&wsdl', 'wsdl&x=1', 'x=1&wsdl', 'wsdl=&x=%'])
    it(`is served for ?${query}`, async () => {
      const answer = await fetch(`${gateway.soapUrl}/oscp/1.0/dso?${query}`)
      expect(answer.status).to.equal(200)
      expect(await answer.text()).to.include(`location="${gateway.soapUrl}/oscp/1.0/dso"`)
    })

  it('is not served for another parameter, nor for a file it does not import', async () => {
    expect((await fetch(`${gateway.soapUrl}/oscp/1.0/dso?x=wsdl`)).status).to.equal(405)
    expect((await fetch(`${gateway.soapUrl}/oscp/1.0/dso?xsd=../package.json`)).status).to.equal(404)
  })

  it('is warned of in the log when nobody could call the address in it', async () => {
    expect(gateway.logged.join()).not.to.include('publicUrl is not set')
    const listen = { soap: '0.0.0.0:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' }
    const open = await startTestGateway({ config: { peers, links, listen } })
    await open.stop()
    expect(open.logged.filter((line) => /publicUrl is not set.*http:\/\/0\.0\.0\.0:\d+/.test(line))).to.have.length(1)
    const named = await startTestGateway({ config: { peers, links, listen, publicUrl: 'https://oscp.example' } })
    await named.stop()
    expect(named.logged.join()).not.to.include('publicUrl is not set')
  })
})
