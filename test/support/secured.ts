/**
 * Gateways with one DSO of which something is asked, and messages that show it, written by hand: every byte is the test's.
 * Limits: the gateway's own code makes nothing here, so that a mistake of it is not shared.
 */
import { createHash } from 'node:crypto'
import { clockFrom, startTestGateway } from './gateway.ts'
import { closeLater } from './scene.ts'
import { type Answer, envelope, heartbeat, mediaTypes, send, soapUri, type Version } from './soap.ts'

export const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'
export const wsu = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'
const profile = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0'

export const start = '2026-03-02T22:00:00Z'

export interface SecuredOptions {
  readonly in?: Readonly<Record<string, unknown>>
  readonly redis?: string
  readonly clock?: () => number
  readonly links?: Readonly<Record<string, unknown>>
  readonly listen?: Readonly<Record<string, unknown>>
}

/** Its clock stands where `start` is, unless told otherwise. */
export async function startSecured(options: SecuredOptions) {
  const clock = options.clock ?? clockFrom(start)
  const gateway = await startTestGateway({
    config: {
      ...(options.listen ? { listen: options.listen } : {}),
      ...(options.redis ? { redis: { url: options.redis } } : {}),
      peers: {
        dso: { role: 'dso', ...(options.in ? { security: { in: options.in } } : {}) },
        cpo: { role: 'fp', url: 'http://127.0.0.1:9/oscp/fp/2.0', token: 't', profile: { handshakeInitiator: 'none' } },
      },
      links: options.links ?? { link: { legacy: 'dso', modern: 'cpo' } },
    },
    now: clock,
  })
  closeLater(gateway)
  const url = `${gateway.soapUrl}/oscp/1.0/dso`
  return {
    ...gateway,
    url,
    call: (document: string, version: Version = '1.1', headers: Record<string, string> = {}): Promise<Answer> =>
      send(url, { headers: { 'content-type': mediaTypes[version], ...headers }, body: document }),
  }
}

export type Secured = Awaited<ReturnType<typeof startSecured>>

export interface TokenParts {
  readonly username?: string
  readonly password?: string
  readonly type?: 'Text' | 'Digest' | 'none'
  /** As it stands in the element; undefined for no element. */
  readonly nonce?: string | undefined
  readonly created?: string | undefined
}

export const freshNonce = (): string => Buffer.from(`${process.hrtime.bigint()}`).toString('base64')

/** A UsernameToken, right for grid and `Stroomnet-17` unless told otherwise. */
export function usernameToken(parts: TokenParts = {}): string {
  const { username = 'grid', password = 'Stroomnet-17', type = 'Text' } = parts
  const nonce = 'nonce' in parts ? parts.nonce : type === 'Digest' ? freshNonce() : undefined
  const created = 'created' in parts ? parts.created : type === 'Digest' ? start : undefined
  const hash = createHash('sha1')
    .update(Buffer.from(nonce ?? '', 'base64'))
    .update(created ?? '')
    .update(password)
  const secret = type === 'Digest' ? hash.digest('base64') : password
  const kind = type === 'none' ? '' : ` Type="${profile}#Password${type}"`
  return (
    `<w:UsernameToken><w:Username>${username}</w:Username><w:Password${kind}>${secret}</w:Password>` +
    `${nonce === undefined ? '' : `<w:Nonce>${nonce}</w:Nonce>`}${created === undefined ? '' : `<u:Created>${created}</u:Created>`}</w:UsernameToken>`
  )
}

export function timestamp(created: string, expires?: string): string {
  return `<u:Timestamp><u:Created>${created}</u:Created>${expires === undefined ? '' : `<u:Expires>${expires}</u:Expires>`}</u:Timestamp>`
}

/** A Security header for whoever reads it, which it must understand. */
export const security = (inner: string, version: Version = '1.1', attributes = ''): string =>
  `<w:Security xmlns:w="${wsse}" xmlns:u="${wsu}" xmlns:e="${soapUri[version]}" e:mustUnderstand="1" ${attributes}>${inner}</w:Security>`

/** A heartbeat with this Security header, and other header blocks. */
export const secured = (inner: string, version: Version = '1.1', more = ''): string =>
  envelope(version, heartbeat, security(inner, version) + more)

/** The instant this many seconds after `start`. */
export const later = (seconds: number): string => new Date(Date.parse(start) + seconds * 1000).toISOString()
