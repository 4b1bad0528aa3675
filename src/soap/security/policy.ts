/**
 * What is agreed with one legacy party about proving who calls: what it must show us (in), and what we show it (out).
 * Limits: everything that `in` names must hold at once; secrets are already read from their files.
 */

/** A name and password; `cspIdentity` is the one operator whose messages it may send. */
export interface User {
  readonly username: string
  readonly password?: string | undefined
  readonly cspIdentity?: string | undefined
}

/** One certificate, or the certificates of one subject. */
export interface TrustedCertificate {
  /** PEM. */
  readonly certificate?: string | undefined
  /** SHA-256, hexadecimal. */
  readonly fingerprint?: string | undefined
  /** Parts of the subject that must all be there, such as `CN=grid.example, O=Grid`. */
  readonly subject?: string | undefined
  /** One subject alternative name, such as `DNS:grid.example`. */
  readonly san?: string | undefined
  readonly cspIdentity?: string | undefined
}

export interface CertificatePolicy {
  readonly certificates: readonly TrustedCertificate[]
  /** PEM of one or more authorities; who is issued by one of them is trusted as far as subject and san say. */
  readonly ca?: string | undefined
}

export interface InPolicy {
  /** How far the party's clock may be off, in milliseconds. */
  readonly skew: number
  /** How long after its creation a message is good, in milliseconds, unless it says less itself. */
  readonly window: number
  readonly timestamp: 'required' | 'optional'
  readonly usernameToken?:
    | {
        readonly users: readonly User[]
        readonly passwordType: 'any' | 'text' | 'digest'
        readonly nonce: 'required' | 'optional'
      }
    | undefined
  readonly signature?: (CertificatePolicy & { readonly sha1: boolean }) | undefined
  readonly basic?: { readonly users: readonly User[] } | undefined
  readonly clientCertificate?: CertificatePolicy | undefined
}

export interface OutPolicy {
  readonly basic?: User | undefined
  readonly usernameToken?: (User & { readonly passwordType: 'text' | 'digest' }) | undefined
  /** How long our messages are good, in milliseconds; without it they carry no Timestamp, unless they are signed. */
  readonly timestamp?: number | undefined
  readonly signature?:
    | {
        /** PEM. */
        readonly certificate?: string | undefined
        readonly key?: string | undefined
        readonly algorithm: 'rsa-sha256' | 'rsa-sha384' | 'rsa-sha512'
      }
    | undefined
}
