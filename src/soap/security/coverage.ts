/**
 * Makes of a signed message one that holds nothing but what the signature covers, so that nothing else can be read.
 * Limits: the Body, the Timestamp, the contract's headers and the addressing that is acted upon must be covered where they
 * stand; any other header that is not covered is left out, or refused if it must be understood.
 */
import { GatewayError } from '../../errors.ts'
import { readXmlTree } from '../../xml.ts'
import { isAddressing } from '../addressing.ts'
import { HeadersNotUnderstood } from '../envelope.ts'
import { envelopeUri, type SoapVersion } from '../versions.ts'
import { type HeaderBlock, onlyChild, type Part, type ScannedEnvelope, type XmlNode } from './header.ts'
import { wsu } from './names.ts'
import { refuse } from './refusal.ts'
import type { VerifiedSignature } from './signature.ts'

export interface Covered {
  readonly document: string
  readonly timestamp: XmlNode
}

/** Names of header blocks, as `{uri}local`. */
export interface Names {
  has(name: string): boolean
}

const actedUpon = new Set(['To', 'Action', 'MessageID', 'RelatesTo', 'ReplyTo', 'FaultTo'])

/** Throws GatewayError: `caller-refused`, `identity-mismatch`, or `header-not-understood`. */
export function keepCovered(
  { security, blocks, bodyId, hasTwins }: ScannedEnvelope,
  { signed, certificate }: VerifiedSignature,
  version: SoapVersion,
  ownHeaders: Names,
): Covered {
  if (hasTwins) refuse('No id may stand on two elements of a signed message.')
  const part = (id: string | undefined) => (id === undefined ? undefined : signed.get(id))
  const body = part(bodyId) ?? refuse('The Body must be signed.')
  const header: string[] = []
  for (const block of blocks) {
    if (!block.isForUs) continue
    const text = part(block.id)
    if (text !== undefined) header.push(text)
    else leaveOut(block, certificate.cspIdentity, ownHeaders)
  }
  const uri = envelopeUri[version]
  return {
    document: `<e:Envelope xmlns:e="${uri}"><e:Header>${header.join('')}</e:Header>${body}</e:Envelope>`,
    timestamp: coveredTimestamp(security, part),
  }
}

function coveredTimestamp(security: Part | undefined, part: (id: string | undefined) => string | undefined): XmlNode {
  const standing = security && onlyChild(security, wsu, 'Timestamp')
  const text =
    part(standing?.attributes.get(`{${wsu}}Id`)) ?? refuse('There must be a Timestamp, and it must be signed.')
  const timestamp = readXmlTree(text)
  if (timestamp.uri !== wsu || timestamp.local !== 'Timestamp')
    refuse('There must be a Timestamp, and it must be signed.')
  return timestamp
}

/** A block that the signature does not cover is as if it were not there, unless something would depend on it. */
function leaveOut({ uri, local, mustUnderstand, text }: HeaderBlock, bound: string | undefined, own: Names): void {
  if (own.has(`{${uri}}${local}`)) {
    if (bound === undefined) refuse(`The header ${local} must be signed.`)
    // The certificate has said it already.
    if (text.trim() === bound) return
    throw new GatewayError('identity-mismatch', `The header ${local} names another operator than the certificate.`)
  }
  if (isAddressing(uri) && actedUpon.has(local)) refuse(`The header ${local} must be signed.`)
  if (mustUnderstand && !isAddressing(uri)) throw new HeadersNotUnderstood([{ uri, local: local.slice(0, 64) }])
}
