/**
 * Recognises a 1.0 message that was received before: the same bytes under the same MessageID get the first answer, byte for
 * byte; other bytes under a MessageID that was used are refused. A message without MessageID is never taken for another.
 * Limits: 24 hours; a fault is not remembered, so what failed may be sent again under its id. Answers beyond 64 KiB are worked
 * out anew. Where the state is away, messages with a MessageID are refused, except those that do no harm twice.
 */
import { createHash } from 'node:crypto'
import type { ExchangeId, PeerId } from '../exchange/ids.ts'
import type { Ledger } from '../exchange/ledger.ts'
import { type Happened, once } from '../exchange/once.ts'

export interface SoapMessage {
  readonly exchange: ExchangeId
  readonly peer: PeerId
  readonly messageId: string | undefined
  /** The envelope as it came. */
  readonly bytes: Uint8Array
  /** Whether the operation does no harm when it is done twice. */
  readonly harmless: boolean
}

/**
 * The envelope that answers the message: what `work` resolves to, or what the first copy was answered. `work` is told what
 * the message says when its repeats are recognised.
 */
export async function answerOnce(
  ledger: Ledger,
  { exchange, peer, messageId, bytes, harmless }: SoapMessage,
  work: (print?: string) => Promise<string>,
): Promise<Happened<string>> {
  if (messageId === undefined) return { answer: await work() }
  const key = { peer, id: `seen/soap/${digest(messageId)}` }
  const print = digest(bytes)
  return once(ledger, { key, print, exchange, other: 'refused', bestEffort: harmless }, () => work(print))
}

function digest(what: string | Uint8Array): string {
  return createHash('sha256').update(what).digest('base64url')
}
