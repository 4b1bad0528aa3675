/** Whoever calls for a party must show the password that was agreed: in a UsernameToken, fresh and once, or in HTTP. */
import { expect } from 'chai'
import { startRedis } from '../../support/redis.ts'
import { closeLater, closeScenes } from '../../support/scene.ts'
import {
  freshNonce,
  later,
  type Secured,
  secured,
  security,
  start,
  startSecured,
  timestamp,
  usernameToken,
} from '../../support/secured.ts'
import { type Answer, csp, envelope, faultOf, heartbeat, type Version } from '../../support/soap.ts'

const users = [{ username: 'grid', password: 'Stroomnet-17' }]

function expectRefused(answer: Answer, kind: string, words: RegExp, version: Version = '1.1'): void {
  const fault = faultOf(answer.body, version)
  expect(fault.kind, fault.reason).to.equal(kind)
  expect(fault.detailCode).to.equal('SecurityError')
  expect(fault.reason).to.match(words)
  expect(answer.status).to.equal(version === '1.1' ? 500 : 400)
  expect(answer.body).not.to.match(/Stroomnet|node:|\.ts|127\.0\.0\.1/)
}

function expectAccepted(answer: Answer): void {
  expect(answer.body).to.include('heartbeatResponse')
  expect(answer.status).to.equal(200)
}

