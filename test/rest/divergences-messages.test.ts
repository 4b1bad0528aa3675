/** Rows D-20 to D-32 and D-38 to D-41 of protocol/oscp-2.0.md section 12: forecasts, compliance errors, measurements. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import type { RequestId } from '../../src/exchange/ids.ts'
import type { ModernPeer, Outcome } from '../../src/exchange/peers.ts'
import { agreed, block, forecast, gridToken, type House, measurement, openHouse, usage } from './house.ts'

const cp = '/oscp/cp/2.0'
const limit = '/oscp/fp/2.0/update_group_capacity_forecast'
const grid = { authorization: `Token ${gridToken}` }

describe('Divergences of messages', () => {
  let house: House
  before(async () => {
    house = await openHouse()
  })
  after(() => house.stop())
  beforeEach(() => {
    house.received.length = 0
  })
  const values = () => house.received.map(({ value }) => value)

  /** What a peer with this profile gets of a message, and what its status is taken for. */
  async function sent(message: string, value: object, profile: object = {}, status = 204) {
    const seen: { headers: IncomingHttpHeaders; body: string; path: string }[] = []
    const server: Server = createServer(async (request, response) => {
      seen.push({ headers: request.headers, body: await text(request), path: request.url! })
      response.writeHead(status).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const own = await openHouse({ peers: { p: { role: 'fp', url, token: 't', profile } } })
    const ids = { request: 'r' as RequestId, correlation: 'c' as RequestId }
    const outcome: Outcome = await own.party.wire.send({ id: 'p' } as ModernPeer, message, { ...value }, ids, 1000)
    await own.stop()
    server.close()
    server.closeAllConnections()
    return { seen, outcome }
  }

  it('D-20 capacity: sent as a number, taken as a number or its text', async () => {
    const { seen } = await sent('UpdateGroupCapacityForecast', forecast())
    expect(seen[0]!.body).to.include('"capacity":11,')
    for (const capacity of [11, '11', ' 11.0 ', '1.1e1'])
      await house.say(limit, forecast({ forecasted_blocks: [block({ capacity })] }), grid)
    for (const value of values()) expect(value).to.deep.equal(forecast())
    expect(values()).to.have.length(4)
  })

  it('A-04 sign of a capacity: generation is a magnitude, an optimum of export no import, consumption below zero is refused', async () => {
    const below = (type: string) => forecast({ type, forecasted_blocks: [block({ capacity: -11 })] })
    for (const type of ['GENERATION', 'FALLBACK_GENERATION'])
      expect((await house.say(limit, below(type), grid)).status).to.equal(204)
    for (const type of ['CONSUMPTION', 'FALLBACK_CONSUMPTION'])
      expect((await house.say(limit, below(type), grid)).status).to.equal(400)
    for (const capacity of [-11, ' -11.5'])
      await house.say(limit, forecast({ type: 'OPTIMUM', forecasted_blocks: [block({ capacity })] }), grid)
    const none = [block({ capacity: 0 })]
    expect(values().map(({ forecasted_blocks }) => forecasted_blocks)).to.deep.equal([[block()], [block()], none, none])
  })

  it('D-21 names: snake case only; camel case is refused with the names that are missing', async () => {
    const { seen } = await sent('UpdateGroupCapacityForecast', forecast())
    expect(seen[0]!.body).not.to.match(/"[a-z]+[A-Z]/)
    const said = await house.say(limit, { id: 'G', capacityForecastedType: 'CONSUMPTION', forecastedBlocks: [] }, grid)
    expect(said.status).to.equal(400)
    expect(said.message).to.match(/^group_id is required .*; type is required .*; forecasted_blocks is required/)
  })

  it('D-22 grid: blocks of any length and order are taken, and passed as they are', async () => {
    const blocks = [block({}, 60), block(), block({ end_time: new Date(Date.now() + 7_200_000).toISOString() }, 15)]
    const { seen } = await sent('UpdateGroupCapacityForecast', forecast({ forecasted_blocks: blocks }))
    expect(JSON.parse(seen[0]!.body)).to.deep.equal(forecast({ forecasted_blocks: blocks }))
    await house.say(limit, forecast({ forecasted_blocks: blocks }), grid)
    expect(values()[0]!.forecasted_blocks).to.deep.equal(blocks)
  })

  it('D-23 replacement: overlapping blocks are taken, and refused only by a strict profile', async () => {
    const overlapping = forecast({
      forecasted_blocks: [block(), block({ capacity: 5 }, 5), block({ phase: 'ONE' }, 5)],
    })
    expect((await house.say(limit, overlapping, grid)).status).to.equal(204)
    const peers = { grid: { ...agreed.grid, profile: { strict: true } } }
    const strict = await openHouse({ peers })
    const said = await strict.say(limit, overlapping, grid)
    expect(said.message).to.equal('forecasted_blocks[1].start_time must not lie within another block of this phase')
    await strict.stop()
  })

  it('D-24 OPTIMUM is taken on the FP face', async () => {
    expect((await house.say(limit, forecast({ type: 'OPTIMUM' }), grid)).status).to.equal(204)
    expect(values()[0]).to.include({ type: 'OPTIMUM' })
  })

  it('D-25 adjust is taken on both faces', async () => {
    expect((await house.say(`${cp}/adjust_group_capacity_forecast`, forecast())).status).to.equal(204)
    expect((await house.say(limit.replace('update', 'adjust'), forecast(), grid)).status).to.equal(204)
    expect(house.received.map(({ face }) => face)).to.deep.equal(['cp', 'fp'])
  })

  it('D-26 correlation of a compliance error: sent always; taken absent and unknown, and passed on', async () => {
    const { seen } = await sent('GroupCapacityComplianceError', { message: 'no' })
    expect(seen[0]!.headers).to.include({ 'x-correlation-id': 'c' })
    for (const correlation of [undefined, 'unknown', 'G1'])
      await house.say(`${cp}/group_capacity_compliance_error`, { message: 'no' }, { 'x-correlation-id': correlation })
    expect(house.received.map(({ correlation }) => correlation)).to.deep.equal([undefined, 'unknown', 'G1'])
  })

  it('D-26 a compliance error with an empty list of blocks names none', async () => {
    await house.say(`${cp}/group_capacity_compliance_error`, { message: 'no', forecasted_blocks: [] })
    await house.say(`${cp}/group_capacity_compliance_error`, { message: 'no', forecasted_blocks: null })
    expect(values()).to.deep.equal([{ message: 'no' }, { message: 'no' }])
  })

  it('D-27 status of a compliance error: answers 204, takes 409 for delivered; 409 to a forecast refuses it', async () => {
    expect((await house.say(`${cp}/group_capacity_compliance_error`, { message: 'no' })).status).to.equal(204)
    expect((await sent('GroupCapacityComplianceError', { message: 'no' }, {}, 409)).outcome.verdict).to.equal(
      'accepted',
    )
    expect((await sent('UpdateGroupCapacityForecast', forecast(), {}, 409)).outcome.verdict).to.equal('refused')
  })

  it('D-28 asset measurements: taken on the CP face, also by the singular path', async () => {
    const asset = { asset_id: 'A', asset_category: 'CHARGING', energy_measurement: measurement() }
    for (const path of ['update_asset_measurements', 'update_asset_measurement'])
      expect((await house.say(`${cp}/${path}`, { group_id: 'G1', measurements: [asset] })).status).to.equal(204)
    expect(values()[1]).to.deep.equal({ group_id: 'G1', measurements: [asset] })
  })

  it('D-29 no measurements: taken as a list that is empty or null', async () => {
    for (const measurements of [[], null])
      expect((await house.say(`${cp}/update_group_measurements`, usage({ measurements }))).status).to.equal(204)
    for (const value of values()) expect(value).to.deep.equal(usage({ measurements: [] }))
    expect(values()).to.have.length(2)
  })

  it('D-30 negative measurements are taken', async () => {
    const measurements = [measurement({ value: -12.5, direction: 'NET' })]
    expect((await house.say(`${cp}/update_group_measurements`, usage({ measurements }))).status).to.equal(204)
    expect(values()[0]).to.deep.equal(usage({ measurements }))
  })

  it('D-31 a single measurement instead of a list is a list of one', async () => {
    const asset = { asset_id: 'A', asset_category: 'STORAGE' }
    await house.say(`${cp}/update_asset_measurements`, { group_id: 'G1', measurements: asset })
    await house.say(`${cp}/update_group_measurements`, usage({ measurements: measurement() }))
    expect(values()).to.deep.equal([{ group_id: 'G1', measurements: [asset] }, usage()])
  })

  it('D-32 what is not valid: answers 400, takes 400 and 422 for the same', async () => {
    expect((await house.say(limit, {}, grid)).status).to.equal(400)
    for (const status of [400, 422])
      expect((await sent('UpdateGroupCapacityForecast', forecast(), {}, status)).outcome.verdict).to.equal('refused')
  })

  it('D-38 segments: none are sent; taken whether they refer to the first or to the previous', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => block({}, i))
    const { seen } = await sent('UpdateGroupCapacityForecast', forecast({ forecasted_blocks: many }))
    expect(seen).to.have.length(1)
    for (const chain of [
      ['a1', 'a1'],
      ['b1', 'b2'],
    ] as const) {
      const name = chain[0][0]!
      const send = (index: number, correlation?: string) =>
        house.say(limit, forecast({ group_id: name, forecasted_blocks: [block({}, index * 15)] }), {
          ...grid,
          'x-request-id': `${name}${index}`,
          'x-correlation-id': correlation,
          'x-segment-index': String(index),
          'x-segment-count': '3',
        })
      await send(3, chain[1])
      await send(1)
      await send(2, chain[0])
    }
    const expected = [1, 2, 3].map((index) => block({}, index * 15))
    expect(values()).to.deep.equal(['a', 'b'].map((group_id) => forecast({ group_id, forecasted_blocks: expected })))
  })

  it('D-38 segment headers of a peer that does not mean them are ignored by profile', async () => {
    const own = await openHouse({ peers: { grid: { ...agreed.grid, profile: { segmentsIn: 'ignore' } } } })
    await own.say(limit, forecast(), { ...grid, 'x-segment-index': '7', 'x-segment-count': '3' })
    expect(own.received).to.have.length(1)
    await own.stop()
  })

  it('D-39 units of money: answers 400 to the unit and 501 to the messages of prices', async () => {
    for (const unit of ['EUR', 'EUR/KWH', 'EUR/KW'])
      expect((await house.say(limit, forecast({ forecasted_blocks: [block({ unit })] }), grid)).status).to.equal(400)
    for (const path of ['request_capacity_price', 'update_group_capacity_price'])
      expect((await house.say(`${cp}/${path}`, {})).status).to.equal(501)
  })

  it('D-40 extra headers: sent by profile, ignored when they come', async () => {
    const headersOut = { 'fp-id': '7', apikey: 'k', 'x-access-token': 'a' }
    const { seen } = await sent('UpdateGroupCapacityForecast', forecast(), { headersOut })
    expect(seen[0]!.headers).to.include(headersOut)
    const plain = await sent('UpdateGroupCapacityForecast', forecast())
    expect(Object.keys(plain.seen[0]!.headers)).to.have.members([
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'x-correlation-id',
      'x-request-id',
    ])
    expect((await house.say(limit, forecast(), { ...grid, ...headersOut, 'x-sn-source-id': 'x' })).status).to.equal(204)
  })

  it('D-41 group ids: any text is taken, case and blanks kept', async () => {
    const ids = ['FEEDER-0815', 'a b', ' lead', 'ÄÖ/?#%', '007', '__proto__', 'x'.repeat(1000)]
    for (const group_id of ids)
      expect((await house.say(limit, forecast({ group_id }), grid)).status, group_id).to.equal(204)
    expect(values().map(({ group_id }) => group_id)).to.deep.equal(ids)
  })
})
