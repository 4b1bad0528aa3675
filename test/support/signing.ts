/**
 * Signed messages made by hand: every element is written in its canonical form, so that it is digested as it stands, by nothing
 * but node's crypto. A test can then put the same signed pieces together as an attacker would.
 */
import 'reflect-metadata' // without it @peculiar/x509 does not load
import { createHash, createSign, randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { later, wsse, wsu } from './secured.ts'
import { csp, soapUri, type Version } from './soap.ts'

export const ds = 'http://www.w3.org/2000/09/xmldsig#'
export const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
export const wsa = 'http://www.w3.org/2005/08/addressing'
const more = 'http://www.w3.org/2001/04/xmldsig-more#'
export const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

export interface Signer {
  readonly pem: string
  readonly base64: string
  readonly key: string
  readonly fingerprint: string
}

export interface CertificateOptions {
  readonly name?: string
  readonly bits?: number
  readonly notBefore?: string
  readonly notAfter?: string
  readonly issuer?: { readonly certificate: x509.X509Certificate; readonly keys: webcrypto.CryptoKeyPair }
  readonly isAuthority?: boolean
  readonly san?: string
}

const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]) }

/** A certificate that is good on the day of `start`, unless told otherwise. */
export async function certify(options: CertificateOptions = {}) {
  const { name = 'CN=grid.example, O=Grid', bits = 2048, issuer } = options
  const keys = (await webcrypto.subtle.generateKey({ ...algorithm, modulusLength: bits }, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(8).toString('hex').replace(/^./, '1'),
    subject: name,
    issuer: issuer ? issuer.certificate.subject : name,
    notBefore: new Date(options.notBefore ?? later(-86_400)),
    notAfter: new Date(options.notAfter ?? later(86_400)),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(options.isAuthority ?? false, undefined, true),
      ...(options.san ? [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: options.san }])] : []),
    ],
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const der = Buffer.from(certificate.rawData)
  const signer: Signer = {
    pem: certificate.toString('pem'),
    base64: der.toString('base64'),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)!.join('\n')}\n-----END PRIVATE KEY-----\n`,
    fingerprint: createHash('sha256').update(der).digest('hex'),
  }
  return { ...signer, certificate, keys }
}

/** An element in canonical form, and its id. */
export interface Piece {
  readonly id: string
  readonly xml: string
}

export const heartbeatBody = (id = 'body', version: Version = '1.1'): Piece => ({
  id,
  xml: `<e:Body xmlns:e="${soapUri[version]}" xmlns:u="${wsu}" u:Id="${id}"><heartbeatRequest xmlns="${csp}"></heartbeatRequest></e:Body>`,
})

export const forecastBody = (cable: string, id = 'body'): Piece => ({
  id,
  xml:
    `<e:Body xmlns:e="${soapUri['1.1']}" xmlns:u="${wsu}" u:Id="${id}"><updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast>` +
    `<cableId>${cable}</cableId><capacityUnit>kW</capacityUnit><block><startTime>${later(3600)}</startTime><endTime>${later(7200)}</endTime>` +
    '<capacity>11</capacity></block></cableCapacityForecast></updateCableCapacityForecastRequest></e:Body>',
})

export const freshness = (created = later(0), expires = later(300), id = 'ts'): Piece => ({
  id,
  xml: `<u:Timestamp xmlns:u="${wsu}" u:Id="${id}"><u:Created>${created}</u:Created><u:Expires>${expires}</u:Expires></u:Timestamp>`,
})

export const addressing = (local: string, text: string, id: string): Piece => ({
  id,
  xml: `<a:${local} xmlns:a="${wsa}" xmlns:u="${wsu}" u:Id="${id}">${text}</a:${local}>`,
})

export const identityHeader = (identity: string, id = 'csp'): Piece => ({
  id,
  xml: `<cspIdentity xmlns="${csp}" xmlns:u="${wsu}" u:Id="${id}">${identity}</cspIdentity>`,
})

export interface SignOptions {
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'md5'
  /** Instead of what it would be. */
  readonly method?: string
  readonly digestMethod?: string
  readonly canonicalization?: string
  readonly transforms?: readonly string[]
  readonly uri?: (id: string) => string
  readonly keyInfo?: string
  /** Instead of RSA. */
  readonly value?: (signedInfo: string) => string
}

const digestNames = {
  sha1: `${ds}sha1`,
  sha256,
  sha384: `${more}sha384`,
  sha512: `${sha256.slice(0, -3)}512`,
  md5: `${more}md5`,
}
const methodNames = {
  sha1: `${ds}rsa-sha1`,
  sha256: `${more}rsa-sha256`,
  sha384: `${more}rsa-sha384`,
  sha512: `${more}rsa-sha512`,
  md5: `${more}rsa-md5`,
}

/** The Signature over these pieces; `in` an Object, if any, before its end. */
export function sign(signer: Pick<Signer, 'key'>, pieces: readonly Piece[], options: SignOptions = {}) {
  const { hash = 'sha256', transforms = [exclusive], uri = (id) => `#${id}` } = options
  const references = pieces.map(({ id, xml }) => {
    const digest = createHash(hash).update(xml).digest('base64')
    const steps = transforms.map((name) => `<d:Transform Algorithm="${name}"></d:Transform>`).join('')
    return (
      `<d:Reference URI="${uri(id)}"><d:Transforms>${steps}</d:Transforms>` +
      `<d:DigestMethod Algorithm="${options.digestMethod ?? digestNames[hash]}"></d:DigestMethod><d:DigestValue>${digest}</d:DigestValue></d:Reference>`
    )
  })
  const signedInfo =
    `<d:SignedInfo xmlns:d="${ds}"><d:CanonicalizationMethod Algorithm="${options.canonicalization ?? exclusive}"></d:CanonicalizationMethod>` +
    `<d:SignatureMethod Algorithm="${options.method ?? methodNames[hash]}"></d:SignatureMethod>${references.join('')}</d:SignedInfo>`
  const value = options.value?.(signedInfo) ?? createSign(hash).update(signedInfo).sign(signer.key, 'base64')
  const keyInfo =
    options.keyInfo ??
    `<d:KeyInfo><w:SecurityTokenReference><w:Reference URI="#token"/></w:SecurityTokenReference></d:KeyInfo>`
  return (inside = '') =>
    `<d:Signature xmlns:d="${ds}">${signedInfo}<d:SignatureValue>${value}</d:SignatureValue>${keyInfo}${inside && `<d:Object>${inside}</d:Object>`}</d:Signature>`
}

export const token = ({ base64 }: Pick<Signer, 'base64'>): string =>
  `<w:BinarySecurityToken u:Id="token">${base64}</w:BinarySecurityToken>`

export interface Layout {
  /** Inside the Security header, in order. */
  readonly security: string
  readonly body: string
  readonly before?: string
  readonly after?: string
  readonly end?: string
}

/** An envelope with these pieces where they are said to be. */
export function lay({ security, body, before = '', after = '', end = '' }: Layout, version: Version = '1.1'): string {
  return (
    `<s:Envelope xmlns:s="${soapUri[version]}"><s:Header>${before}<w:Security xmlns:w="${wsse}" xmlns:u="${wsu}" s:mustUnderstand="1">` +
    `${security}</w:Security>${after}</s:Header>${body}${end}</s:Envelope>`
  )
}
