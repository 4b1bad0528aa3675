/** What differs between honest stacks and means the same: it arrives all the same, exactly. */
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { type Cpo, startCpo } from '../peers/cpo.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { type Call, csp, envelope, mediaTypes, send, type Version } from '../support/soap.ts'

const block =
  '<block><startTime>2026-03-02T23:00:00Z</startTime><endTime>2026-03-03T00:00:00Z</endTime><capacity>173.5</capacity></block>'
const plain =
  `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>007</cableId>` +
  `<capacityUnit>kW</capacityUnit>${block}</cableCapacityForecast></updateCableCapacityForecastRequest>`
const first = { capacity: 173.5, start_time: '2026-03-02T23:00:00.000Z', end_time: '2026-03-03T00:00:00.000Z' }

type Make = (version: Version) => Call
const typed = (version: Version, more = '') => ({ 'content-type': mediaTypes[version] + more })
const withBody = (from: string, to: string): Make => {
  if (!plain.includes(from)) throw new Error(`there is no ${from} to replace`)
  return (version) => ({
    headers: typed(version),
    body: envelope(
      version,
      plain.replace(from, () => to),
    ),
  })
}
const withHeaders = (headers: Record<string, string>, more = ''): Make => {
  return (version) => ({ headers: { ...typed(version, more), ...headers }, body: envelope(version, plain) })
}
const withHeader = (block: string): Make => {
  return (version) => ({ headers: typed(version), body: envelope(version, plain, block) })
}
const bytes =
  (encode: (xml: string) => Buffer, more = ''): Make =>
  (version) => ({ headers: typed(version, more), body: encode(envelope(version, plain)) })
const deflated =
  (coding: string, deflate: (xml: string) => Buffer): Make =>
  (version) => ({
    headers: { ...typed(version), 'content-encoding': coding },
    body: deflate(envelope(version, plain)),
  })
const capacity = (text: string) => withBody('173.5', text)

