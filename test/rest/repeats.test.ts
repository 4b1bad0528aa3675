/** A message that comes again is answered again and not carried again; one that is news is carried, whatever its id. */
import { expect } from 'chai'
import { GatewayError } from '../../src/errors.ts'
import { connectRedis } from '../../src/state/redis/client.ts'
import { RedisLedger } from '../../src/state/redis/ledger.ts'
import { eventually } from '../support/gateway.ts'
import { startRedis } from '../support/redis.ts'
import { type House, openHouse, usage } from './house.ts'

const path = '/oscp/cp/2.0/update_group_measurements'
const id = (request: string) => ({ 'x-request-id': request })
const A = usage({ group_id: 'A' })
const B = usage({ group_id: 'B' })

describe('Repeats', () => {
  let house: House
  let now: number
  let failures: number
  let hold: Promise<void> | undefined
  beforeEach(async () => {
    now = Date.now()
    failures = 0
    hold = undefined
    const receive = async () => {
      await hold
      if (failures-- > 0) throw new GatewayError('peer-unavailable', 'Not now.')
      return undefined
    }
    house = await openHouse({ now: () => now, receive })
  })
  afterEach(() => house.stop())
  const groups = () => house.received.map(({ value }) => value.group_id)

  it('are answered 204 and not carried, for a day', async () => {
    for (let i = 0; i < 3; i++) expect((await house.say(path, A, id('r'))).status).to.equal(204)
    expect(groups()).to.deep.equal(['A'])
    now += 24 * 3600_000 + 1
    await house.say(path, A, id('r'))
    expect(groups()).to.deep.equal(['A', 'A'])
  })

  it('need the same id, the same body and the same route', async () => {
    await house.say(path, A, id('r1'))
    await house.say(path, A, id('r2'))
    await house.say(path, B, id('r1'))
    await house.say(path, A, { 'x-request-id': undefined })
    await house.say(path, A, { 'x-request-id': undefined })
    expect(groups()).to.deep.equal(['A', 'A', 'B', 'A', 'A'])
  })

  it('are not what a peer with a constant id says when it returns to what it said before', async () => {
    for (const body of [A, A, B, B, A]) await house.say(path, body, id('5'))
    expect(groups()).to.deep.equal(['A', 'B', 'A'])
  })

  it('are carried when the first attempt failed', async () => {
    failures = 1
    expect((await house.say(path, A, id('r'))).status).to.equal(503)
    expect((await house.say(path, A, id('r'))).status).to.equal(204)
    expect((await house.say(path, A, id('r'))).status).to.equal(204)
    expect(groups()).to.deep.equal(['A', 'A'])
  })

  it('wait for the first while it is still being worked on, and are answered as it is', async () => {
    let release = () => {}
    hold = new Promise((resolve) => (release = resolve))
    const first = house.say(path, A, id('r'))
    while (house.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const second = house.say(path, A, id('r'))
    release()
    expect([(await first).status, (await second).status]).to.deep.equal([204, 204])
    expect(groups()).to.deep.equal(['A'])
    expect(house.exchanges.map(({ outcome, request }) => `${outcome} ${request}`)).to.deep.equal(['repeated r'])
  })

  it('are answered 204 when many come at once on two replicas that share a Redis, and carried once', async function () {
    this.timeout(20_000)
    const redis = await startRedis()
    const ledgers = [1, 2].map(() => new RedisLedger(connectRedis({ url: redis.url }, () => undefined)))
    for (const ledger of ledgers) await eventually('Redis is there', () => ledger.isReady())
    const replicas = await Promise.all(ledgers.map((ledger) => openHouse({ ledger })))
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => replicas[i % 2]!.say(path, A, id('r'))))
    expect(replicas.flatMap(({ received }) => received)).to.have.length(1)
    expect(answers.map(({ status }) => status)).to.deep.equal(new Array(20).fill(204))
    await redis.kill()
    const [a] = replicas
    expect((await a!.say(path, B, id('s'))).status).to.equal(503)
    for (const replica of replicas) await replica.stop()
    for (const ledger of ledgers) await ledger.close()
  })

  it('are not looked for in messages of the session, which mean the same every time', async () => {
    const shake = { required_behaviour: { measurement_configuration: [] } }
    for (let i = 0; i < 2; i++) expect((await house.say('/oscp/cp/2.0/handshake', shake, id('5'))).status).to.equal(204)
    expect(house.exchanges.map(({ operation, outcome }) => `${operation} ${outcome}`)).to.deep.equal([
      'Handshake accepted',
      'Handshake accepted',
    ])
  })
})
