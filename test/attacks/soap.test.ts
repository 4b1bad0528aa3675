/** Hostile envelopes against a running gateway with a body limit of 16 MiB: the right fault, and the others are served meanwhile. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, createDeflate, createGzip } from 'node:zlib'
import { expect } from 'chai'
import { csp, envelope, faultOf, mediaTypes, send, type Version } from '../support/soap.ts'
import { type Attacked, expectNothingInternal, openAttacked } from './attacked.ts'

const block = (inside: string, attributes = '') =>
  `<block${attributes}><startTime>2026-03-03T06:00:00Z</startTime><endTime>2026-03-03T06:15:00Z</endTime>${inside}</block>`
const second = (i: number) => new Date(Date.parse('2026-03-03T06:00:00Z') + 1000 * i).toISOString()
const seconds = (i: number) =>
  `<block><startTime>${second(i)}</startTime><endTime>${second(i + 1)}</endTime><capacity>1</capacity></block>`
const forecast = (blocks: string, cableId = 'C') =>
  `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>${cableId}</cableId>` +
  `<capacityUnit>kW</capacityUnit>${blocks}</cableCapacityForecast></updateCableCapacityForecastRequest>`
const capacity = '<capacity>1</capacity>'
/** The document with a document type declaration, and a reference to what it declares as the cable's id. */
const declaring = (version: Version, declarations: string, reference = '&e;') =>
  envelope(version, forecast(block(capacity), reference)).replace('?>', `?><!DOCTYPE x [${declarations}]>`)
const laughs = ['<!ENTITY l0 "ha">', ...Array.from({ length: 30 }, (_, i) => `<!ENTITY l${i + 1} "&l${i};&l${i};">`)]
const times = (count: number, make: (i: number) => string) => Array.from({ length: count }, (_, i) => make(i)).join('')

interface Attack {
  readonly title: string
  readonly document: (version: Version, canary: string) => string
  readonly kind: string
  readonly field?: string
}
const inBlock = (title: string, inside: string, field: string): Attack => ({
  title,
  document: (version) => envelope(version, forecast(block(inside))),
  kind: 'invalid-message',
  field: `cableCapacityForecast[0].block[0]${field}`,
})
const attacks: readonly Attack[] = [
  { title: 'a billion laughs', document: (v) => declaring(v, laughs.join(''), '&l30;'), kind: 'malformed-message' },
  {
    title: 'quadratic laughs',
    document: (v) => declaring(v, `<!ENTITY e "${'ha'.repeat(50_000)}">`, '&e;'.repeat(50_000)),
    kind: 'malformed-message',
  },
  {
    title: 'an external entity that is a file',
    document: (v) => declaring(v, '<!ENTITY e SYSTEM "file:///etc/passwd">'),
    kind: 'malformed-message',
  },
  {
    title: 'an external entity that is a URL',
    document: (v, canary) => declaring(v, `<!ENTITY e SYSTEM "${canary}">`),
    kind: 'malformed-message',
  },
  {
    title: 'parameter entities',
    document: (v, canary) => declaring(v, `<!ENTITY % p SYSTEM "${canary}"> %p; <!ENTITY % q "<!ENTITY e 'x'>"> %q;`),
    kind: 'malformed-message',
  },
  {
    title: 'an external subset',
    document: (v, canary) => envelope(v, forecast('')).replace('?>', `?><!DOCTYPE x SYSTEM "${canary}">`),
    kind: 'malformed-message',
  },
  {
    title: '100,000 nested elements',
    document: (v) => envelope(v, forecast(block('<n>'.repeat(100_000) + '</n>'.repeat(100_000)))),
    kind: 'malformed-message',
  },
  {
    title: 'elements that never end',
    document: (v) => envelope(v, forecast(block('<n>'.repeat(1_000_000)))),
    kind: 'malformed-message',
  },
  {
    title: '100,000 attributes',
    document: (v) =>
      envelope(
        v,
        forecast(
          block(
            capacity,
            times(100_000, (i) => ` a${i}=""`),
          ),
        ),
      ),
    kind: 'malformed-message',
  },
  {
    title: '100,000 namespaces',
    document: (v) =>
      envelope(
        v,
        forecast(
          block(
            capacity,
            times(100_000, (i) => ` xmlns:a${i}="urn:${i}"`),
          ),
        ),
      ),
    kind: 'malformed-message',
  },
  {
    title: '100,000 names',
    document: (v) =>
      envelope(v, forecast(block(capacity)), `<x:x xmlns:x="urn:x">${times(100_000, (i) => `<n${i}/>`)}</x:x>`),
    kind: 'malformed-message',
  },
  {
    title: 'an attribute twice',
    document: (v) => envelope(v, forecast(block(capacity, ' a="1" a="2"'))),
    kind: 'malformed-message',
  },
  {
    title: 'an attribute twice, under two prefixes',
    document: (v) => envelope(v, forecast(block(capacity, ' xmlns:p="urn:x" xmlns:q="urn:x" p:a="1" q:a="2"'))),
    kind: 'malformed-message',
  },
  {
    title: 'an attribute of 10 MB',
    document: (v) => envelope(v, forecast(block(capacity, ` a="${'x'.repeat(10_000_000)}"`))),
    kind: 'invalid-message',
    field: 'cableCapacityForecast[0].block[0]@a',
  },
  {
    title: 'a text of 10 MB',
    document: (v) => envelope(v, forecast(block(capacity), 'x'.repeat(10_000_000))),
    kind: 'invalid-message',
    field: 'cableCapacityForecast[0].cableId',
  },
  {
    title: 'a number of a million digits',
    document: (v) => envelope(v, forecast(block(`<capacity>${'9'.repeat(1_000_000)}</capacity>`))),
    kind: 'untranslatable',
    field: 'cableCapacityForecast[0].block[0].capacity',
  },
  {
    title: '60,000 blocks',
    document: (v) => envelope(v, forecast(times(60_000, seconds))),
    kind: 'message-too-large',
  },
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((name) =>
    inBlock(`an element called ${name}`, `<${name}><admin>true</admin></${name}>${capacity}`, `.${name}`),
  ),
]

