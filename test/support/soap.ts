/** SOAP by hand: requests byte for byte as a test wants them, and faults read by a parser that is not the gateway's. */
import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { XMLParser, XMLValidator } from 'fast-xml-parser'

export type Version = '1.1' | '1.2'

export const soapUri = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
} as const
export const mediaTypes = { '1.1': 'text/xml', '1.2': 'application/soap+xml' } as const
export const csp = 'urn:oscp-gateway:oscp-1.0:Csp'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Without Content-Length. */
  readonly chunked?: boolean
}

/** One request on a connection of its own. */
export async function send(url: string, { method = 'POST', headers = {}, body = '', chunked }: Call): Promise<Answer> {
  const bytes = Buffer.from(body)
  const length = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bytes.length) }
  const call = request(url, { method, agent: false, headers: { ...length, ...headers } })
  const answered = once(call, 'response') as Promise<[IncomingMessage]>
  call.end(bytes)
  const [response] = await answered
  call.on('error', () => {}) // an answer may come before all of the request is sent, and end the connection
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
}

export const envelope = (version: Version, body: string, header = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="${soapUri[version]}">${header && `<e:Header>${header}</e:Header>`}<e:Body>${body}</e:Body></e:Envelope>`

export const heartbeat = `<heartbeatRequest xmlns="${csp}"/>`

export interface Fault {
  /** As written, prefix included. */
  readonly code: string
  readonly subcode: string | undefined
  readonly reason: string
  readonly kind: string
  readonly exchange: string
  readonly detailCode: string
  readonly fields: readonly { readonly path: string; readonly sentence: string }[]
}

const parser = new XMLParser({
  ignoreAttributes: false,
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (name) => name === 'gw:field',
})

const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value)
const textAt = (value: unknown, ...path: string[]): string => {
  const found = at(value, ...path)
  return String(at(found, '#text') ?? found ?? '')
}

/** The fault in an answer, which must be a whole envelope of this version. */
export function faultOf(xml: string, version: Version): Fault {
  if (XMLValidator.validate(xml) !== true) throw new Error(`not well-formed: ${xml}`)
  const root: unknown = parser.parse(xml)
  if (at(root, 'soap:Envelope', '@_xmlns:soap') !== soapUri[version]) throw new Error(`not SOAP ${version}: ${xml}`)
  const fault = at(root, 'soap:Envelope', 'soap:Body', 'soap:Fault')
  if (fault === undefined) throw new Error(`no fault: ${xml}`)
  const problem = at(fault, version === '1.1' ? 'detail' : 'soap:Detail', 'gw:problem')
  const subcode = textAt(fault, 'soap:Code', 'soap:Subcode', 'soap:Value')
  return {
    code: version === '1.1' ? textAt(fault, 'faultcode') : textAt(fault, 'soap:Code', 'soap:Value'),
    subcode: subcode === '' ? undefined : subcode,
    reason: version === '1.1' ? textAt(fault, 'faultstring') : textAt(fault, 'soap:Reason', 'soap:Text'),
    kind: textAt(problem, 'gw:kind'),
    exchange: textAt(problem, 'gw:exchange'),
    detailCode: textAt(problem, 'gw:code'),
    fields: ((at(problem, 'gw:field') as unknown[] | undefined) ?? []).map((field) => ({
      path: textAt(field, '@_path'),
      sentence: textAt(field),
    })),
  }
}
