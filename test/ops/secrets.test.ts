/** The search for secrets in what gateways write finds them: a search that finds nothing proves something only then. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/ops/log.ts'
import { cable, closeScenes, openScene, span } from '../support/scene.ts'
import { findLeaks, knownSecrets, secretsOf } from '../support/secrets.ts'

const hidden = `Stroom & "net" <17>`

describe('Secrets', () => {
  afterEach(closeScenes)

  const forms: Record<string, string> = {
    'as they are': `x ${hidden} y`,
    'in JSON': JSON.stringify({ a: hidden }),
    'in XML': '<a>Stroom &amp; "net" &lt;17&gt;</a>',
    'in an XML attribute': '<a b="Stroom &amp; &quot;net&quot; &lt;17&gt;"/>',
    'in a URL': `redis://:${encodeURIComponent(hidden)}@host`,
    'in base64': Buffer.from(hidden).toString('base64'),
  }
  for (const [title, text] of Object.entries(forms))
    it(`are found ${title}`, () => {
      const leaks = findLeaks(Buffer.from(`one line\n${text}\nand another`), [hidden, 'another-secret'])
      expect(leaks).to.have.length(1)
      expect(leaks[0]).to.include({ secret: hidden, line: text })
      expect(findLeaks(Buffer.from(text), ['another-secret'])).to.deep.equal([])
    })

  it('of a configuration are all that its schema marks, wherever they stand', () => {
    const raw = {
      tokenKey: 'secret: the key of tokens',
      redis: { url: 'redis://user:secret%20of%20redis@127.0.0.1:6379' },
      peers: {
        dso: {
          role: 'dso',
          security: { in: { basic: { users: [{ username: 'u', password: 'secret: of a user' }] } } },
        },
        fp: {
          role: 'fp',
          url: 'https://fp.example',
          inboundToken: 'secret-of-the-fp',
          profile: {
            authOut: { tokenUrl: 'https://auth.example', clientId: 'we', clientSecret: 'secret: of the client' },
          },
        },
      },
      links: {},
    }
    expect(secretsOf(loadConfig(() => raw, undefined, {})).sort()).to.deep.equal([
      'secret of redis',
      'secret-of-the-fp',
      'secret: of a user',
      'secret: of the client',
      'secret: the key of tokens',
    ])
  })

  it('are noticed where they authorise a request, in either direction', async () => {
    const { cpo, dso } = await openScene('memory')
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))])
    expect(knownSecrets()).to.include(cpo.token)
    await fetch(cpo.url, { headers: { authorization: `Basic ${Buffer.from('grid:a pass:word').toString('base64')}` } })
    expect(knownSecrets()).to.include('a pass:word')
  })

  it('would be found in the log of every gateway of a test, for none writes where nobody looks', () => {
    const folder = resolve(import.meta.dirname, '..')
    const opening = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && readFileSync(join(folder, name), 'utf8').includes(`${createLog.name}(`))
      .sort()
    // Two are processes of their own, whose outputs are followed.
    expect(opening).to.deep.equal(['attacks/gateway-process.ts', 'soak/replica.ts', 'support/log.ts'])
  })
})
