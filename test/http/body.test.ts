/** Callers that write everything before they read anything: they too must learn why their request was refused. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const size = 5 * 1_048_576

describe('A request that is refused before it is read', () => {
  let gateway: TestGateway
  before(async () => {
    const peers = { dso: { role: 'dso' }, cpo: { role: 'fp', url: 'http://127.0.0.1:9/', token: 'x' } }
    gateway = await startTestGateway({ config: { peers, links: { link: { legacy: 'dso', modern: 'cpo' } } } })
  })
  after(() => gateway.stop())

  /** All that comes back once all of the request is written. */
  async function writeThenRead(url: string, path: string, headers: readonly string[], body: Buffer): Promise<string> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    const head = [`POST ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n')
    await new Promise<void>((written, failed) => {
      socket.once('error', failed)
      socket.write(Buffer.concat([Buffer.from(head), body]), () => written())
    })
    return text(socket)
  }

  const plain = Buffer.alloc(size, 'x')
  const whole: [readonly string[], Buffer] = [[`Content-Length: ${size}`], plain]
  const chunked: [readonly string[], Buffer] = [
    ['Transfer-Encoding: chunked'],
    Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), plain, Buffer.from('\r\n0\r\n\r\n')]),
  ]
  for (const [title, [framing, body]] of Object.entries({ 'of known length': whole, 'in chunks': chunked })) {
    it(`as too large is answered 413 to one who reads last, ${title}`, async () => {
      const headers = ['Content-Type: text/xml', ...framing]
      const answer = await writeThenRead(gateway.soapUrl, '/oscp/1.0/dso', headers, body)
      expect(answer).to.match(/^HTTP\/1\.1 413 .*\r\nconnection: close\r\n.*larger than 1048576 bytes/is)
    })

    it(`for its sender is answered 403 to one who reads last, ${title}`, async () => {
      const headers = ['Content-Type: application/json', 'Authorization: Token nobody', ...framing]
      const answer = await writeThenRead(gateway.restUrl, '/oscp/cp/2.0/heartbeat', headers, body)
      expect(answer).to.match(/^HTTP\/1\.1 403 .*\r\nconnection: close\r\n/is)
    })
  }
})
