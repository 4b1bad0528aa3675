/** Every line of /openapi.json is called: what it promises is what the face does. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { GatewayError } from '../../src/errors.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { LedgerKey, Stored, Write } from '../../src/exchange/ledger.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { block, cpoToken, gridToken, type House, measurement, openHouse } from './house.ts'

interface Operation {
  operationId: string
  parameters: { $ref: string }[]
  requestBody: { required: boolean; content: { 'application/json': { schema: { $ref: string } } } }
  responses: Record<string, { headers: object; content?: object }>
}

interface Description {
  openapi: string
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object>; parameters: Record<string, { name: string; in: string }> }
}

const samples: Record<string, object> = {
  Handshake: { required_behaviour: { heartbeat_interval: 60, measurement_configuration: ['CONTINUOUS'] } },
  HandshakeAcknowledge: {},
  Heartbeat: { offline_mode_at: new Date(Date.now() + 60_000).toISOString() },
  UpdateGroupCapacityForecast: { group_id: 'G', type: 'CONSUMPTION', forecasted_blocks: [block()] },
  AdjustGroupCapacityForecast: { group_id: 'G', type: 'CONSUMPTION', forecasted_blocks: [block()] },
  GroupCapacityComplianceError: { message: 'cannot' },
  UpdateGroupMeasurements: { group_id: 'G', measurements: [measurement()] },
  UpdateAssetMeasurements: { group_id: 'G', measurements: [{ asset_id: 'A', asset_category: 'CHARGING' }] },
}

const newcomer = { registration: 'they start', profile: { allowHttp: true, allowAddresses: ['127.0.0.1'] } }
const peers = {
  cpo: { role: 'fp', url: 'http://127.0.0.1:9/x', token: 'x', inboundToken: cpoToken },
  grid: { role: 'cp', url: 'http://127.0.0.1:9/x', token: 'x', inboundToken: gridToken },
  newcpo: { role: 'fp', ...newcomer },
  newgrid: { role: 'cp', ...newcomer },
}

/** State that can be taken away. */
class Fragile extends MemoryLedger {
  away = false

  override async read<T>(key: LedgerKey): Promise<Stored<T> | undefined> {
    if (this.away) throw new GatewayError('state-unavailable', 'The state store cannot be reached.')
    return super.read<T>(key)
  }

  override async write<T>(key: LedgerKey, revision: number, write: Write<T>): Promise<boolean> {
    if (this.away) throw new GatewayError('state-unavailable', 'The state store cannot be reached.')
    return super.write(key, revision, write)
  }
}

