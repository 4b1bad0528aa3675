/** The OSCP 2.0 face over real sockets: who may say what where, and how it is told. */

import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { GatewayError } from '../../src/errors.ts'
import { cpoToken, forecast, gridToken, type House, openHouse, usage } from './house.ts'

const cp = '/oscp/cp/2.0'
const fp = '/oscp/fp/2.0'
const grid = { authorization: `Token ${gridToken}` }

describe('The OSCP 2.0 face', () => {
  let house: House
  let following: (() => Promise<void>) | undefined
  let failure: Error | undefined
  before(async () => {
    house = await openHouse({
      bodyLimit: 20_000,
      receive: async () => {
        if (failure) throw failure
        return following
      },
    })
  })
  after(() => house.stop())
  afterEach(() => {
    following = undefined
    failure = undefined
    house.received.length = 0
    house.logged.length = 0
  })

  it('answers 204 without a body, echoes the id in both headers, and passes the message on in the form of the contract', async () => {
    const said = await house.say(`${cp}/update_group_measurements`, usage({ more: 1 }), {
      'x-request-id': 'r1',
      'x-correlation-id': 'c1',
    })
    expect([said.status, said.text]).to.deep.equal([204, ''])
    expect(said.headers.get('x-request-id')).to.equal('r1')
    expect(said.headers.get('x-correlation-id')).to.equal('r1')
    const [given] = house.received
    expect(given).to.include({
      peer: 'cpo',
      face: 'cp',
      message: 'UpdateGroupMeasurements',
      request: 'r1',
      correlation: 'c1',
    })
    expect(given?.value).to.deep.equal(usage())
  })

  it('serves each face its messages, and answers 501 to those of another role', async () => {
    const served: [string, object, Record<string, string>][] = [
      [`${cp}/adjust_group_capacity_forecast`, forecast(), {}],
      [`${cp}/group_capacity_compliance_error`, { message: 'no' }, {}],
      [`${cp}/update_group_measurements`, usage(), {}],
      [`${fp}/update_group_capacity_forecast`, forecast(), grid],
      [`${fp}/adjust_group_capacity_forecast`, forecast(), grid],
      [`${cp}/heartbeat`, { offline_mode_at: new Date(Date.now() + 60_000).toISOString() }, {}],
      [`${fp}/heartbeat`, { offline_mode_at: new Date(Date.now() + 60_000).toISOString() }, grid],
    ]
    for (const [path, body, headers] of served)
      expect((await house.say(path, body, headers)).status, path).to.equal(204)
    const others: [string, Record<string, string>][] = [
      [`${cp}/update_group_capacity_forecast`, {}],
      [`${fp}/update_group_measurements`, grid],
      [`${fp}/group_capacity_compliance_error`, grid],
      [`${fp}/update_asset_measurements`, grid],
      ['/oscp/co/2.0/update_asset_measurements', {}],
      [`${cp}/request_capacity_price`, {}],
      ['/oscp/2.0/update_group_capacity_forecast', {}],
    ]
    for (const [path, headers] of others) {
      const said = await house.say(path, {}, headers)
      expect(said.status, path).to.equal(501)
      expect(said.message, path).to.be.a('string')
    }
  })

  it('serves the same with a slash at the end, and without the role, where the token decides it', async () => {
    expect((await house.say(`${cp}/update_group_measurements/`, usage())).status).to.equal(204)
    expect((await house.say('/oscp/2.0/update_group_measurements', usage())).status).to.equal(204)
    expect((await house.say('/oscp/2.0/update_group_capacity_forecast/', forecast(), grid)).status).to.equal(204)
    expect(house.received.map(({ face }) => face)).to.deep.equal(['cp', 'cp', 'fp'])
  })

  it('answers 404 where there is nothing and 405 with Allow to other methods', async () => {
    for (const path of [
      '/',
      '/oscp',
      `${cp}/`,
      `${cp}/nothing`,
      '/oscp/xx/2.0/register',
      '/oscp/cp/1.0/register',
      `${cp}/register/x`,
    ])
      expect((await house.say(path, {})).status, path).to.equal(404)
    const put = await house.say(`${cp}/heartbeat`, {}, {}, 'PUT')
    expect([put.status, put.headers.get('allow')]).to.deep.equal([405, 'POST'])
    const patch = await house.say(`${cp}/register`, {}, {}, 'PATCH')
    expect([patch.status, patch.headers.get('allow')]).to.deep.equal([405, 'POST, PUT, DELETE'])
  })

  it('takes Token and Bearer in any case and a bare token; 401 without any, 403 for another or on the wrong face', async () => {
    const path = `${cp}/update_group_measurements`
    for (const authorization of [`token ${cpoToken}`, `BEARER  ${cpoToken}`, cpoToken])
      expect((await house.say(path, usage(), { authorization })).status, authorization).to.equal(204)
    for (const authorization of [undefined, '', 'Token', 'Token '])
      expect((await house.say(path, usage(), { authorization })).status, authorization).to.equal(401)
    expect((await house.say(path, usage(), { authorization: undefined })).headers.get('www-authenticate')).to.match(
      /^Token/,
    )
    for (const authorization of ['Token wrong', `Basic ${cpoToken}`, `Token ${gridToken}`, `Token ${cpoToken}x`]) {
      const said = await house.say(path, usage(), { authorization })
      expect([said.status, said.message]).to.deep.equal([403, 'The token is not known here, or not for this.'])
    }
    expect((await house.say(`${path}?token=${cpoToken}`, usage(), { authorization: undefined })).status).to.equal(401)
  })

  it('never shows a token in its log', async () => {
    await house.say(`${cp}/update_group_measurements`, usage(), { authorization: 'Token secret-1' })
    await house.say(`${cp}/register`, { token: 'secret-2', version_url: [] })
    await house.say(`${cp}/register`, '{"token":"secret-3"', {})
    const everything = JSON.stringify([house.logged, house.exchanges])
    expect(everything).not.to.match(/secret-|token-that-we-gave/)
  })

  it('takes a message without X-Request-ID, gives it one, and tells the operator', async () => {
    const said = await house.say(`${cp}/update_group_measurements`, usage(), { 'x-request-id': undefined })
    expect(said.status).to.equal(204)
    expect(said.headers.get('x-request-id')).to.match(/^[0-9a-f-]{36}$/)
    expect(house.logged.join()).to.include('X-Request-ID is missing')
  })

  it('answers 415 to what is not JSON, 413 to what is too large, 400 to what is broken', async () => {
    const path = `${cp}/update_group_measurements`
    for (const type of ['text/plain', 'application/xml', 'application/json; charset=latin1'])
      expect((await house.say(path, usage(), { 'content-type': type })).status, type).to.equal(415)
    for (const type of ['application/json; charset=UTF-8', 'Application/JSON', 'application/vnd.oscp+json'])
      expect((await house.say(path, usage(), { 'content-type': type })).status, type).to.equal(204)
    expect((await house.say(path, usage(), { 'content-encoding': 'gzip' })).status).to.equal(415)
    expect((await house.say(path, `"${'x'.repeat(20_000)}"`)).status).to.equal(413)
    expect((await house.say(path, '{"group_id": ')).status).to.equal(400)
    expect((await house.say(path, undefined)).status).to.equal(400)
  })

  it('answers with the status of what went wrong behind it, and shows nothing internal', async () => {
    const path = `${cp}/update_group_measurements`
    failure = new GatewayError('state-unavailable', 'The state store cannot be reached.')
    const away = await house.say(path, usage())
    expect([away.status, away.headers.get('retry-after')]).to.deep.equal([503, '5'])
    failure = new GatewayError('group-unknown', 'group_id is no group that is served here')
    expect((await house.say(path, usage())).status).to.equal(404)
    failure = new Error('connect ECONNREFUSED redis.internal:6379')
    const broken = await house.say(path, usage())
    expect([broken.status, broken.text]).to.deep.equal([
      500,
      '{"message":"The gateway could not handle this message."}',
    ])
  })

  it('begins what follows a message only when the answer is on the wire, and does it also when the caller has gone', async () => {
    let answered = () => {}
    const done = new Promise<void>((resolve) => {
      following = () => new Promise<void>((arrived) => (answered = arrived)).then(resolve)
    })
    // If the answer waited for what follows, it would wait for itself.
    expect((await house.say(`${cp}/update_group_measurements`, usage())).status).to.equal(204)
    answered()
    await done

    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    let entered = () => {}
    const inside = new Promise<void>((resolve) => (entered = resolve))
    const gone = new Promise<void>((resolve) => (following = async () => resolve()))
    failure = undefined
    const slow = await openHouse({
      receive: async () => {
        entered()
        await held
        return following
      },
    })
    const call = request(`${slow.url}${cp}/update_group_measurements`, {
      method: 'POST',
      headers: { authorization: cpoToken, 'content-type': 'application/json' },
    }).on('error', () => undefined)
    call.end(JSON.stringify(usage()))
    await inside
    call.destroy()
    release()
    await gone
    await slow.stop()
  })

  it('raises an alarm when what follows fails, and lives on', async () => {
    following = async () => {
      throw new Error('boom')
    }
    expect((await house.say(`${cp}/update_group_measurements`, usage())).status).to.equal(204)
    await sleep(20)
    expect(house.alarms).to.deep.equal(['failure after an answer'])
  })

  it('is strict with a peer whose profile says so', async () => {
    const profile = { strict: true, authInSchemes: ['token'], requireCorrelation: true }
    const peers = { cpo: { role: 'fp', url: 'http://127.0.0.1:9', token: 'x', inboundToken: cpoToken, profile } }
    const strict = await openHouse({ peers })
    const path = `${cp}/update_group_measurements`
    expect((await strict.say(path, usage())).status).to.equal(204)
    expect((await strict.say(path, usage(), { authorization: `Bearer ${cpoToken}` })).status).to.equal(403)
    const anonymous = await strict.say(path, usage(), { 'x-request-id': undefined })
    expect([anonymous.status, anonymous.message]).to.deep.equal([400, 'X-Request-ID is required'])
    const uncorrelated = await strict.say(`${cp}/group_capacity_compliance_error`, { message: 'no' })
    expect(`${uncorrelated.status} ${uncorrelated.message}`).to.match(/^400 X-Correlation-ID must name/)
    await strict.stop()
  })
})
