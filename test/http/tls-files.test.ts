/** Certificates in files: what is used, what is not, and the ways in which they are replaced. */
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  readTlsFiles,
  TlsFilesError,
  type TlsMaterial,
  type TlsSource,
  watchTlsFiles,
} from '../../src/http/tls-files.ts'
import { type Authority, authority, type Issued, testFolder } from '../support/certificates.ts'
import { eventually } from '../support/gateway.ts'

describe('Files of certificates', () => {
  let own: Authority
  let [first, second]: Issued[] = []
  let folder: string
  let source: TlsSource | undefined
  let changes: TlsMaterial[]
  let problems: TlsFilesError[]
  before(() => {
    own = authority()
    ;[first, second] = [own.issue(), own.issue({ days: 2 })]
  })
  beforeEach(() => {
    folder = testFolder()
    ;[changes, problems] = [[], []]
  })
  afterEach(() => source?.stop())

  const at = (name: string) => join(folder, name)
  const files = () => ({ certFile: at('tls.crt'), keyFile: at('tls.key') })
  function write(issued: Issued | undefined, into = folder): void {
    writeFileSync(join(into, 'tls.crt'), issued!.cert)
    writeFileSync(join(into, 'tls.key'), issued!.key)
  }
  function watch(): TlsSource {
    const onChange = (material: TlsMaterial) => void changes.push(material)
    source = watchTlsFiles(files(), { onChange, onProblem: (error) => void problems.push(error), every: 10 })
    return source
  }
  const taken = (issued: Issued | undefined) =>
    eventually('the new certificate', () => source!.current.cert === issued!.cert && changes.length === 1)

  it('say when the first certificate in them ends', () => {
    writeFileSync(at('chain.pem'), first!.cert + second!.cert)
    const { expiresAt } = readTlsFiles({ certFile: at('chain.pem'), keyFile: first!.keyFile })
    expect(expiresAt! - Date.now()).to.be.within(47 * 3600_000, 48 * 3600_000)
  })

  const bad: [string, () => void, keyof ReturnType<typeof files>, RegExp][] = [
    ['that is not there', () => rmSync(at('tls.crt')), 'certFile', /cannot be read/],
    ['that holds no certificate', () => writeFileSync(at('tls.crt'), 'x'), 'certFile', /without a PEM certificate/],
    [
      'that holds half a certificate',
      () => writeFileSync(at('tls.crt'), first!.cert.replace(/\n[^\n]{20}/, '\n')),
      'certFile',
      /cannot be read/,
    ],
    ['that holds no key', () => writeFileSync(at('tls.key'), first!.cert), 'keyFile', /without a PEM key/],
    ['that holds another key', () => writeFileSync(at('tls.key'), second!.key), 'keyFile', /is not the key/],
  ]
  for (const [title, spoil, file, sentence] of bad)
    it(`are not used when there is one ${title}, which is said without what is in it`, () => {
      write(first)
      spoil()
      const error = expect(() => readTlsFiles(files())).to.throw(TlsFilesError)
      error.with.property('file', file)
      error.with.property('message').that.matches(sentence)
      error.with.property('message').that.does.not.include(folder)
    })

  it('are read again when they are written over', async () => {
    write(first)
    watch()
    write(second)
    await taken(second)
    expect(problems).to.deep.equal([])
  })

  it('are read again when others are renamed over them', async () => {
    write(first)
    watch()
    mkdirSync(at('new'))
    write(second, at('new'))
    for (const name of ['tls.crt', 'tls.key']) renameSync(join(at('new'), name), at(name))
    await taken(second)
    expect(problems).to.deep.equal([])
  })

  it('are read again when the link that leads to them is swapped, as Kubernetes does', async () => {
    for (const [version, issued] of [
      ['..1', first],
      ['..2', second],
    ] as const) {
      mkdirSync(at(version))
      write(issued, at(version))
    }
    symlinkSync('..1', at('..data'))
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), at(name))
    watch()
    symlinkSync('..2', at('..data_tmp'))
    renameSync(at('..data_tmp'), at('..data'))
    await taken(second)
    expect(problems).to.deep.equal([])
  })

  it('stay in use when what replaces them cannot be used, which is reported once, until it can', async () => {
    write(first)
    watch()
    writeFileSync(at('tls.crt'), second!.cert)
    await eventually('the problem', () => problems.length > 0)
    expect(source!.current.cert).to.equal(first!.cert)
    writeFileSync(at('tls.key'), second!.key)
    await taken(second)
    expect(problems).to.have.length(1)
  })

  it('change nothing when only their times have changed', () => {
    write(first)
    const { current } = watch()
    utimesSync(at('tls.crt'), new Date(), new Date(0))
    source!.reload()
    expect(source!.current).to.equal(current)
    expect(changes).to.deep.equal([])
  })

  it('are read at once when somebody asks for it', () => {
    write(first)
    watch()
    write(second)
    source!.reload()
    expect(source!.current.cert).to.equal(second!.cert)
    expect(changes).to.have.length(1)
  })
})
