/** Rows D-01 to D-10 and D-33 to D-37 of protocol/oscp-2.0.md section 12: who calls whom with what, and how it begins. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import type { Habits } from '../peers/party.ts'
import { type Pair, type PairOptions, startPair } from './gateway.ts'
import { agreed, cpoToken, forecast, gridToken, openHouse, usage } from './house.ts'

const path = '/oscp/cp/2.0/update_group_measurements'

describe('Divergences of registration', function () {
  // Handshakes come half a second after a registration, on purpose, and machines may be busy.
  this.timeout(40_000)

  const pairs: Pair[] = []
  const open = async (options?: PairOptions) => {
    const pair = await startPair(options)
    pairs.push(pair)
    return pair
  }
  afterEach(async () => {
    for (const pair of pairs.splice(0)) await pair.stop()
  })
  /** A peer with these habits begins, and we are online with it. */
  const online = async (habits: Habits, options: PairOptions = {}) => {
    const pair = await open({ habits, ...options })
    await pair.online()
    return pair
  }

  it('D-01 authorization: sends `Token x`, takes Token and Bearer in any case and a bare token', async () => {
    const { peer } = await online({})
    for (const { headers } of peer.received) expect(headers.authorization).to.match(/^Token [A-Za-z0-9_-]{43,64}$/)
    const house = await openHouse()
    for (const scheme of ['Token ', 'TOKEN ', 'bearer ', 'Bearer ', ''])
      expect((await house.say(path, usage(), { authorization: scheme + cpoToken })).status, scheme).to.equal(204)
    await house.stop()
  })

  it('D-02 token in the Register body: sends it bare, strips a scheme before it', async () => {
    const pair = await online({ tokenPrefix: 'Token ' })
    expect(pair.peer.got('register')[0]!.body.token).not.to.match(/\s/)
    // Had it kept the prefix, its own calls would have been refused.
    expect(pair.peer.received.every(({ status }) => status === 204)).to.equal(true)
  })

  it('D-03 tokens: sends 43 to 64 characters of base64url, takes up to 4096 of printable ASCII', async () => {
    const pair = await online({ token: () => `+/=~!${Math.random()}`.padEnd(4096, 'x') })
    expect(pair.peer.got('register')[0]!.body.token).to.match(/^[A-Za-z0-9_-]{43,64}$/)
    const house = await openHouse({ peers: { ...agreed, new: { role: 'fp', registration: 'they start' } } })
    const authorization = `Token ${await house.party.sessions.issueToken('new' as never, 60_000)}`
    const version_url = [{ version: '2.0', base_url: 'https://peer.example/oscp' }]
    const said = await house.say('/oscp/cp/2.0/register', { token: 'x'.repeat(4097), version_url }, { authorization })
    expect(said.status).to.equal(400)
    await house.stop()
  })

  for (const role of ['fp', 'cp'] as const)
    it(`D-04 who starts, towards a ${role}: either, as configured`, async () => {
      for (const registration of ['we start', 'they start'] as const) {
        const pair = await open({ role, registration })
        await pair.online()
        expect(pair.peer.got('register')).to.have.length(1)
      }
    })

  it('D-05 correlation of the counter-Register: sent always, needed never, and no loop follows', async () => {
    const theirs = await online({})
    const [counter] = theirs.peer.got('register')
    expect(counter!.headers['x-correlation-id']).to.be.a('string')
    for (const registration of ['we start', 'they start'] as const)
      for (const takesForNew of ['every', 'uncorrelated'] as const) {
        const { peer } = await online({ correlates: false, takesForNew }, { registration })
        await sleep(100)
        expect(peer.got('register'), `${registration} ${takesForNew}`).to.have.length(1)
      }
  })

  for (const callsBack of ['after', 'inside', 'in the body'] as const)
    it(`D-06 counter-Register: ours after the 204; theirs taken when it comes ${callsBack} its answer`, async () => {
      const pair = await online({ callsBack }, { registration: 'we start' })
      expect((await pair.view()).state).to.equal('ONLINE')
      const other = await open()
      const before = other.peer.register(other.ours, await other.token())
      expect((await before).status).to.equal(204)
      const counter = await other.peer.waitFor('register')
      expect(counter.status).to.equal(204)
    })

  it('D-07 version_url: sends one entry in a list, takes several, a single object, or a url alone', async () => {
    const { peer } = await online({})
    expect(peer.got('register')[0]!.body.version_url).to.have.length(1)
    for (const versions of ['object', 'url only'] as const) await online({ versions })
    const house = await openHouse({ peers: { ...agreed, new: { role: 'fp', registration: 'they start' } } })
    const authorization = `Token ${await house.party.sessions.issueToken('new' as never, 60_000)}`
    const version_url = [
      { version: '1.0', base_url: 'https://peer.example/1' },
      { version: '2.0', base_url: 'https://peer.example/2/' },
    ]
    await house.say('/oscp/cp/2.0/register', { token: 'theirs', version_url }, { authorization })
    expect((await house.party.sessions.state('new' as never)).url).to.equal('https://peer.example/2')
    await house.stop()
  })

  it('D-08 base_url: sends it absolute without a slash at its end, takes a path alone and a slash', async () => {
    const { peer, gateway } = await online({ announces: 'with a slash' }, { unknownUrl: true })
    expect(peer.got('register')[0]!.body.version_url).to.deep.equal([
      { version: '2.0', base_url: `${gateway.restUrl}/oscp/cp/2.0` },
    ])
    for (const { path: called } of peer.received) expect(called).not.to.include('//')
    await online({ announces: 'path only' })
  })

  it('D-08 base_url: http, private addresses and credentials in it are refused, unless they are allowed', async () => {
    const house = await openHouse({ peers: { ...agreed, new: { role: 'fp', registration: 'they start' } } })
    const authorization = `Token ${await house.party.sessions.issueToken('new' as never, 60_000)}`
    for (const base_url of [
      'http://peer.example/x',
      'https://u:p@peer.example/',
      'ftp://peer.example',
      'nonsense',
      '/path',
    ]) {
      const body = { token: 'theirs', version_url: [{ version: '2.0', base_url }] }
      expect((await house.say('/oscp/cp/2.0/register', body, { authorization })).status, base_url).to.equal(400)
    }
    const inward = { token: 'theirs', version_url: [{ version: '2.0', base_url: 'https://169.254.169.254/x' }] }
    await house.say('/oscp/cp/2.0/register', inward, { authorization })
    await sleep(200)
    expect(house.logged.join()).to.match(/"kind":"counter-register".*may not be called/)
    await house.stop()
  })

  it('D-09 paths: sends to /oscp/{role}/2.0, serves them also without the role, and calls custom ones', async () => {
    const pair = await open()
    const withoutRole = pair.ours.replace('/cp', '')
    await pair.peer.register(withoutRole, await pair.token())
    const counter = await pair.peer.waitFor('register')
    expect((counter.body.version_url as { base_url: string }[])[0]!.base_url).to.equal(pair.ours)
    const house = await openHouse()
    const grid = { authorization: `Token ${gridToken}` }
    expect((await house.say('/oscp/2.0/update_group_capacity_forecast', forecast(), grid)).status).to.equal(204)
    await house.stop()
    const custom = await open({
      registration: 'none',
      profile: { handshakeInitiator: 'we', pathOverrides: { Handshake: '/shake/hands' } },
    })
    expect((await custom.peer.waitFor('hands')).path).to.match(/\/oscp\/fp\/2\.0\/shake\/hands$/)
  })

  it('D-10 path of the acknowledgement: sends handshake_acknowledge or as the profile says, serves all three spellings', async () => {
    const standard = await online({}, { role: 'cp' })
    await standard.peer.waitFor('handshake_acknowledge')
    const pathOverrides = { HandshakeAcknowledge: '/handshake_acknowledgment' }
    const custom = await online({}, { role: 'cp', profile: { pathOverrides } })
    await custom.peer.waitFor('handshake_acknowledgment')
    for (const acknowledgePath of ['handshake_acknowledgment', 'handshake_acknowledgement'])
      await online({ acknowledgePath })
  })

  it('D-33 no common version: answers 501, takes 501 and 400 for it', async () => {
    const pair = await open()
    const said = await pair.peer.register(pair.ours, await pair.token())
    expect(said.status).to.equal(204)
    const house = await openHouse({ peers: { ...agreed, new: { role: 'fp', registration: 'they start' } } })
    const authorization = `Token ${await house.party.sessions.issueToken('new' as never, 60_000)}`
    const body = { token: 'theirs', version_url: [{ version: '1.0', base_url: 'https://peer.example' }] }
    const refused = await house.say('/oscp/cp/2.0/register', body, { authorization })
    expect([refused.status, refused.message]).to.deep.equal([501, 'No common OSCP version; supported: 2.0'])
    await house.stop()
    for (const status of [501, 400]) {
      const ours = await open({ registration: 'we start', habits: { refuses: () => status } })
      const view = await ours.until(({ lastError }) => lastError !== undefined)
      expect(view.owed).not.to.include('register')
    }
  })

  it('D-34 who may not call: 401 without a token, 403 with a wrong one; either from a peer makes it suspect', async () => {
    const house = await openHouse()
    expect((await house.say(path, usage(), { authorization: undefined })).status).to.equal(401)
    expect((await house.say(path, usage(), { authorization: 'Token x' })).status).to.equal(403)
    await house.stop()
    for (const status of [401, 403]) {
      const pair = await open({ habits: { refuses: ({ name }) => (name === 'handshake' ? status : undefined) } })
      await pair.peer.register(pair.ours, await pair.token())
      expect((await pair.until(({ suspect }) => suspect)).state).to.equal('REGISTERED')
    }
  })

  it('D-35 DELETE register: sent with a body, taken with or without', async () => {
    for (const body of [undefined, { token: 'x', version_url: [] }, 'nonsense']) {
      const pair = await online({})
      expect((await pair.peer.unregister(body)).status).to.equal(204)
      expect((await pair.view()).state).to.equal('NEW')
      expect((await pair.peer.unregister()).status).to.equal(403)
    }
    const forgotten = await online({})
    await forgotten.gateway.sessions.forget('peer' as never)
    const { body, headers } = await forgotten.peer.waitFor('register', 1, 'DELETE')
    expect(body).to.have.all.keys('token', 'version_url')
    expect(headers.authorization).to.match(/^Token /)
  })

  it('D-35 PUT register: taken, a handshake follows; ours becomes a POST where there is no PUT', async () => {
    const renewed = await online({})
    expect((await renewed.peer.put()).status).to.equal(204)
    await renewed.peer.waitFor('handshake', 2)
    const without = await online({ lacksMethods: ['PUT'] })
    await without.gateway.sessions.rotate('peer' as never)
    await without.peer.waitFor('register', 2)
    expect(without.peer.got('register', 'PUT').map(({ status }) => status)).to.deep.equal([405])
    await without.until(({ owed }) => !owed.includes('update'))
  })

  it('D-36 success: answers 204, takes any 2xx', async () => {
    const pair = await online({ callsBack: 'in the body' }, { registration: 'we start' })
    expect(pair.peer.got('register')[0]!.status).to.equal(200)
  })

  it('D-37 request ids: sends a UUID each, takes anything, one for ever, or none', async () => {
    const { peer } = await online({})
    const ids = peer.received.map(({ headers }) => String(headers['x-request-id']))
    for (const one of ids) expect(one).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(ids).size).to.equal(ids.length)
    await online({ requestId: () => '5' })
    await online({ requestId: () => undefined })
  })
})
