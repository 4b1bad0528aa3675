/**
 * Recognises a message that was received before, so that it gets its answer again and is not carried twice.
 * A repeat has the same peer, route and X-Request-ID, and the same body as the last message with that id had. The last one,
 * because some peers give every message the same id (D-37): their third message may well equal their first, and be news.
 * Limits: 24 hours. While the first is still being worked on, a repeat is told to come back; a crash leaves that so for a minute.
 */
import { createHash } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { PeerId, RequestId } from '../exchange/ids.ts'
import type { Ledger, LedgerKey } from '../exchange/ledger.ts'

interface Seen {
  readonly body: string
  readonly done: boolean
}

const working = 60_000
const remembered = 24 * 3600_000

export interface Message {
  readonly peer: PeerId
  readonly route: string
  readonly request: RequestId
  readonly body: string
}

/** Runs `work` unless the message is a repeat; then resolves with undefined. What `work` throws is forgotten, and may come again. */
export async function once<T>(
  ledger: Ledger,
  message: Message,
  work: () => Promise<T>,
): Promise<{ result: T } | undefined> {
  const key: LedgerKey = { peer: message.peer, id: `seen/${message.route}/${digest(message.request)}` }
  const body = digest(message.body)
  const revision = await claim(ledger, key, body)
  if (revision === undefined) return undefined
  let result: T
  try {
    result = await work()
  } catch (error) {
    // If even this fails the claim runs out by itself.
    await ledger.remove(key, revision).catch(() => undefined)
    throw error
  }
  const seen: Seen = { body, done: true }
  // It is carried: not remembering it only means that a repeat would be carried again, which is allowed.
  await ledger.write(key, revision, { record: seen, due: 'not due', keepFor: remembered }).catch(() => undefined)
  return { result }
}

/** The revision of our claim; undefined when the message is a repeat. Throws `peer-unavailable` while the first one runs. */
async function claim(ledger: Ledger, key: LedgerKey, body: string): Promise<number | undefined> {
  for (;;) {
    const stored = await ledger.read<Seen>(key)
    if (stored?.record.body === body) {
      if (stored.record.done) return undefined
      throw new GatewayError('state-unavailable', 'The same message is still being worked on; send it again later.')
    }
    const revision = stored?.revision ?? 0
    const record: Seen = { body, done: false }
    if (await ledger.write(key, revision, { record, due: 'not due', keepFor: working })) return revision + 1
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
