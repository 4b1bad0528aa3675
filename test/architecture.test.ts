/** Holds the tree to its own rules by reading its import lines and its lock file. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect } from 'chai'

const root = resolve(import.meta.dirname, '..')

interface Import {
  readonly file: string
  readonly target: string
  readonly typeOnly: boolean
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(
    /(?:^|\n)(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/g,
  )
  return [...found].map(([, type, from, dynamic]) => {
    const name = (from ?? dynamic)!
    const target = name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name
    return { file, target, typeOnly: type !== undefined }
  })
}

const all = sources('src').flatMap(importsOf)

function roomOf(path: string): string {
  const [, room] = /^src\/([^/]+)/.exec(path) ?? []
  return room?.replace(/\.ts$/, '') ?? ''
}

/** Each room and the rooms it may import, following the one direction of the house. */
const allowed: Record<string, readonly string[]> = {
  errors: ['errors'],
  xml: ['xml', 'errors'],
  charset: ['errors'],
  bytes: [],
  contract: ['contract', 'xml', 'charset', 'errors', 'mapping'],
  mapping: ['mapping', 'contract', 'xml', 'bytes', 'errors'],
  exchange: ['exchange', 'mapping', 'contract', 'errors'],
  session: ['session', 'exchange', 'mapping', 'contract', 'errors'],
  http: ['http', 'errors'],
  soap: ['soap', 'exchange', 'http', 'contract', 'mapping', 'xml', 'charset', 'bytes', 'errors'],
  rest: ['rest', 'exchange', 'session', 'http', 'contract', 'mapping', 'bytes', 'errors'],
  state: ['state', 'exchange', 'errors'],
  ops: ['ops', 'exchange', 'http', 'mapping', 'errors'],
  config: ['config', 'contract', 'mapping', 'errors'],
  app: [
    'app',
    'config',
    'contract',
    'mapping',
    'exchange',
    'session',
    'http',
    'soap',
    'rest',
    'ops',
    'state',
    'errors',
  ],
  /** `translate` reads and writes envelopes as the SOAP face does; the tool and the wire must not differ. */
  cli: [
    'cli',
    'app',
    'config',
    'http',
    'soap',
    'ops',
    'contract',
    'mapping',
    'exchange',
    'session',
    'xml',
    'charset',
    'errors',
  ],
}

/** Third-party libraries and the one place that may import each. */
const fences: Record<string, RegExp> = {
  ioredis: /^src\/state\/redis\//,
  undici: /^src\/http\/(?:outbound|one-answer)\.ts$/,
  pino: /^src\/ops\/log\.ts$/,
  '@opentelemetry/api': /^src\/ops\/trace(?:-[a-z]+)?\.ts$/,
  '@opentelemetry/core': /^src\/ops\/trace(?:-[a-z]+)?\.ts$/,
  '@opentelemetry/resources': /^src\/ops\/trace\.ts$/,
  '@opentelemetry/sdk-trace': /^src\/ops\/trace(?:-[a-z]+)?\.ts$/,
  'prom-client': /^src\/ops\/metrics(?:-[a-z]+)?\.ts$/,
  'lru-cache': /^src\/state\/redis\//,
  'p-limit': /^src\/exchange\//,
  koa: /^src\/(soap|rest|ops)\//,
  '@koa/router': /^src\/(soap|rest|ops)\//,
  zod: /^src\/(config\.ts|config\/[a-z]+\.ts|contract\/[a-z]+\.ts|cli\/translate-settings\.ts|mapping\/mounted\/\w+\.ts|mapping\/define\.ts)$/,
  yaml: /^src\/(config\/yaml|mapping\/mounted\/document)\.ts$/,
  commander: /^src\/cli\/commands\.ts$/,
  'temporal-polyfill': /^src\/mapping\/codecs\/instant\.ts$/,
  'big.js': /^src\/mapping\/shapers\//,
  'fast-xml-parser': /^src\/cli\//,
  'fastest-levenshtein': /^src\/(config|config\/checks|mapping\/draft\/similar)\.ts$/,
  'xml-crypto': /^src\/soap\/security\/(xml-signature|indexed)\.ts$/,
  'ipaddr.js': /^src\/http\/addresses\.ts$/,
}

describe('The house', () => {
  it('has imports that run one way between its rooms', () => {
    const wrong = all
      .filter(({ target }) => target.startsWith('src/'))
      .filter(({ file, target }) => !allowed[roomOf(file)]?.includes(roomOf(target)))
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).to.deep.equal([])
  })

  it('knows every room it has', () => {
    expect([...new Set(sources('src').map(roomOf))].sort()).to.deep.equal(Object.keys(allowed).sort())
  })

  it('imports each library in its own place only, and none that is not fenced', () => {
    const wrong = all
      .filter(({ target }) => !target.startsWith('src/') && !target.startsWith('test/') && !target.startsWith('node:'))
      .filter(({ target }) => target !== '#mapping' && target !== '#start')
      .filter(({ file, target }) => !fences[target]?.test(file))
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).to.deep.equal([])
  })

  it('imports the simulated peers only where the demo loads them when they are there', () => {
    const wrong = all.filter(({ file, target }) => target.startsWith('test/') && !file.startsWith('src/cli/'))
    expect(wrong).to.deep.equal([])
  })

  it('lets mapping modules import only the vocabulary, zod and each other', () => {
    const wrong = sources('mappings')
      .flatMap(importsOf)
      .filter(({ target }) => !target.startsWith('mappings/') && target !== '#mapping' && target !== 'zod')
    expect(wrong).to.deep.equal([])
  })

  it('reads process.env in one file', () => {
    const readers = sources('src').filter((file) => readFileSync(join(root, file), 'utf8').includes('process.env'))
    expect(readers).to.deep.equal(['src/config.ts'])
  })

  it('keeps its independent peers independent of its own code', () => {
    const wrong = sources('test/peers')
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap(importsOf)
      .filter(({ target }) => target.startsWith('src/') || target.startsWith('mappings/') || target === '#mapping')
    expect(wrong).to.deep.equal([])
  })

  it('has no file over 300 lines, and says in its first line what each file is for', () => {
    for (const file of sources('src')) {
      const lines = readFileSync(join(root, file), 'utf8').split('\n')
      expect(lines.length, file).to.be.at.most(300)
      expect(lines[0] === '#!/usr/bin/env node' ? lines[1] : lines[0], file).to.match(/^\/\*\*/)
    }
  })

  it('needs no newer Node than it promises, and names no registry in its lock file', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
    const packages = (JSON.parse(lock) as { packages: Record<string, { engines?: { node?: string }; dev?: boolean }> })
      .packages
    const tooNew = Object.entries(packages).filter(([, { engines }]) => {
      const alternatives = (engines?.node ?? '*').split('||').map((range) => Number(/\d+/.exec(range)?.[0] ?? 0))
      return Math.min(...alternatives) > 20
    })
    expect(tooNew.map(([name]) => name)).to.deep.equal([])
    expect(lock).not.to.include('"resolved"')
  })
})
