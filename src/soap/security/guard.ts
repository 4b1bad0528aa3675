/**
 * Lets one party's messages in: everything that was agreed with it must hold, or the message is refused and nothing has happened.
 * Limits: credentials come from the configuration and need no state; what may be used once needs it, and is refused without.
 */
import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../../errors.ts'
import type { PeerId } from '../../exchange/ids.ts'
import type { Ledger } from '../../exchange/ledger.ts'
import type { SoapVersion } from '../versions.ts'
import { verifyBasic } from './basic.ts'
import { compileTrust } from './certificates.ts'
import { claimOnce, type Once } from './claims.ts'
import { verifyClientCertificate } from './client-certificate.ts'
import { keepCovered, type Names } from './coverage.ts'
import { onlyChild, scanEnvelope } from './header.ts'
import { wsse, wsu } from './names.ts'
import type { InPolicy } from './policy.ts'
import { refuse } from './refusal.ts'
import { verifySignature } from './signature.ts'
import { checkTimestamp, memoryFor } from './timestamp.ts'
import { verifyUsernameToken } from './username-token.ts'

/** A message that may be decoded. */
export interface Admitted {
  /** What may be decoded of it. */
  readonly document: string
  /** Header blocks that were dealt with here. */
  readonly understands: (uri: string, local: string) => boolean
  /** The operator that the message is from. Throws `identity-mismatch` when the header names another than the credentials. */
  cspIdentity(header: string | undefined): string | undefined
  /**
   * Uses up what may be used once; to be called last. `print` is what the whole message says, given when the caller takes
   * care of repeats: they may use the same. Throws `message-replayed` or `state-unavailable`.
   */
  claim(print?: string): Promise<void>
}

/** A caller who has shown what is shown outside of the message. */
export interface Caller {
  /** `ownHeaders` are those of the contract. Throws GatewayError. */
  admit(document: string, version: SoapVersion, ownHeaders: Names): Admitted
}

export interface Guard {
  /** To be called before the body is read. Throws GatewayError. */
  meet(request: IncomingMessage): Caller
}

export interface GuardOptions {
  readonly peer: PeerId
  readonly policy: InPolicy | undefined
  readonly ledger: Pick<Ledger, 'read' | 'write'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function compileGuard({ peer, policy, ledger, now }: GuardOptions): Guard {
  if (!policy) return openDoor
  const { usernameToken, basic, timestamp } = policy
  const clients = policy.clientCertificate && compileTrust(policy.clientCertificate)
  const signature = policy.signature && { sha1: policy.signature.sha1, trust: compileTrust(policy.signature) }
  const readsMessage = usernameToken !== undefined || signature !== undefined || timestamp === 'required'
  return { meet }

  function meet(request: IncomingMessage): Caller {
    const shown: Credential[] = []
    if (clients) shown.push(verifyClientCertificate(request, clients, now()))
    if (basic) shown.push(verifyBasic(request.headers.authorization, basic.users))
    return {
      admit(document, version, ownHeaders) {
        if (!readsMessage) return admitted(document, nothing, shown, [])
        return admitMessage(document, version, ownHeaders, shown)
      },
    }
  }

  function admitMessage(
    document: string,
    version: SoapVersion,
    ownHeaders: Names,
    shown: readonly Credential[],
  ): Admitted {
    const scanned = scanEnvelope(document, version)
    const { security } = scanned
    const credentials = [...shown]
    const once: Once[] = []
    let readable = document
    if (signature) {
      const verified = verifySignature(document, security, signature, now())
      const covered = keepCovered(scanned, verified, version, ownHeaders)
      checkTimestamp(covered.timestamp, policy!, now())
      credentials.push(verified.certificate)
      once.push({ kind: 'signature', key: verified.signedInfo })
      readable = covered.document
    }
    if (usernameToken) {
      const verified = verifyUsernameToken(security, usernameToken, policy!, now())
      credentials.push(verified.user)
      if (verified.once !== undefined) once.push({ kind: 'nonce', key: verified.once })
    }
    // Of a signed message it was checked as it was signed.
    const freshness = security && onlyChild(security, wsu, 'Timestamp')
    if (freshness && !signature) checkTimestamp(freshness, policy!, now())
    else if (!freshness && timestamp === 'required') refuse('The message must have a Security header with a Timestamp.')
    return admitted(readable, isSecurity, credentials, once)
  }

  function admitted(
    document: string,
    understands: Admitted['understands'],
    credentials: readonly Credential[],
    once: readonly Once[],
  ): Admitted {
    const bound = boundIdentity(credentials)
    return {
      document,
      understands,
      cspIdentity(header) {
        if (bound === undefined || header === undefined || header === bound) return header ?? bound
        throw new GatewayError(
          'identity-mismatch',
          'The header cspIdentity names another operator than the credentials.',
        )
      },
      async claim(print) {
        for (const one of once) await claimOnce(ledger, peer, one, memoryFor(policy!), print)
      },
    }
  }
}

const nothing = () => false
const isSecurity = (uri: string, local: string) => uri === wsse && local === 'Security'

interface Credential {
  readonly cspIdentity?: string | undefined
}

/** The one operator that all credentials speak for; undefined when none says. Throws `identity-mismatch`. */
function boundIdentity(credentials: readonly Credential[]): string | undefined {
  const [one, other] = new Set(credentials.flatMap(({ cspIdentity }) => cspIdentity ?? []))
  if (other !== undefined)
    throw new GatewayError('identity-mismatch', 'The credentials of this message are of different operators.')
  return one
}

/** Nothing was agreed with this party: whoever reaches the listener is it. */
const openDoor: Guard = {
  meet: () => ({
    admit: (document) => ({
      document,
      understands: nothing,
      cspIdentity: (header) => header,
      claim: async () => {},
    }),
  }),
}
