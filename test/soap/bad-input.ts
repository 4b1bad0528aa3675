/**
 * Everything a careless or hostile caller may send, as data: how the request is spoilt, and which fault must come back.
 * Every value that is a secret here holds one of `marks`, so that a test can see whether an answer, or the log,
 * repeats it.
 */
import { deflateSync, gzipSync } from 'node:zlib'
import { type Call, csp, envelope, heartbeat, mediaTypes, soapUri, type Version } from '../support/soap.ts'

/** What must not come back: text, digits and times of the values below. */
export const marks = /S3CR3T|7391|07:3/
/** What must not come back either, but may be logged: a name in a document that is not XML. */
export const markedName = /N4ME/

interface Expected {
  readonly status: Readonly<Record<Version, number>>
  readonly code: Readonly<Record<Version, string>>
  /** Without prefix; in SOAP 1.2 also the fault's subcode, unless the code takes none. */
  readonly subcode: string
  readonly kind: string
}

export interface BadInput {
  readonly title: string
  readonly only?: Version
  readonly call: (version: Version) => Call & { readonly path?: string }
  readonly fault: Expected
  /** Path of the field that is wrong. */
  readonly field?: string | undefined
  /** Headers that the answer must have. */
  readonly headers?: Readonly<Record<string, string>>
}

const fault = (kind: string, in11: number, in12: number, role = 'Sender', subcode = 'ProtocolError'): Expected => ({
  status: { '1.1': in11, '1.2': in12 },
  code: { '1.1': `soap:${{ Sender: 'Client', Receiver: 'Server' }[role] ?? role}`, '1.2': `soap:${role}` },
  subcode,
  kind,
})
const malformed = fault('malformed-message', 500, 400)
const invalid = fault('invalid-message', 500, 400)
const untranslatable = fault('untranslatable', 500, 400)
const mismatch = fault('action-mismatch', 500, 400)
const otherVersion = fault('version-mismatch', 500, 500, 'VersionMismatch')
const notUnderstood = fault('header-not-understood', 500, 500, 'MustUnderstand')
const noOperation = fault('operation-unknown', 500, 500, 'Receiver', 'NotSupported')
const noPeer = fault('peer-unknown', 404, 404, 'Sender', 'UrlMismatch')
const notAllowed = fault('method-not-allowed', 405, 405)
const tooLarge = fault('message-too-large', 413, 413)
const unsupported = fault('media-type-unsupported', 415, 415)

const block = (start: string, end: string) =>
  `<block><startTime>${start}</startTime><endTime>${end}</endTime><capacity>173.917</capacity></block>`
const first = block('2026-03-03T06:00:00Z', '2026-03-03T06:15:00Z')
const last = block('2026-03-03T07:39:00Z', '2026-03-03T07:54:00Z')
const unit = '<forecastId>S3CR3T-F</forecastId><capacityUnit>kW</capacityUnit>'

/** A request without fault; what follows spoils its second cable or, mostly, the last block of that. */
const good =
  `<updateCableCapacityForecastRequest xmlns="${csp}">` +
  `<cableCapacityForecast><cableId>S3CR3T-1</cableId><capacityUnit>kW</capacityUnit>${first}</cableCapacityForecast>` +
  `<cableCapacityForecast><cableId>S3CR3T-2</cableId>${unit}${first}${last}</cableCapacityForecast>` +
  '</updateCableCapacityForecastRequest>'
const cable = 'cableCapacityForecast[1]'
export const unspoilt = (version: Version) => goodCall(version)

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`there is no ${from} to replace`)
  return text.replace(from, () => to)
}

const typed = (version: Version, more = 'charset=utf-8') => ({ 'content-type': `${mediaTypes[version]}; ${more}` })
function goodCall(
  version: Version,
  headers: Record<string, string> = typed(version),
  change = (xml: string) => xml,
): Call {
  return { headers, body: change(envelope(version, good)) }
}
const soap = (title: string, make: (v: Version) => string | Buffer, expected: Expected, field?: string): BadInput => ({
  title,
  call: (version) => ({ headers: typed(version), body: make(version) }),
  fault: expected,
  field,
})

