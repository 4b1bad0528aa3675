import { expect } from 'chai'
import { GatewayError } from '../../src/errors.ts'
import type { Ledger } from '../../src/exchange/ledger.ts'
import { MemoryLedger } from '../../src/state/memory/ledger.ts'
import { ourUrl, peerUrl, register, Scene } from './scene.ts'

const minute = 60_000
const day = 24 * 60 * minute

async function waiting(options: ConstructorParameters<typeof Scene>[0] = {}) {
  const scene = new Scene(options)
  const token = await scene.own.sessions.issueToken(scene.own.peer.id, 7 * day)
  return { scene, token }
}

describe('Registration', () => {
  describe('when they start', () => {
    it('answers after the 204, with the token they gave, a token of ours and one version', async () => {
      const { scene, token } = await waiting()
      expect(await scene.state()).to.equal('PENDING')
      expect(await scene.say('Register', register('token-b'), { token, request: 'r1' })).to.equal(204)
      const [counter] = scene.peer.got
      expect(counter).to.include({ method: 'POST', message: 'Register', token: 'token-b', correlation: 'r1' })
      expect(counter!.body).to.deep.equal({
        token: counter!.body!.token,
        version_url: [{ version: '2.0', base_url: ourUrl }],
      })
      expect(counter!.body!.token).to.match(/^[A-Za-z0-9_-]{43}$/)
      await scene.world.run(100)
      expect(await scene.state()).to.equal('REGISTERED')
    })

    it('keeps TOKEN_A good for Register only, until the answer has arrived, and never after', async () => {
      const { scene, token } = await waiting()
      scene.peer.answers = { Register: 503 }
      expect(await scene.say('Heartbeat', {}, { token })).to.equal(403)
      expect(await scene.say('Register', undefined, { token, method: 'DELETE' })).to.equal(403)
      await scene.say('Register', register('token-b'), { token })
      await scene.world.run(minute)
      expect(await scene.own.sessions.authenticate('cp', token)).to.include({ scope: 'register' })
      scene.peer.answers = {}
      await scene.world.run(10 * minute)
      expect(await scene.state()).to.equal('REGISTERED')
      expect(await scene.say('Register', register('token-x'), { token })).to.equal(403)
      expect((await scene.own.sessions.address(scene.own.peer.id))?.token).not.to.equal('token-x')
    })

    it('repeats the answer with the same token and id, for hours, until it arrives', async () => {
      const { scene, token } = await waiting()
      scene.peer.answers = { Register: 503 }
      await scene.say('Register', register('token-b'), { token })
      await scene.world.run(3 * 60 * minute)
      const { got } = scene.peer
      expect(got.length).to.be.within(30, 80)
      expect(new Set(got.map(({ body }) => body!.token)).size).to.equal(1)
      expect(new Set(got.map(({ request }) => request)).size).to.equal(1)
    })

    it('gives up after a day, says so, and lets them begin again with the same TOKEN_A', async () => {
      const { scene, token } = await waiting()
      scene.peer.answers = { Register: 503 }
      await scene.say('Register', register('token-b'), { token })
      await scene.world.run(25 * 60 * minute)
      expect(scene.own.alarms).to.include('registration failed')
      expect(await scene.own.view()).to.deep.include({ state: 'PENDING', owed: [] })
      scene.peer.answers = {}
      await scene.say('Register', register('token-c'), { token })
      await scene.world.run(minute)
      expect(await scene.state()).to.equal('REGISTERED')
    })

    it('takes a repeated Register for the same registration: the new token of theirs, the same one of ours', async () => {
      const { scene, token } = await waiting()
      scene.peer.answers = { Register: 503 }
      await scene.say('Register', register('token-b1'), { token })
      const first = scene.peer.got.length
      scene.peer.answers = {}
      await scene.say('Register', register('token-b2'), { token })
      await scene.world.run(minute)
      const again = scene.peer.got[first]!
      expect(again.token).to.equal('token-b2')
      expect(again.body!.token).to.equal(scene.peer.got[0]!.body!.token)
      expect(await scene.state()).to.equal('REGISTERED')
      expect(scene.peer.count('Register')).to.equal(first + 1)
    })

    it('is complete as soon as they use the token of our answer, whatever became of that call', async () => {
      const { scene, token } = await waiting()
      scene.peer.answers = { Register: 503 }
      await scene.say('Register', register('token-b'), { token })
      expect(await scene.say('Heartbeat', {})).to.equal(204)
      expect(await scene.state()).to.equal('REGISTERED')
      const sent = scene.peer.count('Register')
      await scene.world.run(60 * minute)
      expect(scene.peer.count('Register')).to.equal(sent)
      expect(await scene.own.sessions.authenticate('cp', token)).to.equal(undefined)
    })

    it('refuses a Register without a common version with 501, and accepts other spellings of ours', async () => {
      const { scene, token } = await waiting()
      expect(await scene.say('Register', register('b', peerUrl, '2.1'), { token })).to.equal(501)
      expect(scene.peer.got).to.deep.equal([])
      const versions = [
        { version: '3.0', base_url: 'https://three.example' },
        { version: '2', base_url: `${peerUrl}/` },
      ]
      expect(await scene.say('Register', { token: 'Token b', version_url: versions }, { token })).to.equal(204)
      expect(scene.peer.got[0]).to.include({ token: 'b' })
    })

    const bad: [string, unknown][] = [
      ['another scheme', 'ftp://peer.example/oscp'],
      ['http to a host that nobody configured', 'http://elsewhere.example/oscp'],
      ['a user name', 'https://me:secret@peer.example/oscp'],
      ['a query', 'https://peer.example/oscp?x=1'],
      ['no text', 5],
    ]
    for (const [title, url] of bad)
      it(`refuses a base_url with ${title}, by its path and without repeating it`, async () => {
        const { scene, token } = await waiting()
        expect(await scene.say('Register', register('b', url as string), { token })).to.equal(400)
        expect(await scene.own.view()).to.deep.include({ state: 'PENDING', owed: [] })
      })

    it('resolves a base_url that is a path against the configured origin, and refuses it when there is none', async () => {
      const { scene, token } = await waiting()
      expect(await scene.say('Register', register('b', '/oscp/2.0/'), { token })).to.equal(204)
      expect(scene.peer.count('Register')).to.equal(1)
      const { scene: other, token: otherToken } = await waiting({ url: undefined })
      expect(await other.say('Register', register('b', '/oscp/2.0'), { token: otherToken })).to.equal(400)
      expect(await other.say('Register', register('b'), { token: otherToken })).to.equal(204)
    })

    it('lets a TOKEN_A expire', async () => {
      const { scene, token } = await waiting()
      await scene.world.run(7 * day)
      expect(await scene.state()).to.equal('NEW')
      expect(await scene.say('Register', register('b'), { token })).to.equal(403)
    })

    it('takes PUT by a peer that was never registered for a POST', async () => {
      const { scene, token } = await waiting()
      expect(await scene.say('Register', register('b'), { token, method: 'PUT' })).to.equal(204)
      expect(scene.peer.count('Register')).to.equal(1)
    })
  })

  describe('when we start', () => {
    const starting = async (options: ConstructorParameters<typeof Scene>[0] = {}) => {
      const scene = new Scene({ registration: 'we start', token: 'token-a', ...options })
      await scene.own.sessions.start()
      return scene
    }

    it('takes an answer that comes before our own request has returned, whether it correlates or not', async () => {
      for (const correlates of [true, false]) {
        const scene = await starting()
        const { peer } = scene
        scene.settleMs = 0
        const handle = peer.handle.bind(peer)
        peer.handle = async (message) => {
          const answer = await handle(message)
          if (message.message === 'Register') {
            const correlation = correlates ? message.request : undefined
            expect(await scene.say('Register', register('token-c'), { correlation })).to.equal(204)
          }
          return answer
        }
        await scene.world.run(minute)
        expect(scene.peer.count('Register')).to.equal(1)
        expect(scene.peer.last('Handshake')).to.include({ token: 'token-c' })
      }
    })

    it('takes an answer however late, by the token we told or by the Register it names, and calls nobody back', async () => {
      const late = await starting()
      await late.world.run(30 * minute)
      const asked = late.peer.count('Register')
      expect(await late.say('Register', register('token-c'))).to.equal(204)
      expect(await late.state()).to.equal('REGISTERED')

      const both = await starting()
      const token = await both.own.sessions.issueToken(both.own.peer.id, day)
      await both.world.run(100)
      const { request } = both.peer.last('Register')!
      expect(await both.say('Register', register('token-c'), { token, correlation: request as never })).to.equal(204)
      expect(await both.state()).to.equal('REGISTERED')
      for (const [scene, count] of [
        [late, asked],
        [both, 1],
      ] as const) {
        await scene.world.run(minute)
        expect(scene.peer.count('Register')).to.equal(count)
        expect(scene.peer.last('Handshake')).to.include({ token: 'token-c' })
      }
    })

    it('takes the answer from the body of a 200', async () => {
      const scene = await starting()
      scene.peer.answers = { Register: { status: 200, body: register('token-c') } }
      await scene.world.run(minute)
      expect(await scene.state()).to.equal('REGISTERED')
      expect(scene.peer.last('Handshake')).to.include({ token: 'token-c' })
    })

    it('fails for good on 501 and 400, says so, and tries again at the next start only', async () => {
      for (const status of [501, 400]) {
        const scene = new Scene({ registration: 'we start' })
        scene.peer.answers = { Register: status }
        await scene.own.sessions.start()
        await scene.world.run(day)
        expect(scene.peer.got.length).to.equal(1)
        expect(await scene.own.view()).to.deep.include({ state: 'NEW', owed: [] })
        expect(scene.own.alarms).to.deep.equal(['registration failed'])
        await scene.own.sessions.start()
        await scene.world.run(minute)
        expect(scene.peer.got.length).to.equal(2)
      }
    })

    it('gives up soon when the TOKEN_A is refused, and never when nobody answers', async () => {
      const scene = new Scene({ registration: 'we start' })
      scene.peer.answers = { Register: 403 }
      await scene.own.sessions.start()
      await scene.world.run(day)
      expect(scene.peer.got.length).to.equal(5)
      expect(scene.own.alarms).to.include.members(['registration suspect', 'registration failed'])
      const other = new Scene({ registration: 'we start' })
      other.peer.answers = { Register: 503 }
      await other.own.sessions.start()
      await other.world.run(3 * day)
      expect(other.peer.got.length).to.be.within(500, 1800)
      other.peer.answers = {}
      await other.world.run(10 * minute)
      expect(new Set(other.peer.got.map(({ body }) => body!.token)).size).to.equal(1)
    })

    it('does not begin twice with one TOKEN_A, also after they unregistered, but does with another', async () => {
      const scene = await starting()
      await scene.world.run(100)
      await scene.say('Register', register('token-c'))
      expect(await scene.say('Register', undefined, { method: 'DELETE' })).to.equal(204)
      expect(await scene.state()).to.equal('NEW')
      await scene.own.sessions.start()
      await scene.world.run(60 * minute)
      expect(scene.peer.count('Register')).to.equal(1)
      Object.assign(scene.own.peer, { token: 'token-a2' })
      await scene.own.sessions.start()
      await scene.world.run(100)
      expect(scene.peer.last('Register')).to.include({ token: 'token-a2' })
    })
  })

  describe('when it is complete', () => {
    it('never calls back a Register that comes within minutes of ours, so no two parties can keep it up', async () => {
      const scene = new Scene()
      await scene.registered()
      for (let i = 0; i < 5; i++) expect(await scene.say('Register', register(`echo-${i}`))).to.equal(204)
      await scene.world.run(1000)
      expect(scene.peer.count('Register')).to.equal(1)
      await scene.shakeHands()
      expect((await scene.own.sessions.address(scene.own.peer.id))?.token).to.equal('echo-4')
    })

    it('calls back once when much later they register again, and takes the echo of that for what it is', async () => {
      const scene = new Scene()
      await scene.online({})
      await scene.world.run(60 * minute)
      const old = scene.token
      expect(await scene.say('Register', register('again-1'), { request: 'r9' })).to.equal(204)
      await scene.world.run(1000)
      expect(scene.peer.count('Register')).to.equal(2)
      expect(scene.peer.last('Register')).to.include({ token: 'again-1', correlation: 'r9' })
      expect(scene.token).not.to.equal(old)
      expect(await scene.say('Register', register('again-2'))).to.equal(204)
      await scene.world.run(minute)
      expect(scene.peer.count('Register')).to.equal(2)
    })

    it('is not undone by a Register that arrives once more after a newer one', async () => {
      const scene = new Scene({ profile: { handshakeInitiator: 'none' } })
      await scene.registered()
      await scene.world.run(1000)
      const put = (token: string) => scene.say('Register', register(token), { method: 'PUT', request: `put ${token}` })
      for (const token of ['one', 'two', 'one']) expect(await put(token)).to.equal(204)
      expect((await scene.own.sessions.address(scene.own.peer.id))?.token).to.equal('two')
    })

    it('honours our old token for a minute after a new one has arrived, and calls the same token theirs', async () => {
      const scene = new Scene()
      await scene.online({})
      const old = scene.token
      await scene.own.sessions.rotate(scene.own.peer.id)
      await scene.world.run(100)
      const put = scene.peer.last('Register')!
      expect(put).to.include({ method: 'PUT', token: 'peer-token-0' })
      expect(put.body!.token).not.to.equal(old)
      await scene.world.run(50_000)
      expect(await scene.say('Heartbeat', {}, { token: old })).to.equal(204)
      await scene.world.run(20_000)
      expect(await scene.say('Heartbeat', {}, { token: old })).to.equal(403)
      expect(await scene.say('Heartbeat', {})).to.equal(204)
    })

    it('falls back to POST when the peer answers PUT with 405, and does not call back its answer', async () => {
      const scene = new Scene()
      await scene.online({})
      scene.peer.answers = { 'PUT Register': 405 }
      await scene.own.sessions.rotate(scene.own.peer.id)
      await scene.world.run(2000)
      const [put, post] = scene.peer.got.filter(({ message }) => message === 'Register').slice(-2)
      expect([put!.method, post!.method]).to.deep.equal(['PUT', 'POST'])
      expect(post!.body).to.deep.equal(put!.body)
      expect(await scene.say('Register', register('after-post'))).to.equal(204)
      await scene.world.run(2000)
      expect(scene.peer.last('Register')).to.equal(post)
      expect(scene.peer.last('Handshake')).to.include({ token: 'after-post' })
    })

    it('shakes hands again after PUT from them, with the new token, and keeps its state', async () => {
      const scene = new Scene()
      await scene.online({})
      expect(await scene.say('Register', register('rotated'), { method: 'PUT' })).to.equal(204)
      expect(await scene.state()).to.equal('ONLINE')
      await scene.world.run(2000)
      expect(scene.peer.last('Handshake')).to.include({ token: 'rotated' })
      expect(scene.peer.count('Register')).to.equal(1)
    })

    it('forgets everything on DELETE, with or without a body; the token is refused from then on', async () => {
      for (const body of [undefined, register('whatever')]) {
        const scene = new Scene()
        await scene.online()
        expect(await scene.say('Register', body, { method: 'DELETE' })).to.equal(204)
        expect(await scene.state()).to.equal('NEW')
        expect(await scene.say('Heartbeat', {})).to.equal(403)
        expect(await scene.say('Register', register('x'))).to.equal(403)
        expect(await scene.own.sessions.address(scene.own.peer.id)).to.equal(undefined)
        const sent = scene.peer.got.length
        await scene.world.run(day)
        expect(scene.peer.got.length).to.equal(sent)
      }
    })

    it('is forgotten by an operator at once, and the peer is told with a body that holds no usable token', async () => {
      const scene = new Scene()
      await scene.online()
      const { token } = scene
      await scene.own.sessions.forget(scene.own.peer.id)
      expect(await scene.own.sessions.authenticate('cp', token)).to.equal(undefined)
      scene.peer.answers = { Register: 503 }
      await scene.world.run(minute)
      scene.peer.answers = {}
      await scene.world.run(10 * minute)
      const told = scene.peer.last('Register')!
      expect(told).to.include({ method: 'DELETE', token: 'peer-token-0' })
      expect(await scene.own.sessions.authenticate('cp', told.body!.token as string)).to.equal(undefined)
      expect(await scene.own.view()).to.deep.include({ state: 'NEW', owed: [] })
    })

    it('tells the peer by PUT when our own address has changed since', async () => {
      const scene = new Scene()
      await scene.online({})
      Object.assign((scene.own as unknown as { options: object }).options, { ourUrl: 'https://moved.example' })
      scene.own.build()
      await scene.own.sessions.start()
      await scene.world.run(100)
      const version_url = [{ version: '2.0', base_url: 'https://moved.example' }]
      expect(scene.peer.last('Register')!.body).to.deep.include({ version_url })
      await scene.own.sessions.start()
      await scene.world.run(100)
      expect(scene.peer.count('Register')).to.equal(2)
    })
  })

  it('knows a token on every replica as soon as it is stored, and none that belongs to another face', async () => {
    const ledger = new MemoryLedger(Date.now)
    const [one, two] = [new Scene({ ledger: () => ledger }), new Scene({ ledger: () => ledger })]
    await one.registered()
    expect(await two.own.sessions.authenticate('cp', one.token)).to.include({ peer: 'peer', face: 'cp', scope: 'all' })
    expect(await two.own.sessions.authenticate(undefined, one.token)).to.include({ peer: 'peer' })
    expect(await two.own.sessions.authenticate('fp', one.token)).to.equal(undefined)
    expect(await two.own.sessions.authenticate('cp', `${one.token}x`)).to.equal(undefined)
  })

  it('believes a token for a minute while the state is away, and then refuses to say', async () => {
    let away = false
    const scene = new Scene({
      ledger: (now) => {
        const ledger: Ledger = new MemoryLedger(now)
        const read: Ledger['read'] = async (key) => {
          if (away) throw new GatewayError('state-unavailable', 'The gateway cannot reach its state store.')
          return ledger.read(key)
        }
        return new Proxy(ledger, {
          get: (target, name) => (name === 'read' ? read : Reflect.get(target, name).bind(target)),
        })
      },
    })
    await scene.registered()
    expect(await scene.own.sessions.authenticate('cp', scene.token)).to.include({ peer: 'peer' })
    away = true
    scene.world.now += 59_000
    expect(await scene.own.sessions.authenticate('cp', scene.token)).to.include({ peer: 'peer' })
    const kind = (token: string) =>
      scene.own.sessions.authenticate('cp', token).then(
        () => 'answered',
        (error: GatewayError) => error.kind,
      )
    expect(await kind('never-seen')).to.equal('state-unavailable')
    scene.world.now += 2000
    expect(await kind(scene.token)).to.equal('state-unavailable')
  })
})
