/** What a peer's URL may lead to, and what it costs us when it does: addresses, schemes, redirects, size and time. */
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { compileReach } from '../../src/http/addresses.ts'
import { type HttpCall, httpClient, type Reach } from '../../src/http/outbound.ts'

const nothing: Reach = { configured: [], allowAddresses: [], allowHttp: true }

describe('Addresses that may be called', () => {
  const permits = compileReach([])
  const refused: Record<string, string[]> = {
    loopback: ['127.0.0.1', '127.255.0.3', '::1'],
    private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    'link-local and metadata': ['169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::1%eth0'],
    'unique-local': ['fc00::1', 'fd00:ec2::254'],
    'carrier-grade NAT': ['100.64.0.1', '100.127.255.254'],
    'nobody and everybody': ['0.0.0.0', '0.1.2.3', '::', '255.255.255.255', '224.0.0.1', 'ff02::1'],
    'IPv4 in the clothes of IPv6': [
      '::ffff:127.0.0.1',
      '::ffff:a00:1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001:0:1::1',
    ],
    'reserved and documentation': [
      '192.0.2.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '240.0.0.1',
      '2001:db8::1',
      'fec0::1',
    ],
    'not an address at all': ['', 'localhost', '127.1.1', '1.2.3.4.5'],
  }
  for (const [title, addresses] of Object.entries(refused))
    it(`are not ${title}`, () => {
      for (const address of addresses) expect(permits('x', address), address).to.equal(false)
    })

  it('are those of the public internet', () => {
    for (const address of ['8.8.8.8', '1.1.1.1', '2606:4700::1111', '::ffff:8.8.8.8'])
      expect(permits('x', address), address).to.equal(true)
  })

  it('are also what is allowed by range, address or name, and nothing near it', () => {
    const own = compileReach(['10.1.0.0/16', '192.168.1.7', 'fd00:1::/32', 'csms.internal'])
    for (const [host, address] of [
      ['x', '10.1.2.3'],
      ['x', '::ffff:10.1.2.3'],
      ['x', '192.168.1.7'],
      ['x', 'fd00:1::9'],
      ['CSMS.internal.', '172.16.0.1'],
    ] as const)
      expect(own(host, address), address).to.equal(true)
    for (const [host, address] of [
      ['x', '10.2.0.1'],
      ['x', '192.168.1.8'],
      ['x', 'fd00:2::9'],
      ['x.csms.internal', '172.16.0.1'],
    ] as const)
      expect(own(host, address), address).to.equal(false)
  })
})