describe('An attack on the SOAP face', function () {
  this.timeout(60_000)
  let attacked: Attacked
  let canary: Server
  let called: number
  before(async () => {
    canary = createServer((_, response) => {
      called++
      response.end('x')
    }).listen(0, '127.0.0.1')
    await once(canary, 'listening')
    attacked = await openAttacked()
  })
  after(async () => {
    await attacked.stop()
    canary.close()
  })
  beforeEach(() => {
    called = 0
  })

  attacks.forEach(({ title, document, kind, field }, i) => {
    // Both versions share the parser, so each takes its half.
    const version: Version = i % 2 === 0 ? '1.1' : '1.2'
    it(`with ${title} ends as ${kind}, in SOAP ${version}`, async () => {
      const body = document(version, `http://127.0.0.1:${(canary.address() as AddressInfo).port}/`)
      const answer = await attacked.survives(title, () =>
        send(`${attacked.soapUrl}/oscp/1.0/dso`, { headers: { 'content-type': mediaTypes[version] }, body }),
      )
      expectNothingInternal(answer.body)
      const fault = faultOf(answer.body, version)
      expect(fault.kind, answer.body).to.equal(kind)
      expect([...new Set(fault.fields.map(({ path }) => path))]).to.deep.equal(field === undefined ? [] : [field])
      expect(called, 'calls of what an entity names').to.equal(0)
    })
  })

  for (const coding of ['gzip', 'deflate'])
    it(`with a gigabyte as a megabyte of ${coding} ends as message-too-large`, async () => {
      const bomb = await gigabyte(coding === 'gzip' ? createGzip(best) : createDeflate(best))
      expect(bomb.length).to.be.below(1_200_000)
      const headers = { 'content-type': mediaTypes['1.1'], 'content-encoding': coding }
      const answer = await attacked.survives(`a gigabyte in ${coding}`, () =>
        send(`${attacked.soapUrl}/oscp/1.0/dso`, { headers, body: bomb }),
      )
      expect(answer.status).to.equal(413)
      expect(faultOf(answer.body, '1.1').kind).to.equal('message-too-large')
    })
})

const best = { level: constants.Z_BEST_COMPRESSION }

/** An envelope that goes on for a gigabyte, compressed as it is made. */
async function gigabyte(into: ReturnType<typeof createGzip | typeof createDeflate>): Promise<Buffer> {
  const chunks: Buffer[] = []
  into.on('data', (chunk: Buffer) => chunks.push(chunk))
  into.write(envelope('1.1', forecast('')).replace(/<cableId>.*$/, '<cableId>'))
  const part = Buffer.alloc(1_048_576, 'x')
  for (let i = 0; i < 1024; i++) if (!into.write(part)) await once(into, 'drain')
  into.end()
  await once(into, 'end')
  return Buffer.concat(chunks)
}
