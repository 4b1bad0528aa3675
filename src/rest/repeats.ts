/**
 * Recognises a 2.0 message that was received before, so that it gets its answer again and is not carried twice.
 * A repeat has the same peer, route and X-Request-ID, and the same body as the last message with that id had. The last one,
 * because some peers give every message the same id (D-37): their third message may well equal their first, and be news.
 * Limits: 24 hours. A copy that comes while the first is still being worked on waits for its answer, for a while.
 */
import { createHash } from 'node:crypto'
import type { ExchangeId, PeerId, RequestId } from '../exchange/ids.ts'
import type { Ledger } from '../exchange/ledger.ts'
import { once } from '../exchange/once.ts'

export interface Message {
  readonly exchange: ExchangeId
  readonly peer: PeerId
  readonly route: string
  readonly request: RequestId
  readonly body: string
}

/** Runs `work` unless the message is a repeat; then resolves with undefined. What `work` throws is forgotten, and may come again. */
export async function unlessRepeated<T>(
  ledger: Ledger,
  { exchange, peer, route, request, body }: Message,
  work: () => Promise<T>,
): Promise<{ result: T } | undefined> {
  let done: { result: T } | undefined
  const key = { peer, id: `seen/${route}/${digest(request)}` }
  // Every answer is 204 without a body, so there is nothing of it to be kept.
  await once(ledger, { key, print: digest(body), exchange, other: 'news' }, async () => {
    done = { result: await work() }
    return null
  })
  return done
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
