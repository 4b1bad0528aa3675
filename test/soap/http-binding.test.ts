/** The HTTP underneath SOAP, byte by byte: versions, connections, lengths, expectations, and bodies that swell. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { envelope, faultOf, heartbeat, mediaTypes, send } from '../support/soap.ts'

describe('SOAP over HTTP', () => {
  let gateway: TestGateway
  let port: number
  before(async () => {
    const peers = { dso: { role: 'dso' }, cpo: { role: 'fp', url: 'http://127.0.0.1:9/', token: 'x' } }
    gateway = await startTestGateway({ config: { peers, links: { link: { legacy: 'dso', modern: 'cpo' } } } })
    port = Number(new URL(gateway.soapUrl).port)
  })
  after(() => gateway.stop())

  const body = envelope('1.1', heartbeat)
  const post = (http: string, headers: readonly string[], content = body) =>
    [`POST /oscp/1.0/dso HTTP/${http}`, 'Host: x', 'Content-Type: text/xml', ...headers, '', content].join('\r\n')
  const length = `Content-Length: ${Buffer.byteLength(body)}`

  async function open(): Promise<{ socket: Socket; heard: () => string }> {
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket.setEncoding('utf8').on('data', (piece: string) => {
      said += piece
    })
    await once(socket, 'connect')
    return { socket, heard: () => said }
  }

  it('answers with a fixed length and never in chunks, faults and refusals too', async () => {
    const url = `${gateway.soapUrl}/oscp/1.0/dso`
    for (const call of [
      { headers: { 'content-type': mediaTypes['1.1'] }, body },
      { headers: { 'content-type': mediaTypes['1.2'] }, body: envelope('1.2', heartbeat), chunked: true },
      { headers: { 'content-type': mediaTypes['1.1'] }, body: '<x/>' },
      { headers: { 'content-type': 'application/json' }, body: '{}' },
      { method: 'GET' },
    ]) {
      const { headers, body: said } = await send(url, call)
      expect(headers['transfer-encoding']).to.equal(undefined)
      expect(headers['content-length']).to.equal(String(Buffer.byteLength(said)))
    }
    const wsdl = await send(`${url}?wsdl`, { method: 'GET' })
    expect(wsdl.headers['content-length']).to.equal(String(Buffer.byteLength(wsdl.body)))
  })

  it('serves one call after another on a connection, also after a fault and also when they come at once', async () => {
    const { socket, heard } = await open()
    const bad = '<x/>'
    socket.write(
      post('1.1', [length]) +
        post('1.1', [`Content-Length: ${bad.length}`], bad) +
        post('1.1', [length, 'Connection: close']),
    )
    await once(socket, 'end')
    expect(heard().match(/HTTP\/1\.1 \d+/g)).to.deep.equal(['HTTP/1.1 200', 'HTTP/1.1 500', 'HTTP/1.1 200'])
    expect(heard().match(/Connection: [a-z-]+/g)).to.deep.equal([
      'Connection: keep-alive',
      'Connection: keep-alive',
      'Connection: close',
    ])
  })

  it('answers HTTP/1.0 with a length, and ends the connection unless it is to be kept', async () => {
    const { socket, heard } = await open()
    socket.write(post('1.0', [length]))
    await once(socket, 'end')
    expect(heard())
      .to.match(/^HTTP\/1\.\d 200 /)
      .and.match(/Content-Length: \d+/)
      .and.not.match(/chunked/i)
    const kept = await open()
    kept.socket.write(post('1.0', [length, 'Connection: keep-alive']))
    await eventually('the first answer', () => kept.heard().includes('</soap:Envelope>'))
    kept.socket.write(post('1.0', [length]))
    await once(kept.socket, 'end')
    expect(kept.heard().match(/ 200 OK/g)).to.have.length(2)
  })

  it('says 100 Continue to who waits for it, as .NET does, and then answers', async () => {
    const { socket, heard } = await open()
    socket.write(post('1.1', [length, 'Expect: 100-continue', 'Connection: close'], ''))
    await eventually('100 Continue', () => heard().startsWith('HTTP/1.1 100 Continue'))
    socket.write(body)
    await once(socket, 'end')
    expect(heard()).to.match(/HTTP\/1\.1 200 OK/)
  })

  it('reads a body in chunks of one byte, with extensions and a trailer', async () => {
    const { socket, heard } = await open()
    const chunks = [...Buffer.from(body)].map((byte) => `1;x=y\r\n${String.fromCharCode(byte)}\r\n`).join('')
    socket.write(post('1.1', ['Transfer-Encoding: chunked', 'Connection: close'], `${chunks}0\r\nX-Trailer: 1\r\n\r\n`))
    await once(socket, 'end')
    expect(heard()).to.match(/^HTTP\/1\.1 200 OK/)
  })

  it('refuses a body whose sender goes away in the middle, and serves the next', async () => {
    const before = gateway.observed.exchanges.length
    const { socket } = await open()
    socket.write(post('1.1', [length], body.slice(0, 50)))
    socket.end()
    await eventually('it was noticed', () => gateway.observed.exchanges.length > before)
    socket.destroy()
    expect(gateway.observed.exchanges.at(-1)).to.include({ outcome: 'malformed-message' })
    expect(
      (await send(`${gateway.soapUrl}/oscp/1.0/dso`, { headers: { 'content-type': 'text/xml' }, body })).status,
    ).to.equal(200)
  })

  const sixteen = () => Buffer.alloc(16 * 1_048_576)
  const bombs = {
    gzip: () => Buffer.concat(new Array(64).fill(gzipSync(sixteen()))),
    deflate: () => deflateSync(Buffer.concat(new Array(8).fill(sixteen()))),
  }
  for (const [coding, make] of Object.entries(bombs))
    it(`stops a ${coding} bomb at the limit of the body: memory stays what it was`, async () => {
      const bomb = make()
      expect(bomb.length).to.be.below(1_048_576)
      const url = `${gateway.soapUrl}/oscp/1.0/dso`
      const headers = { 'content-type': 'text/xml', 'content-encoding': coding }
      let most = 0
      const watch = setInterval(() => {
        most = Math.max(most, process.memoryUsage().arrayBuffers)
      }, 1)
      const held = process.memoryUsage().arrayBuffers
      const answers = await Promise.all(Array.from({ length: 8 }, () => send(url, { headers, body: bomb })))
      clearInterval(watch)
      for (const { status, body: said } of answers) {
        expect(status).to.equal(413)
        expect(faultOf(said, '1.1').kind).to.equal('message-too-large')
      }
      // Eight callers at once, each with its own megabyte sent and at most a few inflated.
      expect(most - held).to.be.below(8 * 8 * 1_048_576)
    })
})
