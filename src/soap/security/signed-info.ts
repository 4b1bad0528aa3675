/**
 * Reads what a signature says of itself, and refuses everything that is not needed: other algorithms, transforms and references.
 * Limits: RSA with SHA-2 (SHA-1 only where it was agreed), exclusive canonicalisation, references by wsu:Id, at most sixteen of them.
 */
import type { XmlNode } from './header.ts'
import { ds } from './names.ts'
import { refuse } from './refusal.ts'

const more = 'http://www.w3.org/2001/04/xmldsig-more#'
const xmlenc = 'http://www.w3.org/2001/04/xmlenc#'
export const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const enveloped = `${ds}enveloped-signature`

export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** Signature and digest algorithms by their names in XML. */
export const signatureAlgorithms: ReadonlyMap<string, Hash> = new Map([
  [`${more}rsa-sha256`, 'sha256'],
  [`${more}rsa-sha384`, 'sha384'],
  [`${more}rsa-sha512`, 'sha512'],
  [`${ds}rsa-sha1`, 'sha1'],
])
export const digestAlgorithms: ReadonlyMap<string, Hash> = new Map([
  [`${xmlenc}sha256`, 'sha256'],
  [`${more}sha384`, 'sha384'],
  [`${xmlenc}sha512`, 'sha512'],
  [`${ds}sha1`, 'sha1'],
])

export interface SignedInfo {
  readonly hash: Hash
  /** The ids of what is signed, in order. */
  readonly ids: readonly string[]
}

const mostReferences = 16
const mostTransforms = 2

/** Throws GatewayError `caller-refused`. */
export function readSignedInfo(element: XmlNode, sha1: boolean): SignedInfo {
  const [method, algorithm, ...references] = element.children
  if (
    !isNamed(element, 'SignedInfo') ||
    !isNamed(method, 'CanonicalizationMethod') ||
    !isNamed(algorithm, 'SignatureMethod')
  )
    refuse('The SignedInfo of the signature is not in order.')
  if (algorithmOf(method) !== exclusive)
    refuse('The CanonicalizationMethod of the signature must be exclusive canonicalisation.')
  const hash = allowed(
    signatureAlgorithms,
    algorithm,
    sha1,
    'The SignatureMethod must be RSA with SHA-256, 384 or 512.',
  )
  if (references.length === 0 || references.length > mostReferences)
    refuse(`The signature must have 1 to ${mostReferences} references.`)
  return { hash, ids: references.map((reference) => readReference(reference, sha1)) }
}

function readReference(reference: XmlNode, sha1: boolean): string {
  const [transforms, method, value, ...rest] = reference.children
  if (!isNamed(reference, 'Reference') || rest.length > 0 || !isNamed(value, 'DigestValue'))
    refuse('A Reference of the signature is not in order.')
  if (!isNamed(transforms, 'Transforms') || !isNamed(method, 'DigestMethod'))
    refuse('A Reference must have Transforms, DigestMethod and DigestValue.')
  const steps = transforms.children.map(algorithmOf)
  if (steps.length > mostTransforms || steps.at(-1) !== exclusive || !steps.slice(0, -1).every((s) => s === enveloped))
    refuse('The Transforms of a Reference must be exclusive canonicalisation, at most after enveloped-signature.')
  allowed(digestAlgorithms, method, sha1, 'The DigestMethod of a Reference must be SHA-256, 384 or 512.')
  const [, id] = /^#([A-Za-z_][\w.:-]{0,255})$/.exec(reference.attributes.get('URI') ?? '') ?? []
  return id ?? refuse('A Reference must name an element of this message by its wsu:Id.')
}

function allowed(known: ReadonlyMap<string, Hash>, method: XmlNode, sha1: boolean, sentence: string): Hash {
  const hash = known.get(algorithmOf(method))
  if (hash === undefined || (hash === 'sha1' && !sha1)) refuse(sentence)
  return hash
}

function algorithmOf({ attributes }: XmlNode): string {
  return attributes.get('Algorithm') ?? ''
}

export function isNamed(element: XmlNode | undefined, local: string): element is XmlNode {
  return element !== undefined && element.uri === ds && element.local === local
}
