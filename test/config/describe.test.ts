/** The page of settings says all that the schema knows, and nothing that the gateway would refuse. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { writeConfigurationPage } from '../../src/cli/configuration-page.ts'
import { describeSettings } from '../../src/config/describe.ts'
import { environment, loadConfig } from '../../src/config.ts'

const root = resolve(import.meta.dirname, '../..')
const settings = describeSettings()

describe('The page of settings', () => {
  it('is what the schema says; if not, run npm run pages and read the difference', () => {
    expect(readFileSync(join(root, 'docs/configuration.md'), 'utf8')).to.equal(writeConfigurationPage())
  })

  it('has a sentence for every setting and every variable', () => {
    expect(settings).to.have.length.above(200)
    const mute = settings.filter(({ sentence }) => !/^\S.{5,}\.$/.test(sentence))
    expect(mute.map(({ path }) => path)).to.deep.equal([])
    for (const [name, { doc }] of Object.entries(environment)) expect(doc, name).to.match(/^\S.{5,}\.$/)
  })

  it('knows as a secret whatever has a file for it, and as a default what a gateway without settings has', () => {
    const byPath = new Map(settings.map((setting) => [setting.path, setting]))
    const ofFiles = ['password', 'token', 'inboundToken', 'tokenKey', 'clientSecret', 'key']
    for (const { path } of settings.filter(({ path }) => path.endsWith('File'))) {
      const secret = path.slice(0, -'File'.length)
      if (ofFiles.includes(secret.split('.').at(-1)!) && byPath.has(secret))
        expect(byPath.get(secret)!.isSecret, secret).to.equal(true)
    }
    const bare = loadConfig(() => ({ peers: {}, links: {} }), undefined, {})
    const { host, port } = bare.listen.admin
    expect(byPath.get('listen.admin')!.fallback).to.equal(`${host}:${port}`)
    expect(byPath.get('drain.total')!.fallback).to.equal(`${bare.drain.total / 1000}s`)
    expect(byPath.get('deadList.keepFor')!.fallback).to.equal(`${bare.deadList.keepFor / 86_400_000}d`)
    expect(byPath.get('bodyLimit')!.fallback).to.equal(`${bare.bodyLimit}`)
  })

  it('writes defaults so that a file may say them', () => {
    for (const { path, fallback } of settings.filter(({ path }) => /^\w+(?:\.\w+)?$/.test(path))) {
      if (fallback === undefined || /^[[{]/.test(fallback)) continue
      const value = /^(?:\d+|true|false)$/.test(fallback) ? JSON.parse(fallback) : fallback
      const [first = '', second] = path.split('.')
      const raw = { peers: {}, links: {}, [first]: second === undefined ? value : { [second]: value } }
      const others = path.startsWith('redis.') || path.startsWith('traces.')
      if (!others) expect(() => loadConfig(() => raw, undefined, {}), path).not.to.throw()
    }
  })
})