describe('A party that must send a UsernameToken', () => {
  let gateway: Secured
  const call = (document: string, version?: Version) => gateway.call(document, version)

  before(async () => {
    gateway = await startSecured({ in: { usernameToken: { users }, skew: '1m', window: '4m' } })
  })
  after(closeScenes)

  for (const version of ['1.1', '1.2'] as const) {
    it(`may send the password as text in SOAP ${version}`, async () => {
      expectAccepted(await call(secured(usernameToken(), version), version))
      expectAccepted(await call(secured(usernameToken({ type: 'none' }), version), version))
    })

    it(`may send a digest of it in SOAP ${version}`, async () => {
      expectAccepted(await call(secured(usernameToken({ type: 'Digest' }), version), version))
    })

    it(`is told in SOAP ${version} when nothing is shown`, async () => {
      const answer = await call(envelope(version, heartbeat), version)
      expectRefused(answer, 'caller-refused', /must have a Security header with a UsernameToken/, version)
    })

    it(`is refused with a wrong password in SOAP ${version}`, async () => {
      const answer = await call(secured(usernameToken({ password: 'guessed' }), version), version)
      expectRefused(answer, 'caller-refused', /user is unknown or the password is wrong/, version)
    })
  }

  it('may send nonce and time beside a text password, once', async () => {
    const token = usernameToken({ nonce: freshNonce(), created: start })
    expectAccepted(await call(secured(token)))
    expectRefused(await call(secured(token)), 'message-replayed', /received before/)
  })

  it('may send a digest once, and a new one after it', async () => {
    const message = secured(usernameToken({ type: 'Digest' }))
    expectAccepted(await call(message))
    expectRefused(await call(message), 'message-replayed', /received before/)
    expectAccepted(await call(secured(usernameToken({ type: 'Digest' }))))
  })

  it('does not use up a nonce with a message that is refused for something else', async () => {
    const token = usernameToken({ type: 'Digest' })
    const bad = envelope('1.1', `<heartbeatRequest xmlns="${csp}">?</heartbeatRequest>`, security(token))
    expect(faultOf((await call(bad)).body, '1.1').kind).to.equal('invalid-message')
    expectAccepted(await call(secured(token)))
  })

  it('may leave mustUnderstand out, and send other Security headers to other actors', async () => {
    const plain = security(usernameToken()).replace('e:mustUnderstand="1"', '')
    const other = security('<w:Anything/>', '1.1', 'e:actor="urn:somebody-else"')
    expectAccepted(await call(envelope('1.1', heartbeat, other + plain)))
  })

  const refusals: readonly [title: string, inner: string, words: RegExp][] = [
    ['an unknown user', usernameToken({ username: 'grid2' }), /unknown or the password is wrong/],
    ['a user name continued after a comment', usernameToken({ username: 'grid<!-- -->.evil' }), /unknown/],
    ['a password continued after a comment', usernameToken({ password: 'Stroomnet-17<!-- -->!' }), /unknown/],
    ['a digest as text', usernameToken({ type: 'Digest' }).replace('Digest"', 'Text"'), /unknown/],
    ['a digest without a nonce', usernameToken({ type: 'Digest', nonce: undefined }), /digest needs a nonce/i],
    ['a digest without a time', usernameToken({ type: 'Digest', created: undefined }), /digest needs a nonce/i],
    ['a digest of an empty nonce', usernameToken({ type: 'Digest', nonce: '' }), /Nonce must be base64/],
    [
      'a digest of a nonce that is not base64',
      usernameToken({ type: 'Digest', nonce: '%%%%' }),
      /Nonce must be base64/,
    ],
    ['a nonce in base64url', usernameToken({ type: 'Digest', nonce: '_-_-' }), /Nonce must be base64/],
    ['a nonce with bits left over', usernameToken({ type: 'Digest', nonce: 'QUJDRB==' }), /Nonce must be base64/],
    ['a nonce cut short', usernameToken({ type: 'Digest', nonce: 'QUJDR' }), /Nonce must be base64/],
    ['a huge nonce', usernameToken({ type: 'Digest', nonce: 'QUJD'.repeat(20_000) }), /Nonce must be base64/],
    ['a time that is none', usernameToken({ type: 'Digest', created: 'now' }), /Created must be a time/],
    ['a time without offset', usernameToken({ type: 'Digest', created: '2026-03-02T22:00:00' }), /Created must be/],
    ['a time of no day', usernameToken({ type: 'Digest', created: '2026-13-02T22:00:00Z' }), /Created must be/],
    ['another type of password', usernameToken().replace('#PasswordText', '#PasswordRot13'), /type of the Password/],
    ['no password', '<w:UsernameToken><w:Username>grid</w:Username></w:UsernameToken>', /Username and a Password/],
    ['two passwords', usernameToken().replace(/<w:Password.*Password>/, '$&$&'), /more than one Password/],
    ['two user names', usernameToken().replace(/<w:Username>.*<\/w:Username>/, '$&$&'), /more than one Username/],
    ['two nonces', usernameToken({ type: 'Digest' }).replace(/<w:Nonce>.*Nonce>/, '$&$&'), /more than one Nonce/],
    ['two times', usernameToken({ type: 'Digest' }).replace(/<u:Created>.*Created>/, '$&$&'), /more than one Created/],
    ['two UsernameTokens', usernameToken() + usernameToken(), /more than one UsernameToken/],
    ['a UsernameToken of another namespace', usernameToken().replaceAll('w:', 'u:'), /must have a Security header/],
    ['two Timestamps', usernameToken() + timestamp(start).repeat(2), /more than one Timestamp/],
    ['a Timestamp without creation', `${usernameToken()}<u:Timestamp/>`, /when the message was created/],
    ['a Timestamp that ends before it begins', usernameToken() + timestamp(start, later(-1)), /before it is created/],
    ['a Timestamp that is no time', usernameToken() + timestamp(`${start}Z`), /Created must be a time/],
  ]
  for (const [title, inner, words] of refusals)
    it(`is refused with ${title}`, async () => {
      expectRefused(await call(secured(inner)), 'caller-refused', words)
    })

  it('is refused with two Security headers for us', async () => {
    const twice = security(usernameToken()).repeat(2)
    expectRefused(await call(envelope('1.1', heartbeat, twice)), 'caller-refused', /more than one Security header/)
    const next = security(usernameToken(), '1.1', 'e:actor="http://schemas.xmlsoap.org/soap/actor/next"')
    const both = envelope('1.1', heartbeat, security(usernameToken()) + next)
    expectRefused(await call(both), 'caller-refused', /more than one Security header/)
  })

  it('cannot show it in the Body', async () => {
    const body = envelope('1.1', security(usernameToken()) + heartbeat)
    expectRefused(await call(body), 'caller-refused', /must have a Security header/)
  })

  const stale: readonly [title: string, inner: string, words: RegExp][] = [
    ['a digest from the future', usernameToken({ type: 'Digest', created: later(90) }), /in the future/],
    ['a digest of long ago', usernameToken({ type: 'Digest', created: later(-310) }), /too long ago/],
    ['a Timestamp from the future', usernameToken() + timestamp(later(90)), /in the future/],
    ['a Timestamp of long ago', usernameToken() + timestamp(later(-310), later(3600)), /too long ago/],
    ['a Timestamp that has expired', usernameToken() + timestamp(later(-200), later(-90)), /has expired/],
  ]
  for (const [title, inner, words] of stale)
    it(`is refused with ${title}`, async () => {
      expectRefused(await call(secured(inner)), 'message-stale', words)
    })

  it('may have a clock that is a little off', async () => {
    const inners = [
      usernameToken({ type: 'Digest', created: later(45) }),
      usernameToken({ type: 'Digest', created: later(-280) }),
      usernameToken() + timestamp(later(45), later(300)),
      usernameToken() + timestamp(later(-200), later(-45)),
    ]
    for (const inner of inners) expectAccepted(await call(secured(inner)))
  })

  it('publishes its WSDL to anybody', async () => {
    const answer = await fetch(`${gateway.url}?wsdl`)
    expect(answer.status).to.equal(200)
  })

  it('never has a password in the log', () => {
    expect(gateway.logged.length).to.be.greaterThan(20)
    expect(gateway.logged.join('\n')).not.to.include('Stroomnet-17')
  })
})

