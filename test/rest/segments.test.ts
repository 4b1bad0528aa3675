/** Segments are one message when all of them have come, in whatever order and however they refer to each other. */
import { expect } from 'chai'
import fc from 'fast-check'
import { GatewayError } from '../../src/errors.ts'
import type { PeerId, RequestId } from '../../src/exchange/ids.ts'
import { type Joined, Segments } from '../../src/rest/segments.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { type House, measurement, openHouse } from './house.ts'

const path = '/oscp/cp/2.0/update_group_measurements'
const peer = 'cpo' as PeerId
const key = { peer, id: 'segments/r' }

interface Told {
  index: number
  request: string
  correlation?: string | undefined
  text: string
}

function open(limit = 100_000) {
  const clock = { now: 0 }
  const dropped: string[] = []
  const onDropped = (_: PeerId, route: string, count: number) => void dropped.push(`${route} ${count}`)
  const segments = new Segments({ ledger: new MemoryLedger(() => clock.now), now: () => clock.now, limit, onDropped })
  const whole: Joined[] = []
  const add = (count: number, { index, request, correlation, text }: Told) =>
    segments.add(
      { peer, route: 'r', index, count, request: request as RequestId, correlation: correlation as RequestId, text },
      async (joined) => void whole.push(joined),
    )
  return { clock, dropped, segments, whole, add }
}

/** The segments of one message, each with one value, chained to the first or to the previous one. */
function message(name: string, count: number, chain: 'first' | 'previous' | 'none', base = 1): Told[] {
  return Array.from({ length: count }, (_, i) => ({
    index: i + base,
    request: `${name}${i}`,
    correlation: i === 0 || chain === 'none' ? undefined : chain === 'first' ? `${name}0` : `${name}${i - 1}`,
    text: JSON.stringify({ group_id: name, measurements: [i] }),
  }))
}

