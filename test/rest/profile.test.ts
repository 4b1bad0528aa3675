/** Each peer is called the way its profile says, and its answers are read as leniently as real ones need. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import type { PeerId, RequestId } from '../../src/exchange/ids.ts'
import type { ModernPeer, Outcome } from '../../src/exchange/peers.ts'
import { type House, measurement, openHouse } from './house.ts'

interface Seen {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

interface Reply {
  status: number
  headers?: Record<string, string>
  body?: string
}

describe('A call to an OSCP 2.0 peer', () => {
  let server: Server
  let origin: string
  let seen: Seen[]
  let reply: (request: Seen) => Reply
  let house: House | undefined
  before(async () => {
    server = createServer(async (request, response) => {
      const one = { path: request.url!, headers: request.headers, body: await text(request) }
      seen.push(one)
      const { status, headers, body } = reply(one)
      response.writeHead(status, headers).end(body)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  beforeEach(() => {
    seen = []
    reply = () => ({ status: 204 })
  })
  afterEach(async () => {
    await house?.stop()
    house = undefined
  })

  const peer = { id: 'p' as PeerId } as ModernPeer
  const ids = { request: 'r1' as RequestId }
  async function open(profile: object = {}, more: object = { token: 'theirs' }, role: 'fp' | 'cp' = 'fp') {
    house = await openHouse({ peers: { p: { role, url: `${origin}/oscp/fp/2.0/`, profile, ...more } } })
    return (message: string, value: Record<string, unknown> = {}, given: object = ids): Promise<Outcome> =>
      house!.party.wire.send(peer, message, value, given as typeof ids, 1000)
  }

  it('is `Token`, JSON and snake case by default, with both ids', async () => {
    const send = await open()
    const forecast = { group_id: 'g', type: 'CONSUMPTION', forecasted_blocks: [] }
    const outcome = await send('UpdateGroupCapacityForecast', forecast, { request: 'r1', correlation: 'c1' })
    expect(outcome).to.deep.include({ verdict: 'accepted', status: 204 })
    expect(seen[0]).to.include({ path: '/oscp/fp/2.0/update_group_capacity_forecast', body: JSON.stringify(forecast) })
    expect(seen[0]!.headers).to.include({
      authorization: 'Token theirs',
      'content-type': 'application/json',
      'x-request-id': 'r1',
      'x-correlation-id': 'c1',
    })
    expect(Object.keys(seen[0]!.headers)).not.to.include('x-segment-index')
  })

  it('has the scheme, headers, base URL and paths of the profile', async () => {
    const send = await open({
      authOut: 'bearer',
      headersOut: { 'fp-id': '7', apikey: 'k' },
      baseUrlOverride: `${origin}/elsewhere/`,
      pathOverrides: { Heartbeat: '/alive', HandshakeAcknowledge: '/handshake_acknowledgment' },
    })
    await send('Heartbeat')
    await send('HandshakeAcknowledge')
    await send('Handshake')
    expect(seen.map(({ path }) => path)).to.deep.equal([
      '/elsewhere/alive',
      '/elsewhere/handshake_acknowledgment',
      '/elsewhere/handshake',
    ])
    expect(seen[0]!.headers).to.include({ authorization: 'Bearer theirs', 'fp-id': '7', apikey: 'k' })
  })

  it('has no Authorization for a peer that wants none', async () => {
    const send = await open({ authOut: 'none' }, {})
    await send('Heartbeat')
    expect(seen[0]!.headers).not.to.have.property('authorization')
  })

  it('has an access token of OAuth 2 client credentials, asked for once and again when it is refused', async () => {
    let issued = 0
    let refuse = false
    reply = ({ path }) => {
      if (path !== '/token') return { status: refuse ? 401 : 204 }
      const body = JSON.stringify({ access_token: `access-${++issued}`, expires_in: 3600, token_type: 'Bearer' })
      return { status: 200, headers: { 'content-type': 'application/json' }, body }
    }
    const authOut = { tokenUrl: `${origin}/token`, clientId: 'we', clientSecret: 's:3cret', scope: 'oscp' }
    const send = await open({ authOut }, {})
    await Promise.all([send('Heartbeat'), send('Heartbeat')])
    refuse = true
    expect((await send('Heartbeat')).verdict).to.equal('unavailable')
    refuse = false
    await send('Heartbeat')
    const asked = seen.filter(({ path }) => path === '/token')
    expect(asked.map(({ body }) => body)).to.deep.equal(Array(2).fill('grant_type=client_credentials&scope=oscp'))
    expect(asked[0]!.headers.authorization).to.equal(`Basic ${Buffer.from('we:s%3A3cret').toString('base64')}`)
    const used = seen.filter(({ path }) => path !== '/token').map(({ headers }) => headers.authorization)
    expect(used).to.deep.equal(['Bearer access-1', 'Bearer access-1', 'Bearer access-1', 'Bearer access-2'])
  })

  it('is not made when the token endpoint gives none, and says nothing of the secret', async () => {
    reply = () => ({ status: 400, body: '{"error":"invalid_client"}' })
    const authOut = { tokenUrl: `${origin}/token`, clientId: 'we', clientSecret: 's3cret' }
    const send = await open({ authOut }, {})
    const outcome = await send('Heartbeat')
    expect(outcome).to.include({ verdict: 'unavailable', sentence: 'The peer did not answer.' })
    expect(String((outcome as { cause?: Error }).cause))
      .to.match(/token endpoint answered 400/)
      .and.not.include('s3cret')
    expect(seen).to.have.length(1)
  })

  it('is in segments only where the profile says so, the later ones chained to the first, the same on every attempt', async () => {
    const send = await open({ segmentOut: 2 })
    const measurements = [1, 2, 3, 4, 5].map((value) => measurement({ value }))
    for (let attempt = 0; attempt < 2; attempt++)
      await send('UpdateGroupMeasurements', { group_id: 'G', measurements }, { request: 'r1', correlation: 'c1' })
    const lines = seen.map(({ headers, body }) => [
      headers['x-segment-index'],
      headers['x-segment-count'],
      headers['x-correlation-id'],
      (JSON.parse(body) as { measurements: { value: number }[] }).measurements.map(({ value }) => value).join(),
    ])
    expect(lines.slice(0, 3)).to.deep.equal([
      ['1', '3', 'c1', '1,2'],
      ['2', '3', 'r1', '3,4'],
      ['3', '3', 'r1', '5'],
    ])
    const requests = seen.map(({ headers }) => headers['x-request-id'])
    expect(requests.slice(0, 3)).to.deep.equal(requests.slice(3))
    expect(new Set(requests).size).to.equal(3)
  })

  it('stops sending segments when one is not taken', async () => {
    const send = await open({ segmentOut: 1 })
    reply = () => ({ status: seen.length === 2 ? 503 : 204 })
    const measurements = [1, 2, 3].map((value) => measurement({ value }))
    expect((await send('UpdateGroupMeasurements', { group_id: 'G', measurements })).verdict).to.equal('unavailable')
    expect(seen).to.have.length(2)
  })

  const answers: [string, Reply, object, string, object?][] = [
    ['any 2xx', { status: 200, body: '{"ok":true}' }, { verdict: 'accepted', status: 200 }, 'Heartbeat'],
    ['a web page', { status: 200, headers: { 'content-type': 'text/html' } }, { verdict: 'unavailable' }, 'Heartbeat'],
    [
      'a status the profile accepts',
      { status: 409 },
      { verdict: 'accepted' },
      'Heartbeat',
      { acceptStatusesAsSuccess: [409] },
    ],
    [
      'a conflict',
      { status: 409, body: '{"message":"no"}' },
      { verdict: 'refused', sentence: 'no' },
      'UpdateGroupCapacityForecast',
    ],
    ['a conflict on a compliance error', { status: 409 }, { verdict: 'accepted' }, 'GroupCapacityComplianceError'],
    [
      'several messages',
      { status: 400, body: '{"statusCode":400,"message":["a","b"]}' },
      { verdict: 'refused', sentence: 'a; b' },
      'Heartbeat',
    ],
    [
      'an empty body',
      { status: 422 },
      { verdict: 'refused', sentence: 'The peer refused with status 422.' },
      'Heartbeat',
    ],
    [
      'Retry-After',
      { status: 503, headers: { 'retry-after': '7' } },
      { verdict: 'unavailable', retryAfterMs: 7000 },
      'Heartbeat',
    ],
    ['what it has not', { status: 501, body: '{}' }, { verdict: 'refused', status: 501 }, 'UpdateGroupMeasurements'],
    ['a redirect', { status: 308, headers: { location: '/x' } }, { verdict: 'unavailable', status: 308 }, 'Heartbeat'],
  ]
  for (const [title, given, expected, message, profile] of answers)
    it(`understands ${title}`, async () => {
      reply = () => given
      const send = await open(profile)
      expect(await send(message)).to.deep.include(expected)
    })

  it('cuts what a peer says in an error', async () => {
    reply = () => ({ status: 400, body: JSON.stringify({ message: 'x'.repeat(10_000) }) })
    const send = await open()
    expect((await send('Heartbeat')) as { sentence: string })
      .to.have.property('sentence')
      .with.length(500)
  })
})
