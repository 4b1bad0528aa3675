/**
 * Verifies the X.509 signature of a message and hands out the signed elements in the very bytes that were digested.
 * Limits: the key is one that was agreed; what the message carries only says which. The signature itself is verified before
 * anything is digested, so that a stranger's message costs little.
 */
import { verify, X509Certificate } from 'node:crypto'
import { escapeAttribute, readXmlTree } from '../../xml.ts'
import type { Trust } from './certificates.ts'
import { onlyChild, type Part, type XmlNode } from './header.ts'
import { IndexedSignedXml } from './indexed.ts'
import { ds, wsse, wsu } from './names.ts'
import type { TrustedCertificate } from './policy.ts'
import { readBase64, refuse } from './refusal.ts'
import { isNamed, readSignedInfo, type SignedInfo } from './signed-info.ts'
import { restrict } from './xml-signature.ts'

export interface VerifiedSignature {
  readonly certificate: TrustedCertificate
  /** By wsu:Id: the element as it was digested. */
  readonly signed: ReadonlyMap<string, string>
  /** What makes this signature different from every other. */
  readonly signedInfo: string
}

export interface SignaturePolicy {
  readonly trust: Trust
  readonly sha1: boolean
}

const longestSignature = 65_536
const shortestKey = 2048

/** Throws GatewayError `caller-refused`. */
export function verifySignature(
  document: string,
  security: Part | undefined,
  { trust, sha1 }: SignaturePolicy,
  now: number,
): VerifiedSignature {
  const signature = security && onlyChild(security, ds, 'Signature')
  if (!signature) refuse('The message must have a Security header with a Signature.')
  const [info, value, keyInfo, ...rest] = signature.children
  if (!isNamed(info, 'SignedInfo') || !isNamed(value, 'SignatureValue') || rest.length > 0)
    refuse('The Signature must hold SignedInfo, SignatureValue and KeyInfo only.')
  if (keyInfo && !isNamed(keyInfo, 'KeyInfo'))
    refuse('The Signature must hold no other element than KeyInfo at its end.')
  if (signature.to - signature.from > longestSignature) refuse('The Signature is too long.')
  // Before the library reads it, so that it never reads more than this.
  readSignedInfo(info, sha1)

  let signedInfo = ''
  const signed = restrict(new IndexedSignedXml({ idMode: 'wssecurity' }), (info as Part).scope, (text) => {
    signedInfo = text
  })
  attempt(() => signed.loadSignature(standalone(document, signature)))
  const said = readSignedInfo(readXmlTree(signedInfo), sha1)
  const bytes = readBase64(value.text)
  const key =
    bytes &&
    findKey(embedded(security, keyInfo), trust, now, (certificate) => verifies(certificate, said, signedInfo, bytes))
  if (!key) refuse('The signature does not hold.')
  signed.publicCert = key.pem
  // The library digests what is referenced; it must find the very elements that were found here.
  if (!attempt(() => signed.checkSignature(document)))
    refuse('The signature does not hold: what it covers was changed.')
  const parts = signed.getSignedReferences()
  if (parts.length !== said.ids.length) refuse('The signature does not hold.')
  return { certificate: key.agreed, signed: new Map(said.ids.map((id, i) => [id, parts[i]!])), signedInfo }
}

/** The Signature as a document of its own: with every prefix of its place declared, which exclusive canonicalisation leaves out again. */
function standalone(document: string, { from, to, scope }: Part): string {
  const content = document.slice(from, to)
  const [, name] = /<\/([^\s<>]+)\s*>$/.exec(content) ?? []
  if (name === undefined) refuse('The Signature is empty.')
  const declared = [...scope].map(([prefix, uri]) => ` xmlns${prefix && `:${prefix}`}="${escapeAttribute(uri)}"`)
  return `<${name}${declared.join('')}>${content}`
}

/** The certificate that the message carries, if it carries one. */
function embedded(security: Part, keyInfo: XmlNode | undefined): X509Certificate | undefined {
  if (!keyInfo) return undefined
  const token = onlyChild(keyInfo, wsse, 'SecurityTokenReference')
  const reference = token && onlyChild(token, wsse, 'Reference')
  const data = onlyChild(token ?? keyInfo, ds, 'X509Data')
  const inline = data && onlyChild(data, ds, 'X509Certificate')
  const carrier = reference ? binaryToken(security, reference.attributes.get('URI') ?? '') : inline
  if (!carrier) return undefined
  const der = readBase64(carrier.text)
  return attempt(() => new X509Certificate(der ?? Buffer.alloc(0)))
}

function binaryToken({ children }: Part, uri: string): XmlNode {
  const found = children.find(
    ({ uri: space, local, attributes }) =>
      space === wsse && local === 'BinarySecurityToken' && `#${attributes.get(`{${wsu}}Id`)}` === uri,
  )
  return found ?? refuse('The SecurityTokenReference names no BinarySecurityToken of the Security header.')
}

interface FoundKey {
  readonly pem: string
  readonly agreed: TrustedCertificate
}

/** The agreed certificate that the signature was made with: the one that came along, or one of those that are known. */
function findKey(
  carried: X509Certificate | undefined,
  trust: Trust,
  now: number,
  verifies: (certificate: X509Certificate) => boolean,
): FoundKey | undefined {
  for (const certificate of carried ? [carried] : trust.known) {
    const agreed = trust.find(certificate, now)
    if (agreed && verifies(certificate)) return { pem: certificate.toString(), agreed }
    if (carried && !agreed) refuse('The certificate of the signature is not one of this party, or not valid now.')
  }
  return undefined
}

function verifies({ publicKey }: X509Certificate, { hash }: SignedInfo, signedInfo: string, value: Buffer): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey
  if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < shortestKey)
    refuse(`The key of the signature must be RSA of at least ${shortestKey} bits.`)
  return verify(hash, Buffer.from(signedInfo), publicKey, value)
}

/** What libraries throw names elements and values: kept as the cause, not shown. */
function attempt<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    return refuse('The signature cannot be verified.', cause)
  }
}
