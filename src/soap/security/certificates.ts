/**
 * Says which of a party's certificates one is, by what was agreed: the very certificate, or one of a subject whose issuer we trust.
 * Limits: validity is checked against the clock; revocation is not: take a certificate out of the configuration instead.
 */
import { X509Certificate } from 'node:crypto'
import type { CertificatePolicy, TrustedCertificate } from './policy.ts'

/** Certificates that a party may use, as they were agreed. */
export interface Trust {
  /** What was agreed about this certificate; undefined when it is not to be trusted. `issued`: its chain is proven already. */
  find(certificate: X509Certificate, now: number, issued?: boolean): TrustedCertificate | undefined
  /** Certificates that are known whole, for messages that do not carry theirs. */
  readonly known: readonly X509Certificate[]
}

/** Any certificate of a trusted authority, where nothing narrower was agreed. */
const anybody: TrustedCertificate = {}

export function compileTrust({ certificates, ca = '' }: CertificatePolicy): Trust {
  const authorities = readCertificates(ca)
  const pinned = new Map<string, TrustedCertificate>()
  const known: X509Certificate[] = []
  for (const entry of certificates) {
    if (entry.fingerprint !== undefined) pinned.set(plain(entry.fingerprint), entry)
    if (entry.certificate === undefined) continue
    const certificate = new X509Certificate(entry.certificate)
    pinned.set(plain(certificate.fingerprint256), entry)
    known.push(certificate)
  }
  const named = certificates.filter(({ subject, san }) => subject !== undefined || san !== undefined)
  return {
    known,
    find(certificate, now, issued = false) {
      if (!isValid(certificate, now)) return undefined
      const exact = pinned.get(plain(certificate.fingerprint256))
      if (exact) return exact
      // The party's own authorities are the narrower choice: those of the listener do not add to them.
      const isProven =
        authorities.length > 0 ? authorities.some((authority) => isIssuedBy(certificate, authority, now)) : issued
      if (!isProven) return undefined
      if (named.length === 0) return authorities.length > 0 ? anybody : undefined
      return named.find((entry) => isNamed(certificate, entry))
    },
  }
}

/** Every certificate of a PEM file. Throws when one cannot be read. */
export function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => new X509Certificate(block))
}

function isValid({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now <= Date.parse(validTo)
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate, now: number): boolean {
  return (
    authority.ca &&
    isValid(authority, now) &&
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey)
  )
}

function isNamed(certificate: X509Certificate, { subject, san }: TrustedCertificate): boolean {
  const parts = certificate.subject?.split('\n') ?? []
  const names = certificate.subjectAltName ?? ''
  return (
    (subject === undefined || subjectParts(subject).every((part) => parts.includes(part))) &&
    // Node quotes a name that holds a comma; such a list is not taken apart by guessing.
    (san === undefined || (!names.includes('"') && names.split(', ').includes(san)))
  )
}

/** `CN=a, O=b` in its parts; a comma in a value is written `\,`. */
export function subjectParts(subject: string): string[] {
  return subject.split(/(?<!\\),/).map((part) => part.trim().replace(/\\,/g, ','))
}

function plain(fingerprint: string): string {
  return fingerprint.replace(/[:\s]/g, '').toLowerCase()
}
