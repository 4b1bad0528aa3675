/**
 * Takes one OSCP 2.0 message about a group through the gateway: is the group known here, and which flow carries it on.
 * Limits: messages of the session never come here. A message without a flow is answered 501 once its group is known.
 */
import { GatewayError } from '../errors.ts'
import type { AfterAnswer, ModernReceiver, ModernRequest } from './modern.ts'
import type { Observer } from './observer.ts'
import type { Link, Links } from './peers.ts'

/** What carries one message on. Resolves when it is safe to say 204; throws GatewayError, and then nothing was stored. */
export type ModernFlow = (request: ModernRequest, link: Link) => Promise<AfterAnswer | undefined>

export interface ReceiveModernOptions {
  readonly links: Links
  readonly observer: Observer
  readonly now: () => number
  /** By the name of the message. */
  readonly flows: ReadonlyMap<string, ModernFlow>
}

export function modernReceiver({ links, observer, now, flows }: ReceiveModernOptions): ModernReceiver {
  return { receive }

  async function receive(request: ModernRequest): Promise<AfterAnswer | undefined> {
    const started = now()
    const { exchange, peer, message } = request
    const line = { exchange, peer, operation: message, direction: 'toLegacy' as const, receipts: [] }
    try {
      const after = await carry(request)
      observer.exchanged({ ...line, outcome: 'accepted', durationMs: now() - started })
      return after
    } catch (error) {
      const outcome = error instanceof GatewayError ? error.kind : 'internal'
      observer.exchanged({ ...line, outcome, durationMs: now() - started, error })
      throw error
    }
  }

  async function carry(request: ModernRequest): Promise<AfterAnswer | undefined> {
    const link = findLink(request)
    const flow = flows.get(request.message)
    if (flow) return flow(request, link)
    throw new GatewayError('message-unsupported', 'This message is not carried yet.')
  }

  /** By its group, or, for the one message that names none, any link with this peer. */
  function findLink({ peer, value }: ModernRequest): Link {
    const own = links.ofModern(peer)
    const group = value.group_id
    const link = typeof group === 'string' ? own.find(({ groups }) => groups.toLegacy(group) !== undefined) : own[0]
    if (link) return link
    const sentence = 'is no group that is served here'
    throw new GatewayError('group-unknown', `group_id ${sentence}`, { problems: [{ path: 'group_id', sentence }] })
  }
}
