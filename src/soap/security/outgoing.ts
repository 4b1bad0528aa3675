/**
 * Adds to our calls what a party wants to see: UsernameToken, Timestamp, a signature over all of it, or HTTP Basic.
 * Limits: a signature covers the Body, the Timestamp, the UsernameToken and every other header block; a signed message always
 * has a Timestamp.
 */
import { escapeAttribute, escapeText } from '../../xml.ts'
import { writeEnvelope } from '../envelope.ts'
import type { Draft } from '../outbound.ts'
import { envelopeUri } from '../versions.ts'
import { basicAuthorization } from './basic.ts'
import { base64Encoding, passwordTypes, wsse, wsu, x509TokenType } from './names.ts'
import type { OutPolicy } from './policy.ts'
import { exclusive } from './signed-info.ts'
import { digest } from './username-token.ts'
import { restrict, SignedXml } from './xml-signature.ts'

const defaultLifetime = 300_000
const tokenId = 'X509'

/** The envelope of a call. `now` in milliseconds since 1970; `nonce` has at least 16 bytes and is used once. */
export function secureEnvelope(policy: OutPolicy, draft: Draft, now: number, nonce: Buffer): string {
  const { signature } = policy
  const lifetime = policy.timestamp ?? (signature ? defaultLifetime : undefined)
  const content =
    binarySecurityToken(signature) +
    (lifetime === undefined ? '' : timestamp(now, lifetime)) +
    usernameToken(policy.usernameToken, now, nonce)
  if (content === '') return writeEnvelope(draft.version, draft.body, draft.header)
  const header =
    `<wsse:Security xmlns:wsse="${wsse}" xmlns:wsu="${wsu}" soap:mustUnderstand="1">${content}</wsse:Security>` +
    draft.header
  const envelope = writeEnvelope(draft.version, draft.body, header)
  return signature ? sign(envelope, draft, policy) : envelope
}

/** HTTP headers of a call. */
export function securityHeaders({ basic }: OutPolicy): Record<string, string> {
  return basic ? { authorization: basicAuthorization(basic) } : {}
}

function timestamp(now: number, lifetime: number): string {
  return `<wsu:Timestamp><wsu:Created>${instant(now)}</wsu:Created><wsu:Expires>${instant(now + lifetime)}</wsu:Expires></wsu:Timestamp>`
}

function usernameToken(user: OutPolicy['usernameToken'], now: number, nonce: Buffer): string {
  if (!user) return ''
  const created = instant(now)
  const { username, password = '', passwordType } = user
  const shown = passwordType === 'text' ? password : digest(nonce, created, password)
  return (
    `<wsse:UsernameToken><wsse:Username>${escapeText(username)}</wsse:Username>` +
    `<wsse:Password Type="${passwordTypes[passwordType]}">${escapeText(shown)}</wsse:Password>` +
    `<wsse:Nonce EncodingType="${base64Encoding}">${nonce.toString('base64')}</wsse:Nonce>` +
    `<wsu:Created>${created}</wsu:Created></wsse:UsernameToken>`
  )
}

function binarySecurityToken(signature: OutPolicy['signature']): string {
  if (!signature) return ''
  const [, base64 = ''] = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(signature.certificate ?? '') ?? []
  const types = `EncodingType="${base64Encoding}" ValueType="${x509TokenType}"`
  return `<wsse:BinarySecurityToken ${types} wsu:Id="${tokenId}">${base64.replace(/\s+/g, '')}</wsse:BinarySecurityToken>`
}

function sign(envelope: string, { version, header }: Draft, { signature, usernameToken: user }: OutPolicy): string {
  const child = (name: string) => `/*[local-name()='${name}' and namespace-uri()='${envelopeUri[version]}']`
  const security = `/*${child('Header')}/*[local-name()='Security']`
  const signed = restrict(
    new SignedXml({
      idMode: 'wssecurity',
      privateKey: signature!.key ?? '',
      signatureAlgorithm: `http://www.w3.org/2001/04/xmldsig-more#${signature!.algorithm}`,
      canonicalizationAlgorithm: exclusive,
      getKeyInfoContent: () =>
        `<wsse:SecurityTokenReference><wsse:Reference URI="#${tokenId}" ValueType="${escapeAttribute(x509TokenType)}"/></wsse:SecurityTokenReference>`,
    }),
  )
  const covered = [`/*${child('Body')}`, `${security}/*[local-name()='Timestamp']`]
  if (user) covered.push(`${security}/*[local-name()='UsernameToken']`)
  if (header !== '') covered.push(`/*${child('Header')}/*[not(local-name()='Security')]`)
  const digestAlgorithm = 'http://www.w3.org/2001/04/xmlenc#sha256'
  for (const xpath of covered) signed.addReference({ xpath, transforms: [exclusive], digestAlgorithm })
  signed.computeSignature(envelope, {
    prefix: 'ds',
    location: { reference: security, action: 'append' },
    existingPrefixes: { wsse, wsu },
  })
  return signed.getSignedXml()
}

/** Whole seconds: old stacks stumble over fractions. */
function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
