/**
 * Sends answers of the SOAP face to addresses of their own, once each; one that does not arrive raises an alarm.
 * Limits: the host was judged before; a reply is not kept, and ends with the process: who asked asks again.
 */
import type { Observer } from '../exchange/observer.ts'
import type { HttpClient, OutboundTls } from '../http/outbound.ts'
import type { Reply } from '../soap/inbound.ts'

export interface Replies {
  send(reply: Reply): void
  /** Resolves when none is on its way. */
  settled(): Promise<unknown>
}

export interface RepliesOptions {
  readonly http: HttpClient
  readonly observer: Observer
  /** The hosts each party may have its answers sent to. */
  readonly hostsOf: (peer: Reply['peer']) => readonly string[]
  /** How each party is called over TLS. */
  readonly tls: (peer: Reply['peer']) => OutboundTls | undefined
  /** Limit of the one attempt, in milliseconds. */
  readonly withinMs: number
}

export function openReplies({ http, observer, hostsOf, tls, withinMs }: RepliesOptions): Replies {
  const running = new Set<Promise<void>>()
  return {
    send(reply) {
      const sending = post(reply).finally(() => running.delete(sending))
      running.add(sending)
    },
    settled: () => Promise.all(running),
  }

  async function post({ peer, url, headers, body }: Reply): Promise<void> {
    try {
      const reach = { configured: [], allowAddresses: hostsOf(peer), allowHttp: true, tls: tls(peer) }
      const { status } = await http.send({ url, headers, body, withinMs, reach })
      if (status < 200 || status > 299) throw new Error(`it was answered ${status}`)
    } catch (error) {
      observer.alarm('reply undelivered', { peer, error })
    }
  }
}
