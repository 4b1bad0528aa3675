/**
 * Tokens as they are issued, recognised and read: 43 random characters out, a hash to remember them by, anything printable in.
 * Limits: a hash is enough to recognise a token and of no use to call anybody; the token itself is kept nowhere by this file.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../errors.ts'

/** SHA-256 of a token, in hex. */
export type TokenHash = string

/** 32 random bytes as base64url: every peer known takes 43 characters of `[A-Za-z0-9_-]` (protocol/oscp-2.0.md section 6.7). */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

export function hashOf(token: string): TokenHash {
  return createHash('sha256').update(token, 'utf8').digest('hex')
}

/** In constant time for hashes of one length. */
export function sameHash(a: TokenHash, b: TokenHash): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** A token from a Register body, without the scheme that some put before it (D-02). Throws `invalid-message`. */
export function tokenOf(value: unknown, longest: number): string {
  const token = typeof value === 'string' ? value.replace(/^(?:Token|Bearer) /i, '').trim() : ''
  if (token === '') throw invalid('is required and must be a string')
  if (!/^[\x21-\x7e]+$/.test(token)) throw invalid('must be printable ASCII without spaces')
  if (token.length > longest) throw invalid(`must have at most ${longest} characters`)
  return token
}

function invalid(sentence: string): GatewayError {
  return new GatewayError('invalid-message', `token ${sentence}`, { problems: [{ path: 'token', sentence }] })
}
