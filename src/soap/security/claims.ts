/**
 * Lets what may be used once be used once, on whatever replica: the first to write it in the state has it.
 * Limits: when the state cannot be reached nothing is claimed, and the message is refused; a claim whose answer was lost
 * may stand, so that the sender must send a new message, not the same again.
 */
import { createHash } from 'node:crypto'
import { GatewayError } from '../../errors.ts'
import type { PeerId } from '../../exchange/ids.ts'
import type { Ledger } from '../../exchange/ledger.ts'

/** What is claimed: its kind, and what makes it unique. */
export interface Once {
  readonly kind: 'nonce' | 'signature'
  readonly key: string
}

/** `keepFor` in milliseconds. Throws GatewayError `message-replayed`, or `state-unavailable`. */
export async function claimOnce(
  ledger: Pick<Ledger, 'write'>,
  peer: PeerId,
  { kind, key }: Once,
  keepFor: number,
): Promise<void> {
  const id = `${kind}/${createHash('sha256').update(key).digest('hex')}`
  if (await ledger.write({ peer, id }, 0, { record: {}, due: 'not due', keepFor })) return
  throw new GatewayError(
    'message-replayed',
    'This message was received before; a repeat needs a new nonce or signature.',
  )
}
