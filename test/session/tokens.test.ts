import { expect } from 'chai'
import fc from 'fast-check'
import { GatewayError } from '../../src/errors.ts'
import { hashOf, newToken, sameHash, tokenOf } from '../../src/session/tokens.ts'
import { Vault } from '../../src/session/vault.ts'
import { peerId } from './world.ts'

const peer = peerId('cpo')

describe('Tokens', () => {
  it('are issued as 43 characters of base64url, never the same', () => {
    const issued = Array.from({ length: 100 }, newToken)
    expect(new Set(issued).size).to.equal(100)
    for (const token of issued) expect(token).to.match(/^[A-Za-z0-9_-]{43}$/)
  })

  it('are recognised by their hash', () => {
    expect(hashOf('a')).to.match(/^[0-9a-f]{64}$/)
    expect(sameHash(hashOf('a'), hashOf('a'))).to.equal(true)
    expect(sameHash(hashOf('a'), hashOf('b'))).to.equal(false)
    expect(sameHash(hashOf('a'), '')).to.equal(false)
  })

  it('are read from bodies without the scheme before them', () => {
    for (const text of ['x+/=', 'Token x+/=', 'bearer x+/=']) expect(tokenOf(text, 64)).to.equal('x+/=')
    expect(tokenOf('a'.repeat(4096), 4096)).to.have.length(4096)
  })

  for (const [title, value] of [
    ['missing', undefined],
    ['empty', 'Token '],
    ['a number', 7],
    ['with a space inside', 'a b'],
    ['with a line break', 'a\nb'],
    ['not ASCII', 'tökén'],
    ['too long', 'a'.repeat(65)],
  ] as const)
    it(`are refused when ${title}, without being repeated`, () => {
      const refusal = (() => {
        try {
          return tokenOf(value, 64)
        } catch (error) {
          return error
        }
      })()
      expect(refusal).to.be.instanceOf(GatewayError)
      expect(refusal).to.include({ kind: 'invalid-message' })
      expect((refusal as GatewayError).problems[0]!.path).to.equal('token')
      expect((refusal as Error).message).not.to.match(/aaaa|tök/)
    })
})

describe('The vault', () => {
  const [old, next, other] = ['old-secret-old-secret', 'new-secret-new-secret', 'another-secret']

  it('opens what it sealed, for the same peer only', () => {
    const vault = new Vault([old])
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 300 }), (token) => {
        const sealed = vault.seal(peer, token)
        expect(vault.open(peer, sealed)).to.equal(token)
        expect(vault.open(peerId('dso'), sealed)).to.equal(undefined)
        if (token.length > 4) expect(sealed).not.to.include(token)
      }),
      { seed: 20260306, numRuns: 100 },
    )
    expect(vault.seal(peer, 'x')).not.to.equal(vault.seal(peer, 'x'))
  })

  it('opens nothing that was changed or is no seal at all', () => {
    const vault = new Vault([old])
    const sealed = vault.seal(peer, 'token')
    for (let i = 0; i < sealed.length; i++) {
      const character = sealed[i] === 'A' ? 'B' : 'A'
      const changed = sealed.slice(0, i) + character + sealed.slice(i + 1)
      // The last character of base64url may hold bits that mean nothing.
      if (i < sealed.length - 1) expect(vault.open(peer, changed), `${i}`).to.equal(undefined)
    }
    for (const text of ['', '.', `${sealed.split('.')[0]}.`, 'x.y.z'])
      expect(vault.open(peer, text)).to.equal(undefined)
  })

  it('has its key changed without losing a token', () => {
    const sealed = new Vault([old]).seal(peer, 'token')
    const both = new Vault([next, old])
    expect(both.open(peer, sealed)).to.equal('token')
    const renewed = both.renew(peer, sealed)
    expect(renewed).not.to.equal(sealed)
    expect(both.renew(peer, renewed)).to.equal(renewed)
    expect(new Vault([next]).open(peer, renewed)).to.equal('token')
    expect(new Vault([other]).open(peer, renewed)).to.equal(undefined)
    expect(new Vault([other]).renew(peer, renewed)).to.equal(renewed)
  })

  it('needs a key', () => {
    expect(() => new Vault([])).to.throw('a vault needs a key')
  })
})
