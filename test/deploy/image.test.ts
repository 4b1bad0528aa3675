/** The Dockerfile and the file its image starts with hold what they promise, and give way to what the operator says. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadConfig } from '../../src/config.ts'
import { dockerfile, root } from './files.ts'

describe('The image', () => {
  it('keeps state in Redis and listens where it exposes ports', () => {
    const { redis, listen } = loadConfig(undefined, join(root, 'deploy/default.yaml'), {})
    expect(redis?.url).to.equal('redis://redis:6379')
    expect(listen.admin).to.deep.equal({ host: '127.0.0.1', port: 8082 })
    const reachable = [listen.soap, listen.rest]
    expect(reachable.map(({ host }) => host)).to.deep.equal(['0.0.0.0', '0.0.0.0'])
    expect(dockerfile.exposed).to.deep.equal(reachable.map(({ port }) => port))
  })

  it('lets a variable that names a file override its settings', () => {
    const secret = join(mkdtempSync(join(tmpdir(), 'deploy-')), 'redis')
    writeFileSync(secret, 'redis://:secret@elsewhere:6379\n')
    const image = { OSCP_GW_CONFIG: join(root, 'deploy/default.yaml') }
    expect(loadConfig(undefined, undefined, { ...image, OSCP_GW_REDIS_URL_FILE: secret }).redis?.url).to.equal(
      'redis://:secret@elsewhere:6379',
    )
  })

  it('has its settings in that file only: it sets no variable that would beat a mounted one', () => {
    expect(dockerfile.text.match(/OSCP_GW_\w+(?==)/g)).to.deep.equal(['OSCP_GW_CONFIG'])
  })

  it('is built on one base, pinned by digest, that an argument replaces', () => {
    expect(dockerfile.text).to.match(/^ARG NODE_IMAGE=node:\d+-[a-z]+-slim@sha256:[0-9a-f]{64}$/m)
    const bases = [...dockerfile.text.matchAll(/^FROM (\S+)(?: AS (\w+))?$/gm)]
    const stages = bases.map(([, , name]) => name)
    for (const [, from] of bases) expect(['$' + '{NODE_IMAGE}', ...stages]).to.include(from)
    expect(stages).to.include('peers')
    expect(stages.at(-1), 'what is built without a target').to.equal('gateway')
  })

  it('runs as a number, without a shell, and names files in its commands that the build makes', () => {
    expect(dockerfile.text).to.match(/^USER 1000:1000$/m)
    const commands = [...dockerfile.text.matchAll(/^(?:ENTRYPOINT|.* CMD|CMD) (.+)$/gm)].map(([, form]) => form!)
    expect(commands).to.have.length(3)
    for (const form of commands)
      for (const word of JSON.parse(form) as string[])
        if (word.startsWith('dist/'))
          expect(existsSync(join(root, word.replace(/^dist\/(.*)\.js$/, '$1.ts'))), word).to.equal(true)
  })

  it('is copied together from what exists, with nothing of the deployment but its own file', () => {
    const copied = [...dockerfile.text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
      names!.split(' '),
    )
    expect(copied).to.include.members(['package-lock.json', 'wsdl', 'deploy/default.yaml'])
    for (const name of copied) expect(existsSync(join(root, name)), name).to.equal(true)
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
    expect(ignored).to.include.members(['deploy/*', '!deploy/default.yaml', 'test/*', '!test/peers', '.git'])
  })
})
