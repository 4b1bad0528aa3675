/**
 * Lets what may be used once be used once, on whatever replica: the first to write it in the state has it.
 * Limits: when the state cannot be reached nothing is claimed, and the message is refused. A repeat, byte for byte the same, is
 * let pass only where somebody else sees to it that it is not worked on twice; any other must be a new message.
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

interface Claimed {
  /** What the message says that used it up; absent when not even its repeat may use it. */
  readonly print?: string | undefined
}

/**
 * `keepFor` in milliseconds; `print` is the message's, when its repeats may pass. Throws GatewayError `message-replayed`, or
 * `state-unavailable`.
 */
export async function claimOnce(
  ledger: Pick<Ledger, 'read' | 'write'>,
  peer: PeerId,
  { kind, key }: Once,
  keepFor: number,
  print: string | undefined,
): Promise<void> {
  const id = `${kind}/${createHash('sha256').update(key).digest('hex')}`
  const record: Claimed = { print }
  if (await ledger.write({ peer, id }, 0, { record, due: 'not due', keepFor, listed: false })) return
  if (print !== undefined && (await ledger.read<Claimed>({ peer, id }))?.record.print === print) return
  throw new GatewayError(
    'message-replayed',
    'This message was received before; a repeat needs a new nonce or signature.',
  )
}