/** The whole document, changed. */
const document = (
  title: string,
  change: (xml: string) => string | Buffer,
  expected = malformed,
  headers: (version: Version) => Record<string, string> = typed,
): BadInput => ({
  title,
  call: (version) => ({ headers: headers(version), body: change(envelope(version, good)) }),
  fault: expected,
})
const header = (title: string, block: string, expected: Expected, field?: string) =>
  soap(title, (version) => envelope(version, good, block), expected, field)
/** The second cable, with something replaced. */
const inCable = (title: string, from: string, to: string, field: string) =>
  soap(title, (version) => envelope(version, replaced(good, from, to)), invalid, cable + field)
/** The last block, with something replaced. */
const inBlock = (title: string, from: string, to: string, field: string) =>
  inCable(title, last, replaced(last, from, to), `.block[1]${field}`)
/** The last block, with another value. */
const value = (title: string, name: 'startTime' | 'endTime' | 'capacity', text: string, expected = invalid) => ({
  ...inBlock(title, new RegExp(`<${name}>[^<]*`).exec(last)![0], `<${name}>${text}`, `.${name}`),
  fault: expected,
})
const http = (title: string, call: BadInput['call'], expected: Expected, more: Partial<BadInput> = {}): BadInput => ({
  title,
  call,
  fault: expected,
  ...more,
})

const encoded = (version: Version, coding: string, body: string | Buffer): Call => ({
  headers: { ...typed(version), 'content-encoding': coding },
  body,
})
const latin1 = (version: Version, headers: Record<string, string>, character = 'é'): Call => ({
  headers,
  body: Buffer.from(envelope(version, replaced(good, 'S3CR3T-2', `S3CR3T${character}`)), 'latin1'),
})
const wsa = 'http://www.w3.org/2005/08/addressing'

const doctype = (xml: string, inner: string) => replaced(xml, '?>', `?><!DOCTYPE x [${inner}]>`)
const laughs = `<!ENTITY l0 "S3CR3T">${Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')}`

const attributes = Array.from({ length: 100_000 }, (_, i) => ` a${i}=""`).join('')
const nested = `${'<n>'.repeat(100_000)}${'</n>'.repeat(100_000)}`
const fiveMegabytes = envelope('1.1', good).replace(last, last.repeat(45_000))
const wideAttribute = envelope('1.1', good).replace('<block>', `<block a="${'7391'.repeat(2_500_000)}">`)
const wide = (xml: string) =>
  xml.replace(last, last.replace('<capacity>', `<capacity unit="${'7391'.repeat(250_000)}">`))
