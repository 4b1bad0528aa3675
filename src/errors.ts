/**
 * Every error the gateway can meet is one of these kinds, and this table alone says what each kind becomes on each wire.
 * Limits: a kind tells *who* is at fault and what a caller may do; the sentence and the field paths tell what happened.
 */

/** Who must act before the same message can succeed: the caller ('never' retry as is), or time ('later'). */
export type RetryClass = 'never' | 'later'

interface ErrorRow {
  /** SOAP fault code; SOAP 1.1 says Client and Server for Sender and Receiver. */
  readonly code: 'Sender' | 'Receiver' | 'MustUnderstand' | 'VersionMismatch'
  /** OCPP-S fault subcode (protocol/oscp-1.0.md section 2). */
  readonly subcode:
    | 'SecurityError'
    | 'IdentityMismatch'
    | 'UrlMismatch'
    | 'ProtocolError'
    | 'InternalError'
    | 'NotSupported'
  /** HTTP status of the SOAP 1.1 fault. 500 by the SOAP 1.1 binding, except where HTTP refused before SOAP was read. */
  readonly soap11: number
  /** HTTP status of the SOAP 1.2 fault. */
  readonly soap12: number
  /** HTTP status on the JSON wire (protocol/oscp-2.0.md section 3.3). */
  readonly json: number
  readonly retry: RetryClass
  readonly log: 'debug' | 'info' | 'warn' | 'error'
}

const sender = {
  code: 'Sender',
  subcode: 'ProtocolError',
  soap11: 500,
  soap12: 400,
  retry: 'never',
  log: 'info',
} as const
const receiver = {
  code: 'Receiver',
  subcode: 'InternalError',
  soap11: 500,
  soap12: 500,
  retry: 'later',
  log: 'error',
} as const

export const errorTable = {
  /** Not well-formed, forbidden XML (DOCTYPE, processing instruction), wrong encoding, not an envelope. */
  'malformed-message': { ...sender, json: 400 },
  /** Well-formed, but not what the contract says: a field missing, unknown, mistyped, out of range. */
  'invalid-message': { ...sender, json: 400 },
  /** Valid, but it says something the other wire cannot express without distorting it. */
  untranslatable: { ...sender, json: 400 },
  'action-mismatch': { ...sender, json: 400 },
  'version-mismatch': { ...sender, code: 'VersionMismatch', soap12: 500, json: 400 },
  'header-not-understood': { ...sender, code: 'MustUnderstand', soap12: 500, json: 400 },
  /** NotSupported is a Receiver fault in OCPP-S, although repeating the call is pointless: deliberately retry 'never'. */
  'operation-unknown': { ...receiver, subcode: 'NotSupported', json: 404, retry: 'never', log: 'info' },
  /** A message of the protocol that we do not serve in this role, or do not carry. */
  'message-unsupported': { ...receiver, subcode: 'NotSupported', json: 501, retry: 'never', log: 'info' },
  'peer-unknown': { ...sender, subcode: 'UrlMismatch', soap11: 404, soap12: 404, json: 404 },
  'identity-mismatch': { ...sender, subcode: 'IdentityMismatch', json: 403, log: 'warn' },
  /** Nobody says who is calling. */
  'token-missing': { ...sender, subcode: 'SecurityError', json: 401, log: 'warn' },
  /** A token we never issued, have revoked, or issued for something else: a caller learns no more than that. */
  'token-unknown': { ...sender, subcode: 'SecurityError', json: 403, log: 'warn' },
  /** Not before registration and handshake are done (protocol/oscp-2.0.md section 14). */
  'not-online': { ...sender, json: 403 },
  /** A Register without a version that both sides speak. */
  'version-unsupported': { ...sender, json: 501, log: 'warn' },
  /** Answered per cable as `Rejected`, never as a fault of the whole message (protocol/oscp-1.0.md section 3). */
  'group-unknown': { ...sender, json: 404 },
  'method-not-allowed': { ...sender, soap11: 405, soap12: 405, json: 405 },
  'media-type-unsupported': { ...sender, soap11: 415, soap12: 415, json: 415 },
  'message-too-large': { ...sender, soap11: 413, soap12: 413, json: 413, log: 'warn' },
  'state-unavailable': { ...receiver, json: 503 },
  'peer-unavailable': { ...receiver, json: 503, log: 'warn' },
  internal: { ...receiver, json: 500 },
} as const satisfies Record<string, ErrorRow>

export type ErrorKind = keyof typeof errorTable

/** One thing wrong with a message: where, as a field path of the wire it came on, and what, as a sentence without values. */
export interface Problem {
  readonly path: string
  readonly sentence: string
}

/** The one error that crosses rooms. `message` and `problems` may be shown to a partner; `cause` never is. */
export class GatewayError extends Error {
  readonly kind: ErrorKind
  readonly problems: readonly Problem[]
  override readonly name = 'GatewayError'

  constructor(kind: ErrorKind, sentence: string, options: { problems?: readonly Problem[]; cause?: unknown } = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.problems = options.problems ?? []
  }

  get row(): ErrorRow {
    return errorTable[this.kind]
  }
}

/** Whatever was thrown, as a GatewayError; what we did not foresee becomes `internal` and shows a partner nothing. */
export function asGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError('internal', 'The gateway could not handle this message.', { cause: thrown })
}