const honest: Record<string, Make> = {
  'no SOAPAction': withHeaders({}),
  'a quoted SOAPAction': withHeaders({ soapaction: '"/UpdateCableCapacityForecast"' }),
  'a bare SOAPAction': withHeaders({ soapaction: '/UpdateCableCapacityForecast' }),
  'an empty SOAPAction': withHeaders({ soapaction: '""' }),
  'a SOAPAction of which only the last segment fits': withHeaders({
    soapaction: '"urn:x:Csp/UpdateCableCapacityForecast"',
  }),
  'an action parameter': withHeaders({}, '; action="/UpdateCableCapacityForecast"; charset=utf-8'),
  'a charset in capitals and quotes': withHeaders({}, ';Charset="UTF-8"'),
  'an optional header nobody knows': withHeader(
    '<x:Sec xmlns:x="urn:x" e:mustUnderstand="0"><x:a>text<x:b>text</x:b></x:a>text</x:Sec>',
  ),
  'a header for somebody else': withHeader(
    '<x:a xmlns:x="urn:x" e:mustUnderstand="1" e:actor="urn:y" e:role="urn:y"/>',
  ),
  'a media type in capitals, with blanks': (v) => ({
    headers: { 'content-type': ` ${mediaTypes[v].toUpperCase()} ; CHARSET = utf-8 ; x="a;b\\"c"` },
    body: envelope(v, plain),
  }),
  'a SOAPAction of blanks': withHeaders({ soapaction: '" "' }),
  'an action parameter without quotes': withHeaders({}, ';ACTION=/UpdateCableCapacityForecast'),
  'an empty action parameter': withHeaders({}, ';action=""'),
  'UTF-16 with its mark, whatever the charset says': bytes(
    (xml) => Buffer.from(`\ufeff${xml}`, 'utf16le'),
    '; charset=utf-8',
  ),
  'big-endian UTF-16 with its mark': bytes((xml) => Buffer.from(`\ufeff${xml}`, 'utf16le').swap16()),
  'UTF-16LE by charset': bytes((xml) => Buffer.from(xml, 'utf16le'), '; charset="UTF-16LE"'),
  'UTF-16BE by charset': bytes((xml) => Buffer.from(xml, 'utf16le').swap16(), '; charset=utf-16be'),
  'UTF-16 by charset without a mark': bytes((xml) => Buffer.from(xml, 'utf16le'), '; charset=utf-16'),
  'UTF-16 without charset and mark': bytes((xml) => Buffer.from(xml, 'utf16le').swap16()),
  'UTF-8 that declares itself UTF-16, as .NET strings do': bytes((xml) => Buffer.from(xml.replace('UTF-8', 'utf-16'))),
  'gzip in capitals': deflated('GZIP', gzipSync),
  'x-gzip': deflated('x-gzip', gzipSync),
  deflate: deflated('deflate', deflateSync),
  'deflate as the bare stream': deflated('deflate', deflateRawSync),
  'the content encoding identity': deflated('identity', (xml) => Buffer.from(xml)),
  'gzip in chunks': (v) => ({ ...deflated('gzip', gzipSync)(v), chunked: true }),
  'every name prefixed': (v) => ({
    headers: typed(v),
    body: envelope(v, plain.replace(' xmlns=', ' xmlns:p=').replace(/<(\/?)(?=[a-z])/g, '<$1p:')),
  }),
  'namespaces declared anew at every step': (v) => ({
    headers: typed(v),
    body: envelope(
      v,
      plain
        .replace('<cableId>007</cableId>', `<e:cableId xmlns:e="${csp}">007</e:cableId>`)
        .replace('<capacityUnit>', `<capacityUnit xmlns="${csp}" xmlns:unused="urn:x">`)
        .replace('<block>', `<a:block xmlns:a="${csp}" xmlns="${csp}">`)
        .replace('</block>', '</a:block>'),
    ),
  }),
  'apostrophes for quotes': (v) => ({ headers: typed(v), body: envelope(v, plain).replaceAll('"', "'") }),
  'no XML declaration': (v) => ({ headers: typed(v), body: envelope(v, plain).replace(/^<\?.*?\?>/, '') }),
  'nil where the field may be absent': withBody(
    '<capacityUnit>',
    '<forecastId xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/><capacityUnit>',
  ),
  'nil that says false': withBody(
    '<capacityUnit>',
    '<capacityUnit xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="false">',
  ),
  'xsi:type of a simple type, as PHP and Axis write it': withBody(
    '<cableId>',
    '<cableId xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://www.w3.org/2001/XMLSchema" i:type="x:string">',
  ),
  'an encodingStyle, as Axis writes it': withBody(
    '<cableCapacityForecast>',
    '<cableCapacityForecast e:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">',
  ),
  'comments around the envelope': (v) => ({
    headers: typed(v),
    body: `${envelope(v, plain).replace('?>', '?><!-- a -->')}\n<!-- b -->\n`,
  }),
  'a schema location': withBody(
    '<cableCapacityForecast>',
    '<cableCapacityForecast xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:x x.xsd">',
  ),
  'a byte order mark': (v) => ({ headers: typed(v), body: `\ufeff${envelope(v, plain)}` }),
  chunks: (v) => ({ headers: typed(v), body: envelope(v, plain), chunked: true }),
  'a comment inside a value': withBody('173.5', '17<!-- and -->3.5'),
  CDATA: withBody('007', '<![CDATA[0]]>0<![CDATA[7]]>'),
  'a comment, references and CDATA in one value': withBody('007', '<!--a-->&#x30;<![CDATA[0]]><!--b-->&#55;'),
  'character references': withBody('007', '&#48;&#x30;7'),
  'whitespace around a value': withBody('173.5', '\n  173.5\t'),
  'children in another order': withBody(
    `<capacityUnit>kW</capacityUnit>${block}`,
    `${block}<capacityUnit>kW</capacityUnit>`,
  ),
  'neutral attributes': withBody(
    '<block>',
    '<block xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="CapacityBlock">',
  ),
  'trailing zeros': capacity('173.500000000000000000'),
  'a plus sign and leading zeros': capacity('+000173.5'),
  'the end of day': withBody('2026-03-03T00:00:00Z', '2026-03-02T24:00:00Z'),
  'seven zero digits, as .NET sends them': withBody('23:00:00Z', '23:00:00.0000000Z'),
  offsets: withBody('2026-03-02T23:00:00Z', '2026-03-03T04:45:00+05:45'),
}