const nil = '<capacity xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/>'
const fullNil = '<forecastId xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true">S3CR3T</forecastId>'
const allow = { headers: { allow: 'POST, GET' } }
const envelopeUri = /http:[^"]*envelope\/?/

export const badInputs: readonly BadInput[] = [
  document('malformed XML', (xml) => replaced(xml, '</capacityUnit>', '</capacityunit>')),
  document('truncated XML', (xml) => xml.slice(0, -20)),
  document('no document at all', () => ''),
  document('text that is no XML', () => 'S3CR3T'),
  document('two roots', (xml) => `${xml}<S3CR3T/>`),
  document('a DOCTYPE', (xml) => replaced(xml, '?>', '?><!DOCTYPE x [<!ENTITY e "S3CR3T">]>')),
  document('XML 1.1', (xml) => replaced(xml, 'version="1.0"', 'version="1.1"').replace('S3CR3T-2', 'S3CR3T&#1;')),
  document('a billion laughs', (xml) => doctype(xml, laughs)),
  document('an external entity', (xml) => doctype(xml, '<!ENTITY e SYSTEM "file:///etc/S3CR3T">')),
  document('a parameter entity', (xml) => doctype(xml, '<!ENTITY % e SYSTEM "http://127.0.0.1:9/S3CR3T"> %e;')),
  document('a DOCTYPE within', (xml) => replaced(xml, '<block>', '<!DOCTYPE S3CR3T><block>')),
  document('an entity that is not declared', (xml) => replaced(xml, 'S3CR3T-2', '&S3CR3T;')),
  document('a processing instruction', (xml) => replaced(xml, '?>', '?><?S3CR3T href="S3CR3T"?>')),
  document('bytes that are not UTF-8', (xml) => Buffer.from(replaced(xml, 'S3CR3T-2', 'S3CR3T-\xc3('), 'latin1')),
  document('UTF-16 that breaks off within a character', (xml) =>
    Buffer.from(`\ufeff${xml}`, 'utf16le').subarray(0, -1),
  ),
  document('100,000 nested elements', (xml) => replaced(xml, '</capacity></block>', `${nested}</capacity></block>`)),
  document('100,000 attributes', (xml) => replaced(xml, '<block>', `<block${attributes}>`)),
  document('an attribute twice', (xml) => replaced(xml, '<block>', '<block N4ME="S3CR3T" N4ME="S3CR3T">')),
  document('an attribute twice, by two prefixes', (xml) =>
    replaced(xml, '<block>', '<block xmlns:a="urn:x" xmlns:b="urn:x" a:N4ME="S3CR3T" b:N4ME="S3CR3T">'),
  ),
  document('a character that XML has not', (xml) => replaced(xml, 'S3CR3T-2', 'S3CR3T\u0001')),
  document('a reference to a character that XML has not', (xml) => replaced(xml, 'S3CR3T-2', 'S3CR3T&#0;')),
  document('a reference to half a character', (xml) => replaced(xml, 'S3CR3T-2', 'S3CR3T&#xD800;')),
  document('an XML declaration that is not at the start', (xml) => `\n${xml}`),
  document('a Header after the Body', (xml) => replaced(xml, '</e:Body>', '</e:Body><e:Header/>')),
  document('two Headers', (xml) => replaced(xml, '<e:Body>', '<e:Header/><e:Header/><e:Body>')),
  document('a prefix without a namespace', (xml) => replaced(xml, '<cableId>S3CR3T-2</cableId>', '<p:cableId/>')),
  document('an XML document that is no envelope', () => '<S3CR3T/>'),
  document('an empty Body', (xml) => replaced(xml, good, '')),
  document('an envelope without Body', (xml) => replaced(xml, `<e:Body>${good}</e:Body>`, '')),
  document('two elements in the Body', (xml) => replaced(xml, good, good + heartbeat)),
  document('text in the Body', (xml) => replaced(xml, good, `S3CR3T${good}`)),
  document('an envelope in no SOAP namespace', (xml) => xml.replace(envelopeUri, 'urn:S3CR3T'), otherVersion),
  soap('the other SOAP version', (v) => envelope(v, good).replace(envelopeUri, soapUri[other(v)]), otherVersion),

  soap('an operation nobody has', (v) => envelope(v, `<S3CR3TRequest xmlns="${csp}"/>`), noOperation),
  soap(
    'a body in another namespace',
    (version) => envelope(version, replaced(good, csp, 'urn:S3CR3T')),
    invalid,
    'updateCableCapacityForecastRequest',
  ),
  inCable('a required field left out', unit, '', '.capacityUnit'),
  inCable('a forecast without blocks', first + last, '', '.block'),
  inCable('an unknown unit', unit, replaced(unit, 'kW', 'S3CR3T'), '.capacityUnit'),
  inCable('an empty forecastId, although it may be absent', 'S3CR3T-F', '', '.forecastId'),
  inCable('a cableId that is nil', '<cableId>S3CR3T-2</cableId>', nil.replaceAll('capacity', 'cableId'), '.cableId'),
  inCable('a nil element that is not empty', unit, fullNil + unit, '.forecastId'),
  inCable('an empty cableId', 'S3CR3T-2', '', '.cableId'),
  inCable('a cableId of 256 characters', 'S3CR3T-2', 'S3CR3T-2'.repeat(32), '.cableId'),
  inBlock('an element nobody knows', '</block>', '<extra>S3CR3T</extra></block>', '.extra'),
  inBlock('an element called __proto__', '</block>', '<__proto__><x>S3CR3T</x></__proto__></block>', '.__proto__'),
  inBlock('an element called constructor', '</block>', '<constructor>S3CR3T</constructor></block>', '.constructor'),
  inBlock('an endless name', '</block>', `<${'n'.repeat(100_000)}/></block>`, `.${'n'.repeat(63)}…`),
  inBlock('an element in no namespace', '<capacity>', '<capacity xmlns="">', '.capacity'),
  inCable(
    'an attribute nobody knows on one of several',
    first + last,
    replaced(first + last, '<block>', '<block unit="S3CR3T">'),
    '.block[0]@unit',
  ),
  inBlock('an attribute nobody knows', '<capacity>', '<capacity unit="S3CR3T">', '.capacity@unit'),
  inBlock('a single element twice', '</block>', '<capacity>7391</capacity></block>', '.capacity'),
  inBlock(
    'a single element twice, with others between',
    '</block>',
    '<startTime>2026-03-02T23:00:00Z</startTime></block>',
    '.startTime',
  ),
  inBlock(
    'a single element twice, out of order',
    '<startTime>',
    '<endTime>2026-03-02T23:15:00Z</endTime><startTime>',
    '.endTime',
  ),
  inBlock('text between elements', '<endTime>', 'S3CR3T<endTime>', ''),
  inBlock('xsi:nil where nothing may be nil', '<capacity>173.917</capacity>', nil, '.capacity'),

  value('a capacity that is no number', 'capacity', 'S3CR3T'),
  value('an empty capacity', 'capacity', ''),
  value('a negative capacity', 'capacity', '-7391'),
  value('a capacity with an exponent', 'capacity', '7391e5'),
  value('a capacity with a decimal comma', 'capacity', '7391,5'),
  value('NaN as a capacity', 'capacity', 'NaN'),
  value('INF as a capacity', 'capacity', 'INF'),
  value('a capacity of 16 significant digits', 'capacity', '173.9173917391739', untranslatable),
  value('a capacity beyond every double', 'capacity', `7391${'0'.repeat(400)}`, untranslatable),
  value('a capacity too small for a double', 'capacity', `0.${'0'.repeat(400)}7391`, untranslatable),
  value('a block that ends before it starts', 'endTime', '2026-03-03T07:38:59Z'),
  value('a block that ends when it starts', 'endTime', '2026-03-03T08:39:00+01:00'),
  value('a time without offset', 'startTime', '2026-03-03T07:39:00'),
  value('a time that is only a date', 'startTime', '2026-03-03'),
  value('30 February', 'startTime', '2026-02-30T07:39:00Z'),
  value('24:00:01', 'endTime', '2026-03-03T24:00:01Z'),
  value('a leap second', 'endTime', '2026-12-31T23:59:60Z'),
  value('a time finer than a millisecond', 'startTime', '2026-03-03T07:39:00.0001Z'),
  value('a year of five digits', 'endTime', '12026-03-03T07:39:00Z'),

  header('a header not understood', '<x:Sec xmlns:x="urn:x" e:mustUnderstand="1">S3CR3T</x:Sec>', notUnderstood, 'Sec'),
  header('an empty cspIdentity', `<cspIdentity xmlns="${csp}"/>`, invalid, 'cspIdentity'),
  header('mustUnderstand that is neither yes nor no', '<x:a xmlns:x="urn:x" e:mustUnderstand="S3CR3T"/>', malformed),
  header('addressing nobody knows', `<Sec xmlns="${wsa}" e:mustUnderstand="1">S3CR3T</Sec>`, notUnderstood, 'Sec'),
  header(
    'two different MessageIDs',
    ['S3CR3T', 'S3CR3T-2'].map((id) => `<w:MessageID xmlns:w="${wsa}">${id}</w:MessageID>`).join(''),
    invalid,
    'MessageID',
  ),
  header(
    'an endless MessageID',
    `<w:MessageID xmlns:w="${wsa}">${'S3CR3T'.repeat(200)}</w:MessageID>`,
    invalid,
    'MessageID',
  ),
  header('another wsa:Action', '<Action xmlns="http://www.w3.org/2005/08/addressing">/Heartbeat</Action>', mismatch),
  http('a quoted other SOAPAction', (v) => goodCall(v, { ...typed(v), soapaction: '"/Heartbeat"' }), mismatch, {
    only: '1.1',
  }),
  http('a bare other SOAPAction', (v) => goodCall(v, { ...typed(v), soapaction: '/Heartbeat' }), mismatch, {
    only: '1.1',
  }),
  http('another action parameter', (v) => goodCall(v, typed(v, 'action="/Heartbeat"')), mismatch, { only: '1.2' }),

  http('JSON', () => ({ headers: { 'content-type': 'application/json' }, body: '{"cableId":"S3CR3T"}' }), unsupported, {
    only: '1.1',
  }),
  http('a body without media type', (v) => goodCall(v, {}), unsupported, { only: '1.1' }),
  http('application/xml', (v) => goodCall(v, { 'content-type': 'application/xml' }), unsupported, { only: '1.1' }),
  http('a charset nobody reads', (v) => goodCall(v, typed(v, 'charset=ebcdic-cp-us')), unsupported),
  http('a charset called constructor', (v) => goodCall(v, typed(v, 'charset=constructor')), unsupported),
  document(
    'a declared encoding nobody reads',
    (xml) => replaced(xml, 'UTF-8', 'S3CR3T'),
    unsupported,
    (version) => ({ 'content-type': mediaTypes[version] }),
  ),
  document('UTF-32', (xml) => Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), Buffer.from(xml)]), unsupported),
  http('bytes beyond ASCII sent as ASCII', (v) => latin1(v, typed(v, 'charset=us-ascii')), malformed),
  http('a byte without meaning in Windows-1252', (v) => latin1(v, typed(v, 'charset=windows-1252'), '\x81'), malformed),
  http('Latin-1 sent as UTF-8', (v) => latin1(v, typed(v)), malformed),
  http('a content encoding nobody knows', (v) => encoded(v, 'br', envelope(v, good)), unsupported, {
    headers: { 'accept-encoding': 'gzip, deflate' },
  }),
  http('two content encodings', (v) => encoded(v, 'gzip, gzip', gzipSync(gzipSync(envelope(v, good)))), unsupported),
  http('a content encoding called constructor', (v) => encoded(v, 'constructor', envelope(v, good)), unsupported),
  http('gzip that is none', (v) => encoded(v, 'gzip', envelope(v, good)), malformed),
  http('gzip that breaks off', (v) => encoded(v, 'gzip', gzipSync(envelope(v, good)).subarray(0, -12)), malformed),
  http('deflate that is none', (v) => encoded(v, 'deflate', envelope(v, good)), malformed),
  http('5 MB of blocks in a few kilobytes of gzip', (v) => encoded(v, 'gzip', gzipSync(fiveMegabytes)), tooLarge),
  http(
    '5 MB of blocks in a few kilobytes of deflate',
    (v) => encoded(v, 'deflate', deflateSync(fiveMegabytes)),
    tooLarge,
  ),
  http('5 MB of blocks', (v) => ({ headers: typed(v), body: fiveMegabytes }), tooLarge),
  http('an attribute of 10 MB', (v) => ({ headers: typed(v), body: wideAttribute }), tooLarge),
  http('an attribute of almost the limit', (v) => goodCall(v, typed(v), wide), invalid, {
    field: 'cableCapacityForecast[1].block[1].capacity@unit',
  }),
  http('5 MB of blocks unannounced', (v) => ({ headers: typed(v), body: fiveMegabytes, chunked: true }), tooLarge),
  http('GET without wsdl', (v) => ({ method: 'GET', headers: typed(v) }), notAllowed, allow),
  http('PUT', (v) => ({ ...goodCall(v), method: 'PUT' }), notAllowed, allow),
  http('an unknown peer', (v) => ({ ...goodCall(v), path: '/oscp/1.0/S3CR3T' }), noPeer),
  http('an address of nothing', (v) => ({ ...goodCall(v), path: '/S3CR3T' }), noPeer),
  http('an address that is no URL', (v) => ({ ...goodCall(v), path: '/oscp/1.0/%E0%A4%A' }), noPeer),
]

function other(version: Version): Version {
  return version === '1.1' ? '1.2' : '1.1'
}
