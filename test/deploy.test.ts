/** The files an image and compose start with hold what they promise, and give way to what the operator says. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { loadConfig } from '../src/config.ts'

const root = resolve(import.meta.dirname, '..')

describe('The files of a deployment', () => {
  for (const name of ['default.yaml', 'gateway.yaml'])
    it(`keep state in Redis and listen where the image exposes it: ${name}`, () => {
      const { redis, listen } = loadConfig(undefined, join(root, 'deploy', name), {})
      expect(redis?.url).to.equal('redis://redis:6379')
      expect(listen).to.deep.include({
        soap: { host: '0.0.0.0', port: 8080 },
        rest: { host: '0.0.0.0', port: 8081 },
        admin: { host: '127.0.0.1', port: 8082 },
      })
    })

  it('give way to a variable that names a file', () => {
    const secret = join(mkdtempSync(join(tmpdir(), 'deploy-')), 'redis')
    writeFileSync(secret, 'redis://:secret@elsewhere:6379\n')
    const image = { OSCP_GW_CONFIG: join(root, 'deploy/default.yaml') }
    expect(loadConfig(undefined, undefined, { ...image, OSCP_GW_REDIS_URL_FILE: secret }).redis?.url).to.equal(
      'redis://:secret@elsewhere:6379',
    )
  })

  it('are the only place of settings: the image sets no variable that would beat a mounted file', () => {
    const set = readFileSync(join(root, 'Dockerfile'), 'utf8').match(/OSCP_GW_\w+(?==)/g)
    expect(set).to.deep.equal(['OSCP_GW_CONFIG'])
  })
})
