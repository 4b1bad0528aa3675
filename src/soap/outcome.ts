/**
 * What the answer to a call means: the party's word, its final no, or something that may pass.
 * Limits: what a party says of its reasons is cut to 500 characters; what a web page says is not repeated at all.
 */
import type { LegacyOutcome } from '../exchange/legacy.ts'
import type { ReadFault } from './answer.ts'

/**
 * What can be told without reading SOAP; undefined when there is SOAP to be read. Success without it is none: nobody who could
 * speak for the party has taken anything.
 */
export function statusOutcome(status: number, contentType: string, body: string): LegacyOutcome | undefined {
  if (status >= 300 && status < 400)
    return { verdict: 'unavailable', sentence: `The peer answered ${status}; redirects are not followed.` }
  const what = kindOf(contentType, body)
  if (what === undefined) return undefined
  return { verdict: 'unavailable', sentence: `The peer answered ${what} with status ${status}, expected SOAP.` }
}

/** What a body is that is not SOAP. Types are often wrong: what begins as XML is read, unless it is a page. */
function kindOf(contentType: string, body: string): string | undefined {
  const start = body
    .slice(0, 512)
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (start === '') return 'nothing'
  if (/^<!doctype html|^<html/i.test(start)) return 'HTML'
  if (start.startsWith('<')) return /^text\/html/i.test(contentType) && !/Envelope/.test(start) ? 'HTML' : undefined
  if (/^[[{]/.test(start)) return 'JSON'
  return 'text'
}

/** It may have understood, or not: until it says so in the words of its contract, it is asked again. */
export function unreadable(status: number, what: string, cause?: unknown): LegacyOutcome {
  const sentence = `The answer of the peer, with status ${status}, ${what}.`
  return { verdict: 'unavailable', sentence, ...(cause === undefined ? {} : { cause }) }
}

/** Codes that say who is refused, not what: as 401 and 403 of OSCP 2.0 they pass when somebody sets a password right. */
const aboutUs =
  /^(?:SecurityError|IdentityMismatch|FailedAuthentication|FailedCheck|InvalidSecurity|InvalidSecurityToken|SecurityTokenUnavailable|UnsupportedSecurityToken|UnsupportedAlgorithm|MessageExpired)$/
const notHosted = /^(?:NotSupported|ActionNotSupported)$/

/** Of a fault. That an operation is not supported is final, whoever is to blame for it. */
export function faultOutcome({ isSender, codes, reason }: ReadFault, status: number): LegacyOutcome {
  const code = codes.slice(0, 2).join(' ').slice(0, 100)
  const sentence = reason === '' ? `The peer answered the fault ${code || 'without a code'}, status ${status}.` : reason
  if (codes.some((one) => notHosted.test(one))) return { verdict: 'refused', sentence, unsupported: true }
  if (codes.some((one) => aboutUs.test(one))) return { verdict: 'unavailable', sentence }
  if (isSender) return { verdict: 'refused', sentence, unsupported: false }
  return { verdict: 'unavailable', sentence }
}
