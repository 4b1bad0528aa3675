/**
 * Cuts a message into segments for a peer whose profile asks for it; each is a valid message (protocol/oscp-2.0.md section 5).
 * Limits: only lists of blocks and measurements are cut. Request ids of later segments follow from the first one's, so that
 * every attempt to send the message is the same to the byte.
 */
import { createHash } from 'node:crypto'
import type { RequestId } from '../exchange/ids.ts'
import type { Value } from '../mapping/compile.ts'

const lists = ['forecasted_blocks', 'measurements']

export interface SentPart {
  readonly body: Value
  readonly request: RequestId
  readonly correlation?: RequestId | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** The message whole, or in parts of at most `most` items; the later parts correlate to the first. */
export function cut(
  value: Value,
  ids: { readonly request: RequestId; readonly correlation?: RequestId },
  most: number | undefined,
): SentPart[] {
  const list = lists.find((name) => Array.isArray(value[name]))
  const items = list === undefined ? [] : (value[list] as unknown[])
  if (most === undefined || list === undefined || items.length <= most) return [{ body: value, ...ids }]
  const count = Math.ceil(items.length / most)
  return Array.from({ length: count }, (_, i) => ({
    body: { ...value, [list]: items.slice(i * most, (i + 1) * most) },
    request: i === 0 ? ids.request : derived(ids.request, i + 1),
    correlation: i === 0 ? ids.correlation : ids.request,
    headers: { 'x-segment-index': String(i + 1), 'x-segment-count': String(count) },
  }))
}

/** An id in the form of a UUID (version 8) that is always the same for this message and segment. */
function derived(request: RequestId, index: number): RequestId {
  const hex = createHash('sha256').update(`${request}/${index}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}` as RequestId
}