describe('A party of which more is asked', () => {
  afterEach(closeScenes)

  it('must send a digest when that was agreed, or text when that was', async () => {
    const digests = await startSecured({ in: { usernameToken: { users, passwordType: 'digest' } } })
    expectRefused(await digests.call(secured(usernameToken())), 'caller-refused', /sent as PasswordDigest/)
    expectAccepted(await digests.call(secured(usernameToken({ type: 'Digest' }))))
    const texts = await startSecured({ in: { usernameToken: { users, passwordType: 'text' } } })
    expectRefused(
      await texts.call(secured(usernameToken({ type: 'Digest' }))),
      'caller-refused',
      /sent as PasswordText/,
    )
  })

  it('must send nonce and Timestamp when both were agreed', async () => {
    const gateway = await startSecured({ in: { usernameToken: { users, nonce: 'required' }, timestamp: 'required' } })
    expectRefused(await gateway.call(secured(usernameToken())), 'caller-refused', /must hold a Nonce/)
    const token = usernameToken({ nonce: freshNonce(), created: start })
    expectRefused(await gateway.call(secured(token)), 'caller-refused', /with a Timestamp/)
    expectAccepted(await gateway.call(secured(token + timestamp(start))))
  })

  it('must show both a UsernameToken and HTTP Basic when both were agreed', async () => {
    const gateway = await startSecured({
      in: { usernameToken: { users }, basic: { users: [{ username: 'web', password: 'other' }] } },
    })
    const authorization = `Basic ${Buffer.from('web:other').toString('base64')}`
    expect((await gateway.call(secured(usernameToken()))).status).to.equal(401)
    expectRefused(
      await gateway.call(envelope('1.1', heartbeat), '1.1', { authorization }),
      'caller-refused',
      /UsernameToken/,
    )
    expectAccepted(await gateway.call(secured(usernameToken()), '1.1', { authorization }))
  })

  it('may have two passwords while one is changed', async () => {
    const both = [...users, { username: 'grid', password: 'next' }]
    const gateway = await startSecured({ in: { usernameToken: { users: both } } })
    for (const password of ['Stroomnet-17', 'next'])
      expectAccepted(await gateway.call(secured(usernameToken({ password, type: 'Digest' }))))
  })
})

describe('A party that must use HTTP Basic', () => {
  let gateway: Secured
  const withHeader = (text: string) =>
    gateway.call(envelope('1.1', heartbeat), '1.1', { authorization: `Basic ${Buffer.from(text).toString('base64')}` })

  before(async () => {
    gateway = await startSecured({ in: { basic: { users: [{ username: 'grïd', password: 'a:b' }] } } })
  })
  after(closeScenes)

  it('is let in with the right name and password', async () => expectAccepted(await withHeader('grïd:a:b')))

  for (const [title, text] of [
    ['a wrong password', 'grïd:a'],
    ['a wrong name', 'grid:a:b'],
    ['no colon', 'grïd'],
    ['nothing', ':'],
  ] as const)
    it(`is challenged with ${title}`, async () => {
      const answer = await withHeader(text)
      expect(answer.status).to.equal(401)
      expect(answer.headers['www-authenticate']).to.match(/^Basic realm=/)
      expect(faultOf(answer.body, '1.1')).to.include({ kind: 'credentials-needed', detailCode: 'SecurityError' })
    })

  it('is challenged when it says nothing, or something else, before its message is read', async () => {
    for (const headers of [{}, { authorization: 'Bearer x' }, { authorization: 'Basic ???' }]) {
      const answer = await gateway.call('not XML', '1.1', headers as Record<string, string>)
      expect(answer.status).to.equal(401)
    }
  })

  it('does not understand a Security header that must be understood, and ignores another', async () => {
    const authorization = `Basic ${Buffer.from('grïd:a:b').toString('base64')}`
    const must = await gateway.call(secured(usernameToken()), '1.1', { authorization })
    expect(faultOf(must.body, '1.1').kind).to.equal('header-not-understood')
    const may = secured(usernameToken()).replace('e:mustUnderstand="1"', '')
    expectAccepted(await gateway.call(may, '1.1', { authorization }))
  })
})

