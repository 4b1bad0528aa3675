/** Callers who hold connections instead of saying anything, on either face: they are ended in the words of the face, and others are served. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { eventually } from '../support/gateway.ts'
import { faultOf } from '../support/soap.ts'
import { type Attacked, expectNothingInternal, openAttacked } from './attacked.ts'

type FaceName = 'soap' | 'rest'

describe('Connections that are held', function () {
  this.timeout(60_000)
  let attacked: Attacked
  let sockets: Socket[]
  before(async () => {
    const limits = { headersTimeout: '1s', requestTimeout: '2s', connectionsPerAddress: 600, headerBytes: 16_384 }
    attacked = await openAttacked({ limits })
  })
  after(() => attacked.stop())
  beforeEach(() => {
    sockets = []
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
  })

  const address = (face: FaceName) => new URL(face === 'soap' ? attacked.soapUrl : attacked.restUrl)
  const head = (face: FaceName) =>
    face === 'soap'
      ? 'POST /oscp/1.0/dso HTTP/1.1\r\nhost: x\r\ncontent-type: text/xml\r\n'
      : 'POST /oscp/cp/2.0/heartbeat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Token the-token-of-the-cpo\r\n'
  function open(face: FaceName, words: string): Socket {
    const socket = connect(Number(address(face).port), '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    if (words !== '') socket.write(words)
    return socket
  }
  /** Opens many and says a little on each now and then, until all are ended; gives what each has heard. */
  async function drip(face: FaceName, count: number, first: string, drop: string): Promise<string[]> {
    const slow = Array.from({ length: count }, () => open(face, first))
    const heard = Promise.all(slow.map((socket) => text(socket).catch(() => '')))
    let ended = false
    void heard.then(() => {
      ended = true
    })
    while (!ended) {
      for (const socket of slow) if (socket.writable && drop !== '') socket.write(drop)
      await delay(100)
    }
    return heard
  }
  function expectSaid(face: FaceName, heard: string, status: number, kind: string): void {
    expect(heard).to.match(new RegExp(`^HTTP/1\\.1 ${status} `))
    expectNothingInternal(heard)
    const [, body = ''] = heard.split('\r\n\r\n')
    if (face === 'soap') expect(faultOf(body, '1.1').kind).to.equal(kind)
    else expect(Object.keys(JSON.parse(body) as object)).to.deep.equal(['message'])
    expect(heard.toLowerCase()).to.match(/\r\nx-exchange-id: [0-9a-f-]{36}\r\n/)
  }

  for (const face of ['soap', 'rest'] as const)
    describe(`on the ${face === 'soap' ? 'SOAP' : 'REST'} face`, () => {
      it('by headers that never end are ended with 408', async () => {
        const heard = await attacked.survives(`200 slow headers (${face})`, () =>
          drip(face, 200, head(face), 'x: y\r\n'),
        )
        for (const one of heard) expectSaid(face, one, 408, 'request-timeout')
      })

      it('by bodies that never end are ended with 408', async () => {
        const first = `${head(face)}content-length: 100000\r\n\r\n`
        const heard = await attacked.survives(`200 slow bodies (${face})`, () => drip(face, 200, first, ' '))
        for (const one of heard) expectSaid(face, one, 408, 'request-timeout')
      })

      it('by bodies in chunks that never end are ended with 408', async () => {
        const first = `${head(face)}transfer-encoding: chunked\r\n\r\n`
        const heard = await attacked.survives(`50 slow chunked bodies (${face})`, () =>
          drip(face, 50, first, '1\r\n \r\n'),
        )
        for (const one of heard) expectSaid(face, one, 408, 'request-timeout')
      })

      it('by saying nothing at all are ended with 408', async () => {
        const heard = await attacked.survives(`500 idle connections (${face})`, () => drip(face, 500, '', ''))
        for (const one of heard) expectSaid(face, one, 408, 'request-timeout')
      })

      // Heartbeats come from the same address here, so they are asked for when there is room again.
      it('beyond what one address may have are closed, and there is room again when others have ended', async () => {
        const kept = Array.from({ length: 600 }, () => open(face, ''))
        // One too many may be closed before it is known here that it was open.
        await Promise.all(
          kept.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined)),
        )
        const more = Array.from({ length: 300 }, () => open(face, ''))
        const heard = await Promise.all(more.map((socket) => text(socket).catch(() => '')))
        for (const socket of kept) socket.destroy()
        expect(heard.filter((one) => one === '').length, 'closed without a word').to.be.at.least(200)
        await eventually('room', async () => {
          const answer = await text(open(face, 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).catch(
            () => '',
          )
          return answer.startsWith('HTTP/1.1 404')
        })
        await attacked.survives(`after 300 connections too many (${face})`, async () => {})
      })

      it('by headers too large are ended with 431, and by what is no HTTP with 400', async () => {
        const heard = await attacked.survives(`headers too large (${face})`, () =>
          Promise.all([
            text(open(face, `${head(face)}x: ${'y'.repeat(100_000)}\r\n\r\n`)),
            text(open(face, `${head(face)}${Array.from({ length: 150 }, (_, i) => `x${i}: y\r\n`).join('')}\r\n`)),
            text(open(face, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03S3CR3T\r\n\r\n')),
            text(open(face, `${head(face)}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`)),
            text(open(face, `${head(face)}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`)),
          ]),
        )
        const [large, many, ...nonsense] = heard
        for (const one of [large, many]) expectSaid(face, one!, 431, 'headers-too-large')
        for (const one of nonsense) expectSaid(face, one, 400, 'malformed-message')
      })
    })
})
