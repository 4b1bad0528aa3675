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

  it('is there for who only asks whether it is', async () => {
    const answer = await fetch(`${gateway.soapUrl}/oscp/1.0/dso?wsdl`, { method: 'HEAD' })
    expect([answer.status, await answer.text()]).to.deep.equal([200, ''])
  })

  it('is not served for another parameter, nor for a file it does not import', async () => {
    expect((await fetch(`${gateway.soapUrl}/oscp/1.0/dso?x=wsdl`)).status).to.equal(405)
    expect((await fetch(`${gateway.soapUrl}/oscp/1.0/dso?xsd=../package.json`)).status).to.equal(404)
  })

  it('is the same bytes every time, in one file, with a port for each SOAP version', async () => {
    const url = `${gateway.soapUrl}/oscp/1.0/dso?wsdl`
    const first = await fetch(url)
    const text = await first.text()
    expect(first.headers.get('content-type')).to.equal('text/xml; charset=utf-8')
    expect(await (await fetch(url)).text()).to.equal(text)
    expect(text).not.to.match(/<\S*(?:import|include)\b/)
    expect(text.match(/<soap1?2?:address location="[^"]*"/g)).to.deep.equal([
      `<soap:address location="${gateway.soapUrl}/oscp/1.0/dso"`,
      `<soap12:address location="${gateway.soapUrl}/oscp/1.0/dso"`,
    ])
  })

  it('names the address a trusted proxy was called at, unless publicUrl says another', async () => {
    const headers = { 'x-forwarded-host': 'oscp.example', 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/grid' }
    const addressBy = async (config: object) => {
      const own = await startTestGateway({ config: { peers, links, ...config } })
      try {
        const wsdl = await (await fetch(`${own.soapUrl}/oscp/1.0/dso?wsdl`, { headers })).text()
        return /<soap:address location="([^"]*)\/oscp\/1.0\/dso"/.exec(wsdl)?.[1]?.replace(own.soapUrl, 'its own')
      } finally {
        await own.stop()
      }
    }
    expect(await addressBy({})).to.equal('its own')
    expect(await addressBy({ trustProxies: ['10.0.0.0/8'] })).to.equal('its own')
    expect(await addressBy({ trustProxies: ['127.0.0.0/8'] })).to.equal('https://oscp.example/grid')
    const publicUrl = 'https://public.example/x/'
    expect(await addressBy({ trustProxies: ['127.0.0.1'], publicUrl })).to.equal('https://public.example/x')
  })

  it('is warned of in the log when nobody could call the address in it', async () => {
    expect(gateway.logged.join()).not.to.include('publicUrl is not set')
    const listen = { soap: '0.0.0.0:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' }
    const open = await startTestGateway({ config: { peers, links, listen } })
    await open.stop()
    expect(open.logged.filter((line) => /publicUrl is not set.*http:\/\/0\.0\.0\.0:\d+/.test(line))).to.have.length(1)
    const named = await startTestGateway({ config: { peers, links, listen, publicUrl: 'https://oscp.example' } })
    await named.stop()
    const behind = await startTestGateway({ config: { peers, links, listen, trustProxies: ['10.0.0.1'] } })
    await behind.stop()
    expect(behind.logged.join()).not.to.include('publicUrl is not set')
    expect(named.logged.join()).not.to.include('publicUrl is not set')
  })
})
