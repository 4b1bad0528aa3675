/**
 * Reads the request headers of OSCP 2.0: who calls, which message this is, what it answers, which part of one it is.
 * Limits: names are case-insensitive and values opaque, except where the protocol says what they are.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../errors.ts'
import type { RequestId } from '../exchange/ids.ts'

export type Scheme = 'token' | 'bearer' | 'bare'

/** `Token x` or `Bearer x` in any case, or `x` alone (D-01). Throws `token-missing`. */
export function readAuthorization(headers: IncomingHttpHeaders): { scheme: Scheme; token: string } {
  const given = headers.authorization?.trim() ?? ''
  const [first = '', ...rest] = given.split(/\s+/)
  const scheme = first.toLowerCase()
  const token = scheme === 'token' || scheme === 'bearer' ? rest.join(' ') : given
  if (token === '')
    throw new GatewayError('token-missing', 'Authorization is missing: send `Authorization: Token <token>`.')
  if (scheme === 'token' || scheme === 'bearer') return { scheme, token }
  return { scheme: 'bare', token }
}

export interface Ids {
  /** Undefined when the sender gave none, or an empty one. */
  readonly request: RequestId | undefined
  readonly correlation: RequestId | undefined
}

export function readIds(headers: IncomingHttpHeaders): Ids {
  return { request: readId(headers['x-request-id']), correlation: readId(headers['x-correlation-id']) }
}

function readId(value: string | string[] | undefined): RequestId | undefined {
  const text = (Array.isArray(value) ? value.join(', ') : (value ?? '')).trim()
  return text === '' ? undefined : (text as RequestId)
}

export interface Segment {
  /** As sent: 1-based, or 0-based by some. */
  readonly index: number
  readonly count: number
}

const mostSegments = 100

/** Which part of a message this is; undefined when it is a whole one. Throws `invalid-message`. */
export function readSegment(headers: IncomingHttpHeaders): Segment | undefined {
  const [index, count] = [whole(headers, 'X-Segment-Index'), whole(headers, 'X-Segment-Count')]
  if (index === undefined && count === undefined) return undefined
  if (index === undefined || count === undefined)
    refuse(index === undefined ? 'X-Segment-Index' : 'X-Segment-Count', 'is missing: both headers belong to a segment')
  if (count < 1 || count > mostSegments) refuse('X-Segment-Count', `must be from 1 to ${mostSegments}`)
  if (index > count) refuse('X-Segment-Index', 'must not be more than X-Segment-Count')
  return count === 1 ? undefined : { index, count }
}

function whole(headers: IncomingHttpHeaders, name: string): number | undefined {
  const text = headers[name.toLowerCase()]
  if (text === undefined) return undefined
  if (typeof text === 'string' && /^\d{1,6}$/.test(text.trim())) return Number(text)
  refuse(name, 'must be a whole number')
}

function refuse(path: string, sentence: string): never {
  throw new GatewayError('invalid-message', `${path} ${sentence}`, { problems: [{ path, sentence }] })
}

/** Throws `media-type-unsupported` unless a body of this type is JSON in UTF-8. */
export function requireJson(headers: IncomingHttpHeaders): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters
    .find((part) => part.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '')
  if (/^application\/(?:[a-z0-9.-]+\+)?json$/.test(type) && (charset === undefined || /^utf-?8$/.test(charset))) return
  throw new GatewayError('media-type-unsupported', 'Send JSON in UTF-8 as application/json.')
}
