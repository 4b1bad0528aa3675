/** The OSCP 2.0 wire outwards, against the independent CPO over real sockets. */
import { expect } from 'chai'
import type { PeerId, RequestId } from '../../src/exchange/ids.ts'
import type { ModernPeer, Outcome } from '../../src/exchange/peers.ts'
import { parseRetryAfter } from '../../src/http/retry-after.ts'
import { type Behave, type Cpo, startCpo } from '../peers/cpo.ts'
import { openHouse } from './house.ts'

const forecast = {
  group_id: '007',
  type: 'CONSUMPTION',
  forecasted_blocks: [
    {
      capacity: 134.42,
      phase: 'ALL',
      unit: 'KW',
      start_time: '2026-03-02T23:00:00.000Z',
      end_time: '2026-03-02T23:15:00.000Z',
    },
  ],
}
const request = '9d0b1f0c-6a2e-4c59-8a66-0f2d8f2b9c11' as RequestId
const correlation = '0b8f8a0e-1c1f-4f3e-9f0e-5a4d3c2b1a00' as RequestId

describe('An OSCP 2.0 message on its way out', () => {
  let cpo: Cpo
  before(async () => {
    cpo = await startCpo({ token: 'secret token' })
  })
  beforeEach(() => {
    cpo.behave()
    cpo.received.length = 0
  })
  after(() => cpo.stop())

  /** What became of one message to a peer of this URL; the HTTP status, when there was one, is checked by the profile's tests. */
  const sendTo = async (
    { url = cpo.url }: { url?: string },
    message = 'UpdateGroupCapacityForecast',
    withinMs = 2000,
    ids: { request: RequestId; correlation?: RequestId } = { request },
  ): Promise<Outcome> => {
    const house = await openHouse({ peers: { cpo: { role: 'fp', url, token: cpo.token } } })
    try {
      const {
        status: _status,
        body: _body,
        ...outcome
      } = (await house.party.wire.send(
        { id: 'cpo' as PeerId } as ModernPeer,
        message,
        forecast,
        ids,
        withinMs,
      )) as Outcome & { body?: unknown }
      return outcome as Outcome
    } finally {
      await house.stop()
    }
  }
  const answeredWith = (behave: Behave): Promise<Outcome> => {
    cpo.behave(behave)
    return sendTo({})
  }

  it('is a POST of compact JSON with the token and the request id', async () => {
    expect(await sendTo({})).to.deep.equal({ verdict: 'accepted' })
    const [{ method, path, headers, rawBody }] = cpo.received as [Cpo['received'][number]]
    expect({ method, path }).to.deep.equal({ method: 'POST', path: '/oscp/fp/2.0/update_group_capacity_forecast' })
    expect(rawBody).to.equal(JSON.stringify(forecast))
    expect(headers).to.include({
      authorization: 'Token secret token',
      'content-type': 'application/json',
      'x-request-id': request,
      'content-length': String(rawBody.length),
    })
    expect(headers).not.to.have.any.keys('x-correlation-id', 'cookie')
  })

  it('names the message it answers when there is one', async () => {
    await sendTo({}, 'UpdateGroupCapacityForecast', 2000, { request, correlation })
    expect(cpo.received[0]?.headers).to.include({ 'x-request-id': request, 'x-correlation-id': correlation })
  })

  it('goes to the message name below the base URL, with or without a slash at its end', async () => {
    for (const end of ['', '/', '//']) await sendTo({ url: cpo.url + end })
    await sendTo({}, 'Heartbeat')
    const wanted = '/oscp/fp/2.0/update_group_capacity_forecast'
    const paths = cpo.received.map(({ path }) => path)
    expect(paths).to.deep.equal([wanted, wanted, wanted, '/oscp/fp/2.0/heartbeat'])
  })

  it('is accepted by any 2xx that is not a web page', async () => {
    for (const status of [200, 201, 202, 204])
      expect(await answeredWith({ status }), String(status)).to.deep.equal({ verdict: 'accepted' })
    expect(await answeredWith({ status: 200, body: { ok: true } })).to.deep.equal({ verdict: 'accepted' })
    const page = { body: '<!doctype html><title>Sign in</title>', contentType: 'text/html; charset=utf-8' }
    const outcome = await answeredWith(page)
    expect(outcome.verdict).to.equal('unavailable')
    expect(outcome).to.have.property('sentence').that.includes('HTML').and.includes('200')
  })

  it('is refused for good by the statuses that no repeat will change, in the words of the peer', async () => {
    for (const status of [400, 404, 405, 409, 410, 413, 415, 422, 501])
      expect(await answeredWith({ status, body: { message: 'group is closed' } }), String(status)).to.deep.equal({
        verdict: 'refused',
        sentence: 'group is closed',
      })
  })

  it('is not delivered, but may be later, by the statuses that pass', async () => {
    for (const status of [301, 302, 303, 307, 308, 401, 403, 408, 425, 429, 500, 502, 503, 504]) {
      const outcome = await answeredWith({ status, headers: { location: cpo.url }, body: { message: 'later' } })
      expect(outcome.verdict, String(status)).to.equal('unavailable')
      expect(outcome).to.have.property('sentence').that.includes(String(status))
    }
    expect(cpo.received.every(({ method }) => method === 'POST')).to.equal(true)
    expect(cpo.received).to.have.length(14)
  })

  it('has a sentence for people whatever the body of a refusal is', async () => {
    const said = async (behave: Behave) => ((await answeredWith(behave)) as { sentence: string }).sentence
    expect(await said({ status: 422, body: { message: ['no such group', 'ask again'] } })).to.equal(
      'no such group; ask again',
    )
    for (const body of ['', '<html>no</html>', '{"message":', 'null', '"no"', { message: 7 }, { message: ' ' }, {}])
      expect(await said({ status: 422, body }), JSON.stringify(body)).to.include('422')
  })

  it('is not delivered when the peer hangs, resets, or is not there, and says so without failing', async () => {
    cpo.behave({ hang: true })
    const hung = sendTo({}, undefined, 100)
    await cpo.waitFor(1)
    cpo.behave({ reset: true })
    const outcomes = [await hung, await sendTo({}), await sendTo({ url: 'http://127.0.0.1:9/oscp' })]
    for (const outcome of outcomes) {
      expect(outcome).to.deep.include({ verdict: 'unavailable', sentence: 'The peer did not answer.' })
      expect(outcome).to.have.property('cause').that.is.instanceOf(Error)
    }
  })

  it('heeds Retry-After in seconds and as a date, on the statuses that pass', async () => {
    const pauseAfter = async (retryAfter: string, status = 503) => {
      const outcome = await answeredWith({ status, headers: { 'retry-after': retryAfter } })
      return 'retryAfterMs' in outcome ? outcome.retryAfterMs : undefined
    }
    expect(await pauseAfter('2')).to.equal(2000)
    expect(await pauseAfter('7', 429)).to.equal(7000)
    expect(await pauseAfter(new Date(Date.now() + 60_000).toUTCString())).to.be.within(50_000, 60_000)
    expect(await pauseAfter('soon')).to.equal(undefined)
    expect(await answeredWith({ status: 500 })).not.to.have.property('retryAfterMs')
  })
})

describe('Retry-After', () => {
  const now = Date.parse('2026-03-02T22:00:00Z')

  it('is a number of seconds or an HTTP date, and never negative', () => {
    const cases: [string | undefined, number | undefined][] = [
      [undefined, undefined],
      ['0', 0],
      [' 120 ', 120_000],
      ['Mon, 02 Mar 2026 22:01:30 GMT', 90_000],
      ['Mon, 02 Mar 2026 21:00:00 GMT', 0],
      ['', undefined],
      ['-5', undefined],
      ['1.5', undefined],
      ['in a while', undefined],
    ]
    for (const [text, expected] of cases) expect(parseRetryAfter(text, now), String(text)).to.equal(expected)
  })
})
