/**
 * Forecasts as XML whose blocks mostly repeat each other's wording, and now and then not quite: what a reader of wordings must
 * not get wrong. Limits: the same source of numbers gives the same documents.
 */
import { resolve } from 'node:path'
import { readWsdl } from '../../src/contract/wsdl.ts'
import { GatewayError } from '../../src/errors.ts'
import { ElementDecoder } from '../../src/soap/decode.ts'
import { compileElement } from '../../src/soap/slots.ts'
import { readXml, readXmlInPieces, type XmlHandler } from '../../src/xml.ts'

const file = resolve(import.meta.dirname, '../../wsdl/oscp-1.0/CspService.wsdl')
const operations = readWsdl(file, 'csp', file, 'CspService').flatMap((service) => service.operations)
const { input } = operations.find(({ name }) => name === 'UpdateCableCapacityForecast')!
const element = compileElement(input)

export type Read = { readonly value: unknown } | { readonly kind: string; readonly problems: unknown }

/** What a request says: by its events alone or, where `onAhead` is told of it, with what repeats read by its wording. */
export function read(document: string, onAhead?: () => void): Read {
  const { handler, outcome } = reading(onAhead)
  return outcome(() => readXml(document, handler))
}

/** The same, but in pieces: `between` is called after each. */
export async function readWithBreaks(document: string, onAhead: () => void, between: () => void): Promise<Read> {
  const { handler, outcome } = reading(onAhead)
  let problem: unknown
  await readXmlInPieces(document, handler, async () => between()).catch((error: unknown) => {
    problem = error
  })
  return outcome(() => {
    if (problem !== undefined) throw problem
  })
}

function reading(onAhead: (() => void) | undefined) {
  const decoder = new ElementDecoder(element)
  const ahead = (xml: string, from: number): number => {
    const to = decoder.ahead(xml, from)
    if (to > from) onAhead!()
    return to
  }
  const handler: XmlHandler = {
    open: (...event) => decoder.open(...event),
    text: (piece) => decoder.text(piece),
    close: () => decoder.close(),
    ...(onAhead && { ahead }),
  }
  const outcome = (work: () => void): Read => {
    try {
      work()
      return { value: decoder.value() }
    } catch (error) {
      if (error instanceof GatewayError) return { kind: error.kind, problems: error.problems }
      throw error
    }
  }
  return { handler, outcome }
}

const ns = 'urn:oscp-gateway:oscp-1.0:Csp'
const times = [
  '2026-03-02T23:00:00Z',
  '2026-03-02T23:15:00.000Z',
  '2026-03-02T23:30:00.000Z',
  '2026-03-03T00:00:00+01:00',
]
const oddTimes = [
  '2026-03-02T24:61:00Z',
  '',
  ' 2026-03-02T23:15:00.000Z\r\n',
  '2026-03-02T23:15:00.000&#90;',
  'x'.repeat(300),
]
const figures = ['173.5', '0', '1000', '-0', '+5.']
const oddFigures = [
  '',
  'NaN',
  '-1',
  ' 7 ',
  '1<!-- c -->2',
  '<![CDATA[12]]>',
  '1&#50;',
  ']]>',
  '1\r',
  '\u0001',
  '1e3',
  '1ı',
  '1ļ/P:capacity>',
  '&lt;',
]
/** Of which two, cut to a byte, would be `<` and `1`. */
const ids = ['007', 'é', 'a b', 'CABLE-1', 'Wrocław', 'ļ', 'ı']
const oddIds = ['a&amp;b', ' a \r\n b ', ']]>', '\uFFFE', '😀', '<![CDATA[x]]>', '', 'x'.repeat(80)]
/** What may go wrong, or only look as if it did, between the elements of a list. */
const tweaks = [
  '<!-- c -->',
  ' ',
  '\n',
  'text',
  '<CABLE/>',
  '<P:cableId>7</P:cableId>',
  '<P:block/>',
  '<P:block xmlns:P="urn:other"><P:startTime>2026-03-02T23:00:00Z</P:startTime></P:block>',
  '<P:block><P:capacity>1</P:capacity><P:startTime>2026-03-02T23:00:00Z</P:startTime><P:endTime>2026-03-03T00:00:00Z</P:endTime></P:block>',
  '<P:block x="1"><P:startTime/></P:block>',
  '</P:block>',
  '<P:block>',
  '<?pi?>',
  '&lt;',
]

/** One request that updates the forecasts of some cables, as an element by itself; `odd` is how often, of 1, something is not as usual. */
export function forecasts(random: () => number, odd = 0.03): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const some = (usual: readonly string[], unusual: readonly string[]) => (random() < odd ? pick(unusual) : pick(usual))
  const prefixes = ['', 'P:', 'Q:']
  const gap = pick(['', '', '\n', '\n    ', '\r\n\t'])
  const tweak = (prefix: string) => (random() < odd ? pick(tweaks).replaceAll('P:', prefix) : '')
  const field = (prefix: string, name: string, value: string) => {
    const attribute =
      random() < odd / 3 ? pick([' a="b"', ` xmlns:P="${ns}"`, ' xmlns:P="urn:other"', ' xmlns=""']) : ''
    return value === '' && random() < 0.5
      ? `<${prefix}${name}${attribute}/>`
      : `<${prefix}${name}${attribute}>${value}</${prefix}${name}>`
  }
  const block = (prefix: string) => {
    const own = random() < odd ? pick(prefixes) : prefix
    const fields = [
      field(own, 'startTime', some(times, oddTimes)),
      field(own, 'endTime', some(times, oddTimes)),
      field(own, 'capacity', some(figures, oddFigures)),
    ]
    if (random() < odd) fields.reverse()
    if (random() < odd) fields.splice(Math.floor(random() * 3), 1)
    return `${gap}<${own}block>${gap}${fields.join(gap + tweak(own))}${gap}</${own}block>`
  }
  const cable = () => {
    const prefix = pick(prefixes)
    const declares =
      random() < 0.3 ? pick([` xmlns:P="${ns}"`, ' xmlns:P="urn:other"', ` xmlns="${ns}"`, ' xmlns=""']) : ''
    const blocks = Array.from({ length: Math.floor(random() * 9) }, () => block(prefix) + tweak(prefix)).join('')
    const names = field(prefix, 'cableId', some(ids, oddIds)) + field(prefix, 'capacityUnit', some(['kW', 'A'], ['x']))
    return `<${prefix}cableCapacityForecast${declares}>${names}${blocks}</${prefix}cableCapacityForecast>`
  }
  const cables = Array.from({ length: 1 + Math.floor(random() * 4) }, cable).join('')
  const root = `updateCableCapacityForecastRequest xmlns="${ns}" xmlns:P="${ns}" xmlns:Q="${ns}"`
  return `<${root}>${cables}</updateCableCapacityForecastRequest>`
}
