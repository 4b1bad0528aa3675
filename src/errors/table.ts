/**
 * Every error the gateway can meet is one of these kinds, and this table alone says what each kind becomes on each wire.
 * Limits: a kind tells *who* is at fault and what a caller may do; the sentence and the field paths tell what happened.
 */

/** Who must act before the same message can succeed: the caller ('never' retry as is), or time ('later'). */
export type RetryClass = 'never' | 'later'

export interface ErrorRow {
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
  /** What has happened, for whoever is told this kind or finds it in a log. */
  readonly meaning: string
  /** What to do about it. */
  readonly advice: string
}

const sender = {
  code: 'Sender',
  subcode: 'ProtocolError',
  soap11: 500,
  soap12: 400,
  retry: 'never',
  log: 'info',
} as const
const security = { ...sender, subcode: 'SecurityError', json: 403, log: 'warn' } as const
const receiver = {
  code: 'Receiver',
  subcode: 'InternalError',
  soap11: 500,
  soap12: 500,
  retry: 'later',
  log: 'error',
} as const

export const errorTable = {
  'malformed-message': {
    ...sender,
    json: 400,
    meaning:
      'Not well-formed, no envelope, XML that is forbidden here (DOCTYPE, processing instruction), or bytes of another encoding.',
    advice: 'Correct what the sender writes; the line and column are in the sentence.',
  },
  'invalid-message': {
    ...sender,
    json: 400,
    meaning: 'Well-formed, but not what the contract says: a field missing, unknown, mistyped or out of range.',
    advice: 'Correct each field whose path is named; the WSDL or /openapi.json says what it must be.',
  },
  untranslatable: {
    ...sender,
    json: 400,
    meaning: 'Valid, but it says something that the other protocol cannot express without distorting it.',
    advice: 'Say it otherwise; docs/mappings says of every field what can cross.',
  },
  'action-mismatch': {
    ...sender,
    json: 400,
    meaning: 'SOAPAction, `action=` or wsa:Action names another operation than the body.',
    advice: 'Send the action of the operation, or none.',
  },
  'version-mismatch': {
    ...sender,
    code: 'VersionMismatch',
    soap12: 500,
    json: 400,
    meaning:
      'The envelope is of another SOAP version than the media type, or of one that this party is not served with.',
    advice: 'SOAP 1.1 goes as text/xml, SOAP 1.2 as application/soap+xml; the Upgrade header names the envelopes.',
  },
  'header-not-understood': {
    ...sender,
    code: 'MustUnderstand',
    soap12: 500,
    json: 400,
    meaning: 'A SOAP header block is marked mustUnderstand, and the gateway does not know it.',
    advice: 'Leave the block out, or send it without mustUnderstand.',
  },
  'reply-address-refused': {
    ...sender,
    json: 400,
    log: 'warn',
    meaning: 'wsa:ReplyTo or wsa:FaultTo asks for the answer at an address that this party may not name.',
    advice: 'Send the anonymous address or none; or the operator lists the host under `replyTo` of this peer.',
  },
  // NotSupported is a Receiver fault in OCPP-S, although repeating the call is pointless: deliberately retry 'never'.
  'operation-unknown': {
    ...receiver,
    subcode: 'NotSupported',
    json: 404,
    retry: 'never',
    log: 'info',
    meaning: 'The service has no such operation, or the path names no message.',
    advice: 'Compare the element or path with the WSDL or /openapi.json.',
  },
  'message-unsupported': {
    ...receiver,
    subcode: 'NotSupported',
    json: 501,
    retry: 'never',
    log: 'info',
    meaning: 'A message of the protocol that is not served in this role, or that the gateway does not carry.',
    advice: 'Nothing will change by sending it again; agree on another way.',
  },
  'peer-unknown': {
    ...sender,
    subcode: 'UrlMismatch',
    soap11: 404,
    soap12: 404,
    json: 404,
    meaning: 'No party is configured at this address.',
    advice: 'Check the URL; its last segment is the name of the party in the configuration.',
  },
  'identity-mismatch': {
    ...sender,
    subcode: 'IdentityMismatch',
    json: 403,
    log: 'warn',
    meaning: 'cspIdentity is missing where it is needed, or names an operator that this caller has no link to.',
    advice: 'Send the cspIdentity that was agreed; the operator finds it under `links`.',
  },
  'token-missing': {
    ...security,
    json: 401,
    meaning: 'Nobody says who is calling.',
    advice: 'Send the credentials that were agreed.',
  },
  'token-unknown': {
    ...security,
    meaning:
      'A token that was never issued, has been revoked, or is for something else; a caller learns no more than that.',
    advice: 'Register again, or ask the operator for a new token.',
  },
  'caller-refused': {
    ...security,
    meaning: 'The caller does not show what was agreed with this party, or something about it is wrong.',
    advice:
      'Compare what the sentence names with `security.in` of this peer: user, password, certificate, what is signed.',
  },
  'credentials-needed': {
    ...security,
    soap11: 401,
    soap12: 401,
    json: 401,
    meaning: 'A user name and a password are needed in HTTP (Basic), or those that came are wrong.',
    advice: 'Send Authorization: Basic with the name and password that were agreed.',
  },
  'message-stale': {
    ...security,
    meaning: 'The message says that it is from another time: too old, expired, or from the future.',
    advice: 'Set both clocks right; or the operator raises `skew` or `window` in `security.in` of this peer.',
  },
  'message-replayed': {
    ...security,
    meaning: 'A nonce or a signature that was used before.',
    advice: 'Make a new nonce or signature for every message, also when one is repeated.',
  },
  'message-id-reused': {
    ...sender,
    json: 409,
    log: 'warn',
    meaning: 'Another message came with the same MessageID within a day, and it was answered.',
    advice:
      'Give each message an id of its own; only a repeat, byte for byte the same, keeps it and gets the first answer.',
  },
  'not-online': {
    ...sender,
    json: 403,
    meaning: 'Registration and handshake are not done yet.',
    advice: 'Register and shake hands first; `oscp-gateway peers` shows the operator where it stands.',
  },
  'version-unsupported': {
    ...sender,
    json: 501,
    log: 'warn',
    meaning: 'A Register without a protocol version that both sides speak.',
    advice: 'Offer version 2.0 in version_url.',
  },
  'group-unknown': {
    ...sender,
    json: 404,
    meaning: 'No link covers this cable or group. In SOAP it is answered per cable as `Rejected`, not as a fault.',
    advice: 'Compare the identifier with `groups` of the link.',
  },
  'method-not-allowed': {
    ...sender,
    soap11: 405,
    soap12: 405,
    json: 405,
    meaning: 'An HTTP method that this address does not take.',
    advice: 'Use one that the Allow header names.',
  },
  'media-type-unsupported': {
    ...sender,
    soap11: 415,
    soap12: 415,
    json: 415,
    meaning: 'A media type, character encoding or content encoding that is not read here.',
    advice: 'text/xml (SOAP 1.1), application/soap+xml (SOAP 1.2), application/json (OSCP 2.0); UTF-8 is always right.',
  },
  'headers-too-large': {
    ...sender,
    soap11: 431,
    soap12: 431,
    json: 431,
    log: 'warn',
    meaning:
      'The request line or the headers are more than the listener takes; HTTP ends there, before there is a message.',
    advice: 'Send fewer or shorter headers, or raise limits.headerBytes or limits.headers.',
  },
  'request-timeout': {
    ...sender,
    soap11: 408,
    soap12: 408,
    json: 408,
    retry: 'later',
    log: 'warn',
    meaning: 'Headers or body came too slowly.',
    advice: 'Look at the connection between the two; limits.headersTimeout and limits.requestTimeout are the times.',
  },
  'message-too-large': {
    ...sender,
    soap11: 413,
    soap12: 413,
    json: 413,
    log: 'warn',
    meaning: 'The body, also once inflated, is larger than `bodyLimit`, or a forecast has more blocks than any day.',
    advice: 'Send less at once; or the operator raises `bodyLimit`.',
  },
  'operation-forbidden': {
    ...security,
    json: 403,
    meaning: 'The party is known, but may not send this message here.',
    advice: 'Add it to `operations` or `messages` of this peer, if it should.',
  },
  /** 500 like any fault of a receiver, with Retry-After: stacks of SOAP 1.1 take no other status for a fault. */
  busy: {
    ...receiver,
    json: 429,
    log: 'warn',
    meaning: 'The party sends more messages than its `rateLimit` allows.',
    advice: 'Wait as long as Retry-After says; or raise the limit of this peer.',
  },
  'state-unavailable': {
    ...receiver,
    json: 503,
    meaning: 'The state store (Redis) cannot be reached, and this cannot be answered for without it.',
    advice: 'Send it again later; the operator looks at Redis.',
  },
  'peer-unavailable': {
    ...receiver,
    json: 503,
    log: 'warn',
    meaning: 'The party on the other side cannot be reached, or asks to wait.',
    advice: 'Send it again later, after a growing pause.',
  },
  internal: {
    ...receiver,
    json: 500,
    meaning: 'Something that nobody foresaw; the log has its cause under the exchange id.',
    advice: 'Send it again later, and tell the operator the exchange id.',
  },
} as const satisfies Record<string, ErrorRow>

export type ErrorKind = keyof typeof errorTable
