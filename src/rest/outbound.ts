/**
 * Sends one OSCP 2.0 message to a modern peer and says what became of it: accepted, refused for good, or not reachable.
 * Limits: it makes one attempt; repeating is the agenda's business.
 */
import type { ModernPeer, ModernWire, Outcome } from '../exchange/peers.ts'
import type { HttpAnswer, HttpClient } from '../http/outbound.ts'

/** protocol/oscp-2.0.md section 11: these may pass later; any other 4xx, and 501, is the peer's final word. */
const passing = new Set([401, 403, 408, 425, 429])

export function modernWire(http: HttpClient): ModernWire {
  return {
    async send(peer, message, value, ids, withinMs) {
      const headers: Record<string, string> = {
        authorization: `Token ${peer.token}`,
        'content-type': 'application/json',
        'x-request-id': ids.request,
      }
      if (ids.correlation !== undefined) headers['x-correlation-id'] = ids.correlation
      try {
        return outcome(await http.post(messageUrl(peer, message), headers, JSON.stringify(value), withinMs))
      } catch (cause) {
        return { verdict: 'unavailable', sentence: 'The peer did not answer.', cause }
      }
    },
  }
}

/** `UpdateGroupCapacityForecast` → `<base url>/update_group_capacity_forecast`. */
function messageUrl(peer: ModernPeer, message: string): string {
  const name = message.replace(/(?<=[a-z])[A-Z]/g, (c) => `_${c}`).toLowerCase()
  return `${peer.url.replace(/\/+$/, '')}/${name}`
}

function outcome(answer: HttpAnswer): Outcome {
  const { status } = answer
  if (status >= 200 && status < 300) {
    // A login page or a proxy's apology also comes with 200: nobody accepted a limit there.
    if (/^text\/html/i.test(answer.contentType))
      return { verdict: 'unavailable', sentence: `The peer answered HTML with status ${status}, not OSCP 2.0.` }
    return { verdict: 'accepted' }
  }
  const retryAfterMs = parseRetryAfter(answer.retryAfter)
  const said = messageOf(answer)
  if (status >= 400 && status !== 501 && (status >= 500 || passing.has(status)))
    return {
      verdict: 'unavailable',
      sentence: `The peer answered ${status}.`,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  if (status < 400)
    return { verdict: 'unavailable', sentence: `The peer answered ${status}; redirects are not followed.` }
  return { verdict: 'refused', sentence: said ?? `The peer refused with status ${status}.` }
}

/** The `message` of an error body, whatever family the peer is of; undefined for anything else. */
function messageOf(answer: HttpAnswer): string | undefined {
  try {
    const body: unknown = JSON.parse(answer.body)
    const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined
    const text = Array.isArray(message) ? message.join('; ') : message
    return typeof text === 'string' && text.trim() !== '' ? text : undefined
  } catch {
    return undefined
  }
}

/** Retry-After in seconds or as a date, as milliseconds from now; undefined when it is neither. */
export function parseRetryAfter(text: string | undefined, now = Date.now()): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000
  // Date.parse makes a date of almost anything, such as -5; one with a time of day has a colon.
  const at = text.includes(':') ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