describe('Segments', () => {
  it('are joined in any order, by both conventions, counted from 0 or 1, two messages at once', async () => {
    const chain = fc.constantFrom('first' as const, 'previous' as const, 'none' as const)
    const one = fc.record({ count: fc.integer({ min: 2, max: 6 }), chain, base: fc.constantFrom(0, 1) })
    await fc.assert(
      fc.asyncProperty(one, one, fc.infiniteStream(fc.nat()), async (a, b, order) => {
        const { whole, add } = open()
        const told = [...message('A', a.count, a.chain, a.base), ...message('B', b.count, b.chain, b.base)]
        const counts = new Map(told.map((segment) => [segment, segment.request.startsWith('A') ? a.count : b.count]))
        while (told.length > 0) {
          const [next] = told.splice((order.next().value as number) % told.length, 1)
          await add(counts.get(next!)!, next!)
        }
        const texts = whole.map(({ text }) => text).sort()
        const expected = [a, b].map(({ count }, i) =>
          JSON.stringify({ group_id: 'AB'[i], measurements: Array.from({ length: count }, (_, n) => n) }),
        )
        expect(texts).to.deep.equal(expected)
        expect(whole.map(({ request }) => request).sort()).to.deep.equal(['A0', 'B0'])
      }),
      { seed: 20260302, numRuns: 200 },
    )
  })

  it('count once when they come twice', async () => {
    const { whole, add } = open()
    const [first, second] = message('A', 2, 'first') as [Told, Told]
    for (const segment of [first, first, second]) await add(2, segment)
    expect(whole).to.have.length(1)
  })

  it('that are no JSON alone are put together as text', async () => {
    const { whole, add } = open()
    const text = '{"group_id":"A","measurements":[1,2,3]}'
    await add(3, { index: 3, request: 'r3', correlation: 'r2', text: text.slice(30) })
    await add(3, { index: 1, request: 'r1', correlation: 'origin', text: text.slice(0, 10) })
    await add(3, { index: 2, request: 'r2', correlation: 'r1', text: text.slice(10, 30) })
    expect(whole).to.deep.equal([{ text, request: 'r1', correlation: 'origin' }])
  })

  it('are dropped, and reported, when the rest does not come in a minute', async () => {
    const { clock, dropped, segments, whole, add } = open()
    const [first, second] = message('A', 2, 'first') as [Told, Told]
    await add(2, first)
    clock.now = 59_999
    await segments.resume(key)
    expect(dropped).to.deep.equal([])
    clock.now = 60_000
    await segments.resume(key)
    expect(dropped).to.deep.equal(['r 1'])
    await add(2, second)
    expect(whole).to.deep.equal([])
  })

  it('wait up to a limit of text and number', async () => {
    const { add } = open(1000)
    const failed = (told: Promise<unknown>) =>
      told.then(
        () => undefined,
        (error: GatewayError) => error.kind,
      )
    expect(await failed(add(2, { index: 1, request: 'r', text: 'x'.repeat(1001) }))).to.equal('message-too-large')
    for (let i = 0; i < 200; i++) await add(2, { index: 1, request: `r${i}`, text: 'x' })
    expect(await failed(add(2, { index: 1, request: 'last', text: 'x' }))).to.equal('message-too-large')
  })

  it('of different groups are no message', async () => {
    const { whole, add } = open()
    await add(2, { index: 1, request: 'r1', text: '{"group_id":"A","measurements":[1]}' })
    const error = await add(2, {
      index: 2,
      request: 'r2',
      correlation: 'r1',
      text: '{"group_id":"B","measurements":[2]}',
    }).then(
      () => undefined,
      (thrown: GatewayError) => thrown,
    )
    expect(error?.message).to.equal('group_id must be the same in all segments of a message')
    expect(whole).to.deep.equal([])
  })

  describe('over HTTP', () => {
    let house: House
    let failures = 0
    before(async () => {
      const receive = async () => {
        if (failures-- > 0) throw new GatewayError('state-unavailable', 'Not now.')
        return undefined
      }
      house = await openHouse({ receive })
    })
    after(() => house.stop())
    beforeEach(() => {
      house.received.length = 0
    })
    const send = (index: string, count: string, value: number, more: Record<string, string | undefined> = {}) =>
      house.say(
        path,
        { group_id: 'G1', measurements: [measurement({ value })] },
        { 'x-segment-index': index, 'x-segment-count': count, 'x-request-id': `s${index}`, ...more },
      )
    const values = () =>
      house.received.map(({ value }) => (value.measurements as { value: number }[]).map((one) => one.value))

    it('are each answered 204, and make one message with the ids of the first', async () => {
      expect((await send('2', '2', 2, { 'x-correlation-id': 's1' })).status).to.equal(204)
      expect(house.received).to.have.length(0)
      expect((await send('1', '2', 1, { 'x-correlation-id': 'origin' })).status).to.equal(204)
      expect(values()).to.deep.equal([[1, 2]])
      expect(house.received[0]).to.include({ request: 's1', correlation: 'origin' })
    })

    it('may send the last one again when the whole could not be taken', async () => {
      failures = 1
      await send('1', '2', 3)
      expect((await send('2', '2', 4)).status).to.equal(503)
      expect((await send('2', '2', 4)).status).to.equal(204)
      expect(values()).to.deep.equal([
        [3, 4],
        [3, 4],
      ])
    })

    it('with a count of 1 are whole messages; with impossible headers they are refused', async () => {
      expect((await send('1', '1', 5)).status).to.equal(204)
      expect(values()).to.deep.equal([[5]])
      for (const [index, count, header] of [
        ['3', '2', 'X-Segment-Index'],
        ['x', '2', 'X-Segment-Index'],
        ['1', '0', 'X-Segment-Count'],
        ['1', '101', 'X-Segment-Count'],
      ] as const) {
        const said = await send(index, count, 6)
        expect(`${said.status} ${said.message}`).to.match(new RegExp(`^400 ${header} must`))
      }
      expect((await house.say(path, {}, { 'x-segment-index': '1' })).message).to.match(/^X-Segment-Count is missing/)
    })
  })
})