describe('/openapi.json', () => {
  let house: House
  let api: Description
  let failure: GatewayError | undefined
  const ledger = new Fragile(Date.now)
  /** A party that registers: it notes the tokens that it is given. */
  const given: string[] = []
  const registrant = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as { token?: string }
    if (body.token !== undefined && request.method === 'POST') given.push(body.token)
    response.writeHead(204).end()
  })
  let register: typeof samples
  before(async () => {
    await once(registrant.listen(0, '127.0.0.1'), 'listening')
    const base_url = `http://127.0.0.1:${(registrant.address() as AddressInfo).port}`
    register = {
      good: { token: 'a-token-of-theirs', version_url: [{ version: '2.0', base_url }] },
      other: { token: 'a-token-of-theirs', version_url: [{ version: '1.0', base_url }] },
    }
    house = await openHouse({
      peers,
      ledger,
      bodyLimit: 20_000,
      receive: async () => {
        if (failure) throw failure
        return undefined
      },
    })
    const response = await fetch(`${house.url}/openapi.json`)
    expect(response.headers.get('content-type')).to.match(/^application\/json/)
    api = (await response.json()) as Description
  })
  after(async () => {
    registrant.close()
    registrant.closeAllConnections()
    await house.stop()
  })
  afterEach(() => {
    failure = undefined
  })

  const operations = () =>
    Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    )
  const name = (operation: Operation) => operation.requestBody.content['application/json'].schema.$ref.split('/').pop()!
  const tokenFor = (path: string) => `Token ${path.startsWith('/oscp/cp') ? cpoToken : gridToken}`

  it('is OpenAPI 3.1 with the address partners use, and has each operation once', () => {
    expect(api.openapi).to.equal('3.1.0')
    expect(api.servers).to.deep.equal([{ url: house.url }])
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).to.equal(ids.length)
    expect(ids).to.have.length(18)
  })

  it('refers only to what it has', () => {
    const all = JSON.stringify(api)
    for (const [, section, key] of all.matchAll(/"#\/components\/(\w+)\/([\w-]+)"/g))
      expect(api.components, `${section}/${key}`).to.have.nested.property(`${section}.${key}`)
    expect(all).not.to.match(/"\$schema"|"additionalProperties":false/)
  })

  it('has a schema for every message, with its required members', () => {
    expect(Object.keys(api.components.schemas).sort()).to.deep.equal(
      ['Error', 'Register', ...Object.keys(samples)].sort(),
    )
    expect(api.components.schemas.UpdateGroupCapacityForecast).to.deep.include({
      type: 'object',
      required: ['group_id', 'type', 'forecasted_blocks'],
    })
  })

  it('tells of every status that its operations answer with, and of no other', async () => {
    const firstTokens: Record<string, string> = {}
    for (const id of ['newcpo', 'newgrid'])
      firstTokens[id] = await house.party.sessions.issueToken(id as PeerId, 60_000)
    const never: string[] = []
    for (const { path, method, operation } of operations()) {
      const message = name(operation)
      const promised = Object.keys(operation.responses)
      const answered = new Set<number>()
      const call = async (body: unknown, headers: Record<string, string | undefined> = {}) => {
        const said = await house.say(path, body, { authorization: tokenFor(path), ...headers }, method)
        answered.add(said.status)
        const where = `${method} ${path} ${said.status}`
        const described = operation.responses[said.status]
        expect(described, where).not.to.equal(undefined)
        for (const header of Object.keys(described!.headers))
          expect(said.headers.has(header), `${where} ${header}`).to.equal(true)
        expect(said.message !== undefined, where).to.equal(described!.content !== undefined)
      }
      const sample = samples[message] ?? register.good
      if (message === 'Register') {
        const before = given.length
        const first = firstTokens[path.startsWith('/oscp/cp') ? 'newcpo' : 'newgrid']!
        const authorization = `Token ${method === 'POST' ? first : given.at(-1)}`
        if (promised.includes('501')) await call(register.other, { authorization })
        await call(register.good, { authorization })
        while (method === 'POST' && given.length === before) await sleep(5)
      } else await call(sample)
      await call(sample, { authorization: undefined })
      await call(sample, { authorization: 'Token nobody' })
      await call(`{"x":"${'x'.repeat(20_000)}"}`)
      if (promised.includes('415')) await call(sample, { 'content-type': 'text/plain' })
      if (promised.includes('400')) await call('{')
      if (promised.includes('404')) {
        failure = new GatewayError('group-unknown', 'no')
        await call(sample)
        failure = new GatewayError('message-unsupported', 'no')
        await call(sample)
        failure = undefined
      }
      ledger.away = true
      await call(sample)
      if (message === 'Register') await call(register.good, { authorization: 'Token nobody' })
      ledger.away = false
      const missing = promised.map(Number).filter((status) => !answered.has(status))
      if (missing.length > 0) never.push(`${method} ${path}: ${missing.join()}`)
    }
    expect(never).to.deep.equal([])
  })

  it('describes headers that mean something: each may be left out', () => {
    for (const [key, { name: header, in: place }] of Object.entries(api.components.parameters))
      expect([header, place]).to.deep.equal([key, 'header'])
  })
})