describe('A request that is written otherwise', () => {
  let cpo: Cpo
  let gateway: TestGateway
  before(async () => {
    cpo = await startCpo()
    const config = {
      peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } },
      links: { link: { legacy: 'dso', modern: 'cpo' } },
    }
    gateway = await startTestGateway({ config, now: () => Date.parse('2026-03-02T22:00:00Z') })
  })
  after(() => Promise.all([gateway.stop(), cpo.stop()]))

  async function delivered(call: Call): Promise<{ group_id: string; forecasted_blocks: unknown[] }> {
    const before = cpo.received.length
    const answer = await send(`${gateway.soapUrl}/oscp/1.0/dso`, call)
    expect(answer.status, answer.body).to.equal(200)
    expect(answer.body).to.include('>Accepted<')
    expect(cpo.received).to.have.length(before + 1)
    return cpo.received.at(-1)?.body as { group_id: string; forecasted_blocks: unknown[] }
  }

  for (const [title, make] of Object.entries(honest))
    it(`with ${title} arrives as the plain one does`, async () => {
      for (const version of ['1.1', '1.2'] as const) {
        const { group_id, forecasted_blocks } = await delivered(make(version))
        expect(group_id).to.equal('007')
        expect(forecasted_blocks).to.deep.equal([{ ...first, phase: 'ALL', unit: 'KW' }])
      }
    })

  const numbers = { '0': 0, '-0': 0, '12.': 12, '.5': 0.5, '0.001': 0.001, '999999999999999': 999999999999999 }
  for (const [text, number] of Object.entries({
    ...numbers,
    '0.000000000000001': 1e-15,
    '100000000000000000000': 1e20,
  }))
    it(`keeps the capacity ${text} exactly`, async () => {
      const { forecasted_blocks } = await delivered(capacity(text)('1.1'))
      expect(forecasted_blocks).to.have.nested.property('[0].capacity', number)
    })

  const encodings = {
    'iso-8859-1': (xml: string) => Buffer.from(xml, 'latin1'),
    'windows-1252': (xml: string) => Buffer.from(xml, 'latin1'),
    'utf-16le': (xml: string) => Buffer.from(xml, 'utf16le'),
    'utf-8': (xml: string) => Buffer.from(xml),
  }
  for (const [charset, encode] of Object.entries(encodings))
    it(`keeps letters beyond ASCII in ${charset}, said by the media type or by the document`, async () => {
      const xml = envelope('1.1', plain.replace('007', 'Kàbel-é'))
      const byType = { 'content-type': `text/xml; charset=${charset}` }
      // The media type is believed before the document, which says UTF-8 here.
      expect((await delivered({ headers: byType, body: encode(xml) })).group_id).to.equal('Kàbel-é')
      const declared = encode(xml.replace('UTF-8', charset))
      expect((await delivered({ headers: typed('1.1'), body: declared })).group_id).to.equal('Kàbel-é')
    })

  it('reads the euro sign of Windows-1252, and the five entities of XML', async () => {
    const headers = { 'content-type': 'text/xml; charset=Windows-1252' }
    const text = '\x80 &amp;&lt;&gt;&apos;&quot;'
    const body = Buffer.from(envelope('1.1', plain.replace('007', text)), 'latin1')
    expect((await delivered({ headers, body })).group_id).to.equal(`€ &<>'"`)
  })

  const ids = ['1.50', '1e5', '9223372036854775807', ' two  blanks ', 'a/b:{c}&<d>"é', '𝒞'.repeat(255), 'x'.repeat(255)]
  for (const id of ids)
    it(`keeps the cable id ${JSON.stringify(id.slice(0, 20))} of ${[...id].length} characters as it is`, async () => {
      const escaped = id.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
      const { group_id } = await delivered(withBody('007', escaped)('1.2'))
      expect(group_id).to.equal(id)
    })
})
