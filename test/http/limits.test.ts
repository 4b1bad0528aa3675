/** What callers may do before there is a message: each limit is answered in the words of the face, and others are served meanwhile. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { defaultLimits, type HttpLimits } from '../../src/http/limits.ts'
import { type Listener, type ListenerOptions, listen } from '../../src/http/listen.ts'
import { readTlsFiles } from '../../src/http/tls-files.ts'
import { authority } from '../support/certificates.ts'
import { eventually } from '../support/gateway.ts'

describe('A listener limits', () => {
  let listener: Listener
  let sockets: Socket[]
  let kinds: string[]
  let full: string[]
  beforeEach(() => {
    sockets = []
    kinds = []
    full = []
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await listener.close(0)
  })

  async function open(limits: Partial<HttpLimits>, more: ListenerOptions = {}): Promise<void> {
    const handler: Parameters<typeof listen>[0] = (request, response) =>
      void request.on('data', () => undefined).on('end', () => response.end('served'))
    listener = await listen(handler, '127.0.0.1', 0, {
      limits: { ...defaultLimits, ...limits },
      refusal: ({ kind }) => {
        kinds.push(kind)
        return { headers: { 'content-type': 'text/x-face' }, body: `refused: ${kind}` }
      },
      onFull: ({ limit, from }) => void full.push(`${limit} ${from}`),
      ...more,
    })
  }
  function say(words: string): Socket {
    const socket = connect(listener.port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.write(words)
    return socket
  }
  /** All that is heard on a connection that says nothing until it is closed, whether by a FIN or, under load, by a reset. */
  async function closedUnheard(): Promise<string> {
    const socket = say('')
    let heard = ''
    socket.on('data', (chunk) => {
      heard += String(chunk)
    })
    // Not `once` of events: that rejects at a reset, which is an end as good as any other.
    await new Promise((closed) => socket.once('close', closed))
    return heard
  }
  const head = 'POST / HTTP/1.1\r\nhost: x\r\n'
  async function served(): Promise<void> {
    const heard = await text(say(`${head}connection: close\r\ncontent-length: 2\r\n\r\nhi`))
    expect(heard)
      .to.match(/^HTTP\/1\.1 200 /)
      .and.to.match(/served$/)
  }
  function expectRefused(heard: string, status: number, kind: string): void {
    expect(heard).to.match(new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`))
    expect(heard.toLowerCase()).to.include('\r\ncontent-type: text/x-face\r\n')
    expect(heard.toLowerCase()).to.include('\r\nconnection: close\r\n')
    expect(heard.toLowerCase()).to.include('\r\ncontent-length: ')
    expect(heard.endsWith(`\r\n\r\nrefused: ${kind}`), heard).to.equal(true)
    expect(kinds).to.deep.equal([kind])
  }

  it('the size of headers, also of a request line', async () => {
    await open({ headerBytes: 2048 })
    expectRefused(await text(say(`${head}x: ${'y'.repeat(4000)}\r\n\r\n`)), 431, 'headers-too-large')
    kinds.length = 0
    expectRefused(await text(say(`GET /${'y'.repeat(4000)} HTTP/1.1\r\n\r\n`)), 431, 'headers-too-large')
    await served()
  })

  it('the number of headers, instead of losing some in silence', async () => {
    await open({ headers: 10 })
    const many = Array.from({ length: 10 }, (_, i) => `x${i}: y\r\n`).join('')
    expectRefused(await text(say(`${head}${many}\r\n`)), 431, 'headers-too-large')
    await served()
  })

  it('what is taken for HTTP', async () => {
    await open({})
    expectRefused(await text(say('S3CR3T\r\n\r\n')), 400, 'malformed-message')
    await served()
  })

  it('how long headers may take, said or not', async () => {
    await open({ headersTimeout: 200, requestTimeout: 300 })
    const slow = say(head)
    const drip = setInterval(() => slow.writable && slow.write('x: y\r\n'), 50)
    try {
      await served()
      expectRefused(await text(slow), 408, 'request-timeout')
    } finally {
      clearInterval(drip)
    }
    kinds.length = 0
    expectRefused(await text(say('')), 408, 'request-timeout')
  })

  it('how long a body may take, however steadily it comes', async () => {
    await open({ headersTimeout: 200, requestTimeout: 400 })
    const slow = say(`${head}content-length: 1000\r\n\r\n`)
    const drip = setInterval(() => slow.writable && slow.write('x'), 50)
    try {
      await served()
      expectRefused(await text(slow), 408, 'request-timeout')
    } finally {
      clearInterval(drip)
    }
  })

  it('how long a connection may be idle', async () => {
    await open({ keepAliveTimeout: 100 })
    const heard = await text(say(`${head}content-length: 2\r\n\r\nhi`))
    expect(heard).to.match(/^HTTP\/1\.1 200 /)
    expect(kinds).to.deep.equal([])
  })

  it('how long a TLS handshake may take', async () => {
    const material = readTlsFiles(authority().issue())
    const tls = { material, clientCertificates: 'none', minVersion: 'TLSv1.2' } as const
    await open({ headersTimeout: 200 }, { tls })
    expect(await text(say(''))).to.equal('')
    expect(kinds).to.deep.equal([])
  })

  it('connections of one address, and forgets those that have ended', async () => {
    await open({ connectionsPerAddress: 3 })
    const kept = [say(''), say(''), say('')]
    await Promise.all(kept.map((socket) => once(socket, 'connect')))
    expect(await closedUnheard()).to.equal('')
    expect(full).to.deep.equal(['connectionsPerAddress 127.0.0.1'])
    kept[0]!.destroy()
    await eventually('room for one more', async () =>
      /served$/.test(await text(say(`${head}connection: close\r\n\r\n`))),
    )
  })

  it('connections of all addresses together', async () => {
    await open({ connections: 2 })
    const kept = [say(''), say('')]
    await Promise.all(kept.map((socket) => once(socket, 'connect')))
    expect(await closedUnheard()).to.equal('')
    expect(full).to.deep.equal(['connections 127.0.0.1'])
    kept[0]!.destroy()
    await eventually('room for one more', async () =>
      /served$/.test(await text(say(`${head}connection: close\r\n\r\n`))),
    )
  })

  it('nobody who hangs up in the middle of a request', async () => {
    await open({})
    const socket = say(`${head}content-length: 10\r\n\r\nx`)
    await once(socket, 'connect')
    socket.resetAndDestroy()
    await served()
    expect(kinds).to.deep.equal([])
  })
})
