/**
 * Judges whether a message is fresh, by what it says about its creation and its end.
 * Limits: a message that is valid for longer than the agreed window is good for the window only; the party's clock may be
 * off by the agreed skew either way.
 */
import { GatewayError } from '../../errors.ts'
import { onlyChild, type XmlNode } from './header.ts'
import { wsu } from './names.ts'
import type { InPolicy } from './policy.ts'
import { refuse } from './refusal.ts'

export type Times = Pick<InPolicy, 'skew' | 'window'>

/** Throws GatewayError: `caller-refused` for what cannot be read, `message-stale` for what is not from now. */
export function checkTimestamp(timestamp: XmlNode, times: Times, now: number): void {
  const created = onlyChild(timestamp, wsu, 'Created')
  if (!created) refuse('The Timestamp must say when the message was created.')
  checkCreated(readInstant(created), times, now)
  const expires = onlyChild(timestamp, wsu, 'Expires')
  if (!expires) return
  const end = readInstant(expires)
  if (end <= readInstant(created)) refuse('The Timestamp must not expire before it is created.')
  if (end <= now - times.skew) stale('The message has expired.')
}

export function checkCreated(created: number, { skew, window }: Times, now: number): void {
  if (created > now + skew) stale('The message was created in the future; are both clocks right?')
  if (created <= now - skew - window) stale('The message was created too long ago; are both clocks right?')
}

/** Milliseconds since 1970. Throws `caller-refused` for what is not an instant: a date, a time and an offset. */
export function readInstant({ local, text }: XmlNode): number {
  const said = text.trim()
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)$/.test(said)
    ? Date.parse(said)
    : Number.NaN
  if (Number.isNaN(at)) refuse(`${local} must be a time such as 2026-03-02T22:00:00Z.`)
  return at
}

/** For how long a repeat of a message must be recognised, in milliseconds: until it is stale by any replica's clock. */
export function memoryFor({ skew, window }: Times): number {
  return window + 2 * skew + 60_000
}

function stale(sentence: string): never {
  throw new GatewayError('message-stale', sentence)
}