describe('Credentials of one operator', () => {
  after(closeScenes)

  it('speak for that operator only', async () => {
    const gateway = await startSecured({
      in: {
        usernameToken: {
          users: [
            { ...users[0], cspIdentity: 'CSP-1' },
            { username: 'any', password: 'p' },
          ],
        },
      },
      links: {
        one: { legacy: 'dso', modern: 'cpo', cspIdentity: 'CSP-1', groups: { A: 'one' } },
        two: { legacy: 'dso', modern: 'cpo', cspIdentity: 'CSP-2', groups: { A: 'two' } },
      },
    })
    const header = (identity: string) => `<cspIdentity xmlns="${csp}">${identity}</cspIdentity>`
    expectAccepted(await gateway.call(secured(usernameToken(), '1.1', header('CSP-1'))))
    expectAccepted(await gateway.call(secured(usernameToken())))
    const other = faultOf((await gateway.call(secured(usernameToken(), '1.1', header('CSP-2')))).body, '1.1')
    expect(other).to.include({ kind: 'identity-mismatch', detailCode: 'IdentityMismatch' })
    const any = usernameToken({ username: 'any', password: 'p' })
    expectAccepted(await gateway.call(secured(any, '1.1', header('CSP-2'))))
    expect(faultOf((await gateway.call(secured(any))).body, '1.1').kind).to.equal('identity-mismatch')
  })

  it('cannot be joined with those of another', async () => {
    const gateway = await startSecured({
      in: {
        usernameToken: { users: [{ ...users[0], cspIdentity: 'CSP-1' }] },
        basic: { users: [{ username: 'web', password: 'other', cspIdentity: 'CSP-2' }] },
      },
    })
    const authorization = `Basic ${Buffer.from('web:other').toString('base64')}`
    const answer = await gateway.call(secured(usernameToken()), '1.1', { authorization })
    expect(faultOf(answer.body, '1.1').kind).to.equal('identity-mismatch')
  })
})

describe('A nonce', () => {
  afterEach(closeScenes)

  it('is good once on two replicas that are asked at the same time', async () => {
    const redis = closeLater(await startRedis())
    const options = { in: { usernameToken: { users } }, redis: redis.url }
    const replicas = [await startSecured(options), await startSecured(options)]
    for (let round = 0; round < 10; round++) {
      const message = secured(usernameToken({ type: 'Digest' }))
      const answers = await Promise.all([...replicas, ...replicas].map((replica) => replica.call(message)))
      expect(answers.filter(({ status }) => status === 200)).to.have.length(1)
      for (const { status, body } of answers)
        if (status !== 200) expect(faultOf(body, '1.1').kind).to.equal('message-replayed')
    }
  })

  it('is good nowhere while the state is away; a password alone still is', async () => {
    const redis = closeLater(await startRedis())
    const gateway = await startSecured({ in: { usernameToken: { users } }, redis: redis.url })
    await redis.kill()
    const answer = await gateway.call(secured(usernameToken({ type: 'Digest' })))
    expect(faultOf(answer.body, '1.1')).to.include({ kind: 'state-unavailable', code: 'soap:Server' })
    expectRefused(await gateway.call(secured(usernameToken({ password: 'x' }))), 'caller-refused', /wrong/)
    expectAccepted(await gateway.call(secured(usernameToken())))
  })
})

describe('A party of which nothing is asked', () => {
  after(closeScenes)

  it('may call as it likes, but does not have a Security header understood', async () => {
    const gateway = await startSecured({})
    expectAccepted(await gateway.call(envelope('1.1', heartbeat)))
    const answer = await gateway.call(secured(usernameToken()))
    expect(faultOf(answer.body, '1.1')).to.include({ kind: 'header-not-understood', code: 'soap:MustUnderstand' })
  })
})
