/** Whatever a body holds, the answer is a 400 or 413 that names the place, never a 500, and nothing of it is passed on. */
import { expect } from 'chai'
import { block, forecast, gridToken, type House, measurement, openHouse, usage } from './house.ts'

const cp = '/oscp/cp/2.0'
const fp = '/oscp/fp/2.0'
const grid = { authorization: `Token ${gridToken}` }

describe('Bad input', () => {
  let house: House
  before(async () => {
    house = await openHouse({ bodyLimit: 3_000_000 })
  })
  after(() => house.stop())

  const day = 24 * 60
  const limit = `${fp}/update_group_capacity_forecast`
  const blocks = (...more: object[]) => forecast({ forecasted_blocks: more })
  const cases: [string, string, unknown, string | RegExp][] = [
    ['a text', limit, '"x"', 'the body must be a JSON object'],
    ['a list', limit, [], 'the body must be a JSON object'],
    ['null', limit, 'null', 'the body must be a JSON object'],
    ['an empty body', limit, '', 'the body must be a JSON object'],
    ['two documents', limit, '{}{}', 'The body is not JSON.'],
    ['nesting without end', limit, `${'['.repeat(500_000)}${']'.repeat(500_000)}`, /nested too deeply/],
    [
      'nesting where nobody looks',
      limit,
      { ...forecast(), x: JSON.parse('['.repeat(20) + ']'.repeat(20)) },
      /^\*?x?\[0\].* is nested too deeply$/,
    ],
    ['__proto__', limit, '{"group_id":"G","__proto__":{"admin":true}}', 'the body must not have a member __proto__'],
    [
      '__proto__ further in',
      limit,
      '{"forecasted_blocks":[{"\\u005f_proto__":1}]}',
      'forecasted_blocks[0] must not have a member __proto__',
    ],
    ['no group', limit, forecast({ group_id: undefined }), 'group_id is required and must be a string'],
    ['a number for a group', limit, forecast({ group_id: 7 }), 'group_id must be a string'],
    ['an empty group', limit, forecast({ group_id: '' }), 'group_id must have at least 1 character(s)'],
    ['an unknown type', limit, forecast({ type: 'LIMIT' }), /^type must be one of CONSUMPTION, GENERATION/],
    ['no blocks', limit, blocks(), 'forecasted_blocks must have at least 1 item(s)'],
    ['blocks that are text', limit, forecast({ forecasted_blocks: 'all' }), 'forecasted_blocks[0] must be an object'],
    [
      'a capacity below 0',
      limit,
      blocks(block({ capacity: -1 })),
      'forecasted_blocks[0].capacity must not be less than 0',
    ],
    [
      'a capacity that is no number',
      limit,
      blocks(block({ capacity: 'NaN' })),
      'forecasted_blocks[0].capacity must be a number',
    ],
    [
      'a capacity beyond numbers',
      limit,
      '{"group_id":"G","type":"CONSUMPTION","forecasted_blocks":[{"capacity":1e999}]}',
      /capacity must be a number/,
    ],
    [
      'a unit of money',
      limit,
      blocks(block(), block({ unit: 'EUR/KWH' })),
      /^forecasted_blocks\[1\].unit must be one of A, W/,
    ],
    [
      'a time without offset',
      limit,
      blocks(block({ start_time: '2026-03-02T23:00:00' })),
      /start_time must be an RFC 3339 time/,
    ],
    ['a day that does not exist', limit, blocks(block({ start_time: '2026-02-30T23:00:00Z' })), /start_time must be/],
    [
      'an end before its start',
      limit,
      blocks(block(), block({ end_time: '2020-01-01T00:00:00Z' })),
      'forecasted_blocks[1].end_time must be later than start_time',
    ],
    [
      'a block too far ahead',
      limit,
      blocks(block({}, 32 * day)),
      'forecasted_blocks[0].start_time must not be more than 31 days ahead',
    ],
    [
      'more blocks than anybody means',
      limit,
      blocks(...Array.from({ length: 10_001 }, () => block())),
      'forecasted_blocks must have at most 10000 items',
    ],
    ['no message', `${cp}/group_capacity_compliance_error`, {}, 'message is required and must be a string'],
    [
      'a direction nobody knows',
      `${cp}/update_group_measurements`,
      usage({ measurements: [measurement({ direction: 'UP' })] }),
      /^measurements\[0\].direction must be one of/,
    ],
    [
      'a count that ends before it began',
      `${cp}/update_group_measurements`,
      usage({ measurements: [measurement({ initial_measure_time: '2026-03-03T10:15:01Z' })] }),
      'measurements[0].initial_measure_time must not be later than measure_time',
    ],
    [
      'no group with nothing used',
      `${cp}/update_group_measurements`,
      { measurements: [] },
      'group_id is required and must be a string',
    ],
    [
      'a category nobody knows',
      `${cp}/update_asset_measurements`,
      { group_id: 'G', measurements: [{ asset_id: 'A', asset_category: 'CAR' }] },
      /^measurements\[0\].asset_category must be one of/,
    ],
    [
      'a heartbeat interval of 0',
      `${fp}/handshake`,
      { required_behaviour: { heartbeat_interval: 0, measurement_configuration: [] } },
      'required_behaviour.heartbeat_interval must not be less than 1',
    ],
    [
      'a heartbeat interval below 0',
      `${fp}/handshake`,
      { heartbeat_interval: -60 },
      'required_behaviour.heartbeat_interval must not be less than 1',
    ],
    [
      'a heartbeat interval that is no number',
      `${fp}/handshake`,
      { required_behaviour: { heartbeat_interval: {} } },
      'required_behaviour.heartbeat_interval must be a number',
    ],
    ['demands that are a number', `${fp}/handshake`, { required_behaviour: 5 }, 'required_behaviour must be an object'],
    [
      'styles that are numbers',
      `${fp}/handshake`,
      { required_behaviour: { measurement_configuration: [1] } },
      /^required_behaviour.measurement_configuration\[0\] must be one of/,
    ],
    [
      'a Register without a token',
      `${fp}/register`,
      { version_url: [{ version: '2.0', base_url: 'https://x' }] },
      'token is required and must be a string',
    ],
    [
      'a Register without versions',
      `${fp}/register`,
      { token: 'abc', version_url: [] },
      'version_url must have at least 1 item(s)',
    ],
    [
      'a version that is an object with a toString of its own',
      `${fp}/register`,
      { token: 'abc', version_url: [{ version: { toString: 'x' }, base_url: 'https://x' }] },
      'version_url[0].version must be a string',
    ],
    [
      'a type that is an object with a toString of its own',
      limit,
      forecast({ type: { toString: 'x' } }),
      /^type must be one of/,
    ],
    [
      'a token with blanks',
      `${fp}/register`,
      { token: 'a b', version_url: [{ version: '2.0', base_url: 'https://x' }] },
      'token must be printable ASCII without blanks',
    ],
    [
      'a token with a line break',
      `${fp}/register`,
      { token: 'a\r\nx: y', version_url: [{ version: '2.0', base_url: 'https://x' }] },
      'token must be printable ASCII without blanks',
    ],
    [
      'a token without end',
      `${fp}/register`,
      { token: 'a'.repeat(4097), version_url: [{ version: '2.0', base_url: 'https://x' }] },
      'token must have at most 4096 characters',
    ],
  ]
  for (const [title, path, body, expected] of cases)
    it(`refuses ${title}`, async () => {
      const said = await house.say(path, body, path.startsWith(fp) ? grid : {})
      expect(said.status, said.text).to.equal(400)
      if (typeof expected === 'string') expect(said.message).to.equal(expected)
      else expect(said.message).to.match(expected)
      expect(Object.keys(JSON.parse(said.text) as object)).to.deep.equal(['message'])
      expect(house.received).to.have.length(0)
    })

  it('names every field that is wrong, and no value', async () => {
    const bad = blocks(block({ capacity: 'secret', unit: 'secret' }), block({ phase: 'secret' }))
    const { message } = await house.say(limit, bad, grid)
    expect(message).to.match(/\[0\]\.capacity .*; .*\[0\]\.unit .*; .*\[1\]\.phase /)
    expect(message).not.to.include('secret')
  })

  it('refuses bytes that are no UTF-8, and a body that does not end', async () => {
    const bytes = await fetch(house.url + limit, {
      method: 'POST',
      headers: { ...grid, 'content-type': 'application/json' },
      body: Buffer.from([0x22, 0xff, 0x22]),
    })
    expect(bytes.status).to.equal(400)
  })

  it('knows the groups of a peer, and no others', async () => {
    const refused = await house.say(limit, forecast(), { authorization: 'Token nobody' })
    expect(refused.status).to.equal(403)
  })
})
