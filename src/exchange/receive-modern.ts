/**
 * Takes one OSCP 2.0 message about a group through the gateway: is the group known here, and which flow carries it on.
 * Limits: messages of the session never come here. A message without a flow is answered 501 once its group is known.
 */
import { type ErrorKind, GatewayError } from '../errors.ts'
import type { Receipt } from '../mapping/run.ts'
import type { AfterAnswer, ModernReceiver, ModernRequest } from './modern.ts'
import type { Observer } from './observer.ts'
import type { Link, Links } from './peers.ts'

/**
 * What carries one message on. Resolves when it is safe to say 204; throws GatewayError, and then nothing was stored.
 * What its translations did it adds to `receipts`.
 */
export type ModernFlow = (request: ModernRequest, link: Link, receipts: Receipt[]) => Promise<AfterAnswer | undefined>

export interface ReceiveModernOptions {
  readonly links: Links
  readonly observer: Observer
  readonly now: () => number
  /** By the role of the party that sends, and the name of the message. */
  readonly flows: ModernFlows
}

export type ModernFlows = Readonly<Partial<Record<Link['modern']['role'], ReadonlyMap<string, ModernFlow>>>>

export function modernReceiver({ links, observer, now, flows }: ReceiveModernOptions): ModernReceiver {
  return { receive }

  async function receive(request: ModernRequest): Promise<AfterAnswer | undefined> {
    const started = now()
    const receipts: Receipt[] = []
    let link: Link | undefined
    const observe = (outcome: 'accepted' | ErrorKind, error?: unknown) =>
      observer.exchanged({ ...lineOf(request, link), receipts, outcome, durationMs: now() - started, error })
    try {
      link = findLink(request)
      const after = await carry(request, link, receipts)
      observe('accepted')
      return after
    } catch (error) {
      observe(error instanceof GatewayError ? error.kind : 'internal', error)
      throw error
    }
  }

  function carry(request: ModernRequest, link: Link, receipts: Receipt[]): Promise<AfterAnswer | undefined> {
    const flow = flows[link.modern.role]?.get(request.message)
    if (flow) return flow(request, link, receipts)
    throw new GatewayError('message-unsupported', 'This message is not taken from a party of this role.')
  }

  /** By its group, or, for the one message that names none, any link with this peer. */
  function findLink({ peer, value }: ModernRequest): Link {
    const own = links.withModern(peer)
    const group = value.group_id
    const link = typeof group === 'string' ? own.find(({ groups }) => groups.toLegacy(group) !== undefined) : own[0]
    if (link) return link
    const sentence = 'is no group that is served here'
    throw new GatewayError('group-unknown', `group_id ${sentence}`, { problems: [{ path: 'group_id', sentence }] })
  }
}

function lineOf({ exchange, peer, message, request, correlation, value }: ModernRequest, link: Link | undefined) {
  const groups = typeof value.group_id === 'string' ? [value.group_id] : []
  const about = { exchange, peer, operation: message, direction: 'toLegacy' as const, request, correlation, groups }
  return { ...about, link: link?.id }
}