describe('Calls to a peer', () => {
  let server: Server
  let origin: string
  let port: number
  let answer: RequestListener
  let seen: string[]
  before(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`)
      answer(request, response)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
    origin = `http://127.0.0.1:${port}`
  })
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  beforeEach(() => {
    seen = []
    answer = (_, response) => void response.writeHead(204).end()
  })

  const clients: ReturnType<typeof httpClient>[] = []
  const client = (...options: Parameters<typeof httpClient>) => {
    const made = httpClient(...options)
    clients.push(made)
    return made
  }
  afterEach(async () => {
    for (const one of clients.splice(0)) await one.close()
  })
  const call = (url: string, reach: Reach = nothing, more: Partial<HttpCall> = {}): HttpCall => ({
    ...{ url, headers: {}, body: '{}', withinMs: 1000, reach },
    ...more,
  })
  const outcome = (sent: Promise<{ status: number }>) =>
    sent.then(
      ({ status }) => status,
      (error: Error) => error.name,
    )

  it('reach an address the operator wrote, as it stands, and no other port or scheme of it', async () => {
    const reach = { ...nothing, configured: [`${origin}/oscp`], allowHttp: false }
    expect(await outcome(client().send(call(`${origin}/x`, reach)))).to.equal(204)
    expect(await outcome(client().send(call(`http://127.0.0.1:${port + 1}/x`, reach)))).to.equal('NotReachable')
    expect(await outcome(client().send(call(`https://127.0.0.1:${port}/x`, reach)))).to.equal('NotReachable')
  })

  it('are https only, unless http is allowed', async () => {
    const reach = { ...nothing, allowAddresses: ['127.0.0.0/8'] }
    expect(await outcome(client().send(call(`${origin}/x`, { ...reach, allowHttp: false })))).to.equal('NotReachable')
    expect(await outcome(client().send(call(`${origin}/x`, reach)))).to.equal(204)
    expect(await outcome(client().send(call('ftp://127.0.0.1/x', reach)))).to.equal('NotReachable')
  })

  it('do not reach loopback, however it is spelled', async () => {
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.0.0.1',
      '0177.0.0.1',
      '[::ffff:127.0.0.1]',
      '[::1]',
      '0',
      'localhost',
    ])
      expect(await outcome(client().send(call(`http://${host}:${port}/x`))), host).to.equal('NotReachable')
    expect(seen).to.deep.equal([])
  })

  it('judge a name by where it leads when it is called, not by where it led before', async () => {
    const answers: LookupAddress[][] = [[{ address: '127.0.0.1', family: 4 }], [{ address: '10.0.0.1', family: 4 }]]
    const lookups: string[] = []
    const lookup = ((host: string, _: object, callback: (error: null, found: LookupAddress[]) => void) => {
      lookups.push(host)
      callback(null, answers.length > 1 ? answers.shift()! : answers[0]!)
    }) as never
    const http = client({ lookup })
    // The name is allowed at first by range, and leads elsewhere the second time.
    const reach = { ...nothing, allowAddresses: ['127.0.0.0/8'] }
    expect(
      await outcome(http.send(call(`http://rebound.test:${port}/x`, reach, { headers: { connection: 'close' } }))),
    ).to.equal(204)
    expect(await outcome(http.send(call(`http://rebound.test:${port}/x`, reach)))).to.equal('NotReachable')
    expect(lookups).to.deep.equal(['rebound.test', 'rebound.test'])
  })

  it('use only those addresses of a name that are allowed', async () => {
    const found = [
      { address: '10.255.255.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    const lookup = ((_: string, __: object, callback: (error: null, all: LookupAddress[]) => void) =>
      callback(null, found)) as never
    const reach = { ...nothing, allowAddresses: ['127.0.0.1'] }
    expect(await outcome(client({ lookup }).send(call(`http://both.test:${port}/x`, reach)))).to.equal(204)
  })

  it('never share a connection with a peer that may reach more', async () => {
    const http = client()
    const wide = { ...nothing, allowAddresses: ['127.0.0.0/8'] }
    expect(await outcome(http.send(call(`${origin}/wide`, wide)))).to.equal(204)
    expect(await outcome(http.send(call(`${origin}/narrow`)))).to.equal('NotReachable')
    expect(seen).to.deep.equal(['POST /wide'])
  })

  it('do not follow redirects', async () => {
    answer = (_, response) => void response.writeHead(307, { location: `${origin}/elsewhere` }).end()
    expect(await outcome(client().send(call(`${origin}/x`, { ...nothing, configured: [origin] })))).to.equal(307)
    expect(seen).to.deep.equal(['POST /x'])
  })

  it('take no more of an answer than 64 KiB, and no longer than they may', async () => {
    const reach = { ...nothing, configured: [origin] }
    answer = (_, response) => {
      const chunk = Buffer.alloc(16_384, 'x')
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', more).on('error', () => undefined)
      more()
    }
    const endless = await client().send(call(`${origin}/x`, reach, { withinMs: 5000 }))
    expect(endless.body).to.have.length(65_536)

    answer = (_, response) => void response.writeHead(503).write('x')
    const hanging = client().send(call(`${origin}/x`, reach, { withinMs: 200 }))
    expect(await hanging.catch(({ message }: Error) => message)).to.equal('no answer in time')
  })

  it('count by their status once it is 2xx, though the body breaks off or never ends', async () => {
    const reach = { ...nothing, configured: [origin] }
    answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': 100 }).write('cut')
      setImmediate(() => response.destroy())
    }
    expect(await client().send(call(`${origin}/x`, reach))).to.include({ status: 200, contentType: 'text/html' })
    answer = (_, response) => void response.writeHead(202, { 'content-type': 'application/json' }).write('{')
    expect(await outcome(client().send(call(`${origin}/x`, reach, { withinMs: 60_000 })))).to.equal(202)
    expect(await outcome(client().send(call(`${origin}/x`, reach, { withinMs: 200 })))).to.equal(202)
  })

  it('have no answer when a body that is needed breaks off', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('cut')
      setImmediate(() => response.destroy())
    }
    const reach = { ...nothing, configured: [origin] }
    expect(await outcome(client().send(call(`${origin}/x`, reach, { needsBody: true })))).not.to.equal(200)
  })

  it('take the first of several Retry-After', async () => {
    answer = (_, response) => void response.writeHead(503, ['retry-after', '7', 'retry-after', '9']).end()
    const answered = await client().send(call(`${origin}/x`, { ...nothing, configured: [origin] }))
    expect(answered.retryAfter).to.equal('7')
  })
})
