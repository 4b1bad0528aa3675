/** The two SOAP versions as data: namespaces, media types and the words that differ between them. */
import { GatewayError } from '../errors.ts'

export type SoapVersion = '1.1' | '1.2'

export const envelopeUri: Record<SoapVersion, string> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
}

export const mediaType: Record<SoapVersion, string> = { '1.1': 'text/xml', '1.2': 'application/soap+xml' }

/** What a Content-Type says. */
export interface MediaType {
  /** The SOAP version it announces; undefined when it is not SOAP's. */
  readonly version: SoapVersion | undefined
  readonly charset: string | undefined
  /** Where SOAP 1.2 says what SOAP 1.1 says in SOAPAction. */
  readonly action: string | undefined
}

/** Reads a Content-Type: names in any case, values quoted or not, a parameter that comes twice by its first. */
export function readMediaType(contentType: string | undefined): MediaType {
  const known = read.get(contentType)
  if (known !== undefined) return known
  const type = parse(contentType)
  if (read.size < mostRemembered && (contentType ?? '').length < 256) read.set(contentType, type)
  return type
}

/** A party says the same with each of its messages. */
const read = new Map<string | undefined, MediaType>()
const mostRemembered = 256

function parse(contentType: string | undefined): MediaType {
  const [type = '', ...rest] = (contentType ?? '').split(/;(.*)/s)
  const parameters = new Map<string, string>()
  for (const [, name, quoted, bare] of rest.join('').matchAll(parameter)) {
    const key = name!.toLowerCase()
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? bare!)
  }
  return {
    version: versions.get(type.trim().toLowerCase()),
    charset: parameters.get('charset'),
    action: parameters.get('action'),
  }
}

const parameter = /(?:^|;)\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g
const versions = new Map(Object.entries(mediaType).map(([version, type]) => [type, version as SoapVersion]))

/** An envelope of a version that is not served, with those that are: its sender may have a choice. */
export class VersionMismatch extends GatewayError {
  readonly served: readonly SoapVersion[]

  constructor(sentence: string, served: readonly SoapVersion[]) {
    super('version-mismatch', sentence)
    this.served = served
  }
}

/** The roles of header blocks that are ours; a block without a role is ours too. `none` is nobody's. */
const ourRoles: Record<SoapVersion, readonly string[]> = {
  '1.1': ['http://schemas.xmlsoap.org/soap/actor/next'],
  '1.2': [`${envelopeUri['1.2']}/role/next`, `${envelopeUri['1.2']}/role/ultimateReceiver`],
}

/** Whether a header block with this actor (1.1) or role (1.2) is addressed to us. */
export function isOurRole(version: SoapVersion, role: string | undefined): boolean {
  return role === undefined || role === '' || ourRoles[version].includes(role)
}
