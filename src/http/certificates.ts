/**
 * Reads the certificate that the caller of a request has proved to hold the key of, and compares it with what is expected.
 * Limits: a fingerprint is enough by itself; a subject or a name counts only in a certificate of an authority that we trust.
 */
import type { IncomingMessage } from 'node:http'
import { type PeerCertificate, TLSSocket } from 'node:tls'

export interface ClientCertificate {
  /** SHA-256 of the whole certificate: 64 hexadecimal digits in lower case. */
  readonly fingerprint: string
  /** Signed by an authority of clientCaFile, and valid now. */
  readonly trusted: boolean
  /** `CN` → its values. */
  readonly subject: ReadonlyMap<string, readonly string[]>
  /** Alternative names as `DNS:csms.example.net`. */
  readonly names: readonly string[]
  /** Valid from and to, in milliseconds since 1970. */
  readonly validFrom: number
  readonly validTo: number
}

/** Undefined when the connection is none of TLS, or the caller showed no certificate. */
export function readClientCertificate({ socket }: IncomingMessage): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const known = read.get(socket)
  if (known) return known
  const given = socket.getPeerCertificate()
  if (!given?.fingerprint256) return undefined
  const certificate: ClientCertificate = {
    fingerprint: given.fingerprint256.replaceAll(':', '').toLowerCase(),
    trusted: socket.authorized,
    subject: subjectOf(given),
    names: namesOf(given.subjectaltname ?? ''),
    validFrom: Date.parse(given.valid_from),
    validTo: Date.parse(given.valid_to),
  }
  read.set(socket, certificate)
  return certificate
}

/** A connection has one certificate, whatever number of requests. */
const read = new WeakMap<TLSSocket, ClientCertificate>()

/**
 * Whether the certificate is one of those expected: a SHA-256 fingerprint with or without colons, `CN=…,O=…` of which every
 * part must be in its subject, or an alternative name such as `DNS:csms.example.net` or `URI:…`. `now` in milliseconds since 1970.
 */
export function matchesCertificate(
  certificate: ClientCertificate | undefined,
  expected: readonly string[],
  now: number,
): boolean {
  if (!certificate || now < certificate.validFrom || now >= certificate.validTo) return false
  return expected.some((one) => matches(certificate, one))
}

function matches(certificate: ClientCertificate, expected: string): boolean {
  if (isFingerprint(expected)) return certificate.fingerprint === expected.replaceAll(':', '').toLowerCase()
  if (!certificate.trusted) return false
  if (alternativeName.test(expected)) return certificate.names.includes(expected)
  const parts = subjectParts(expected)
  return parts?.every(([name, value]) => certificate.subject.get(name)?.includes(value)) ?? false
}

const alternativeName = /^(?:DNS|URI|email|IP Address):\S+$/

function isFingerprint(text: string): boolean {
  return /^[0-9a-f]{64}$|^[0-9a-f]{2}(?::[0-9a-f]{2}){31}$/i.test(text)
}

/** Whether the text is of one of the forms that `matchesCertificate` compares. */
export function isCertificateName(text: string): boolean {
  return isFingerprint(text) || alternativeName.test(text) || subjectParts(text) !== undefined
}

/** `CN=a,O=b` as pairs; a comma within a value is written `\,`. */
function subjectParts(text: string): [string, string][] | undefined {
  const parts = text.split(/(?<!\\),/).map((part) => {
    const found = /^\s*([A-Za-z][A-Za-z0-9.]*)=(.*\S)\s*$/.exec(part)
    return found && ([found[1]!.toUpperCase(), found[2]!.replaceAll('\\,', ',')] as [string, string])
  })
  return parts.every((part) => part !== null) ? parts : undefined
}

function subjectOf({ subject }: PeerCertificate): Map<string, readonly string[]> {
  const entries = Object.entries(subject ?? {}) as [string, string | string[]][]
  return new Map(entries.map(([name, value]) => [name.toUpperCase(), Array.isArray(value) ? value : [value]]))
}

/** Node quotes a name in which there is a comma or a quote, so that none can pretend to be two. */
function namesOf(text: string): string[] {
  const found = text.matchAll(/(?:^|, )(DNS|URI|email|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g)
  return [...found].map(([, kind, name]) => `${kind}:${name!.startsWith('"') ? JSON.parse(name!) : name}`)
}
