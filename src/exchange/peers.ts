/** The parties and links the gateway serves, and the two small interfaces by which the wires meet the exchange. */
import type { LegacyRole } from '../contract/model.ts'
import { GatewayError } from '../errors.ts'
import type { Value } from '../mapping/compile.ts'
import type { Crossing } from '../mapping/crossings.ts'
import type { Context, IdTable } from '../mapping/run.ts'
import type { ExchangeId, LinkId, PeerId, RequestId } from './ids.ts'

export interface LegacyPeer {
  readonly id: PeerId
  readonly role: LegacyRole
  /** IANA zone of its times without offset; undefined means that such times are refused. */
  readonly zone: string | undefined
  /** Where its own endpoint is called; undefined means that it only calls. */
  readonly url: string | undefined
  readonly soapVersion: '1.1' | '1.2'
  /** Headers added to every call. */
  readonly headersOut: Readonly<Record<string, string>>
  /** `none`: it gives no signs of life and is sent none. */
  readonly heartbeats: 'on' | 'none'
  /** The pace of heartbeats to it, and at which it is expected to be heard of, in milliseconds. */
  readonly heartbeatEvery: number
}

export interface ModernPeer {
  readonly id: PeerId
  readonly role: 'fp' | 'cp' | 'co'
  readonly url: string
  readonly token: string
}

/** A configured limit; ampere are per phase. */
export interface SafeLimit {
  readonly capacity: number
  readonly unit: 'A' | 'W' | 'KW'
}

/** One legacy and one modern peer that speak through us, and what was agreed between them. */
export interface Link {
  readonly id: LinkId
  readonly legacy: LegacyPeer
  readonly modern: ModernPeer
  /** Who advises the operator within the limits of this link. */
  readonly optimizer?: ModernPeer | undefined
  readonly crossing: Crossing
  /** The charge spot operator's identity on the 1.0 wire, when it is configured. */
  readonly cspIdentity: string | undefined
  readonly groups: IdTable
  /** How long a SOAP caller waits for the modern peer's word, in milliseconds. */
  readonly answerWithin: number
  readonly mapping: Pick<
    Context,
    'amperePhases' | 'ampereAllMeans' | 'phaseBalance' | 'grid' | 'oddBlocks' | 'voltage' | 'legacyUnit' | 'energyType'
  >
  /** Whether a legacy operator is told an OPTIMUM that lies below its limit. */
  readonly optimum: 'show' | 'apply'
  /** Group (2.0 name) → what is safe while the modern peer is offline and left no fallback. */
  readonly fallback: ReadonlyMap<string, SafeLimit>
  /** A newer forecast of the modern peer replaces all to come of its phases, not only the time it covers. */
  readonly replaces: boolean
  /** What a legacy operator is held to while the modern peer is offline. */
  readonly whenOffline: 'fallback' | 'ride out' | 'smaller'
}

/** What became of one attempt to hand a message to a peer. `sentence` may be shown to the other side. */
export type Outcome = (
  | {
      readonly verdict: 'accepted'
      /** The JSON that came with a 2xx, which the protocol leaves empty. */
      readonly body?: unknown
    }
  | { readonly verdict: 'refused'; readonly sentence: string }
  | {
      readonly verdict: 'unavailable'
      readonly sentence: string
      readonly retryAfterMs?: number
      readonly cause?: unknown
    }
) & {
  /** HTTP status of the answer; absent when none came. */
  readonly status?: number
}

/** The OSCP 2.0 wire outwards. Never rejects. */
export interface ModernWire {
  send(
    peer: ModernPeer,
    message: string,
    value: Value,
    ids: {
      readonly request: RequestId
      readonly correlation?: RequestId
      /** The exchanges that the message carries on, for those who follow a message's way. */
      readonly exchanges?: readonly ExchangeId[]
    },
    withinMs: number,
  ): Promise<Outcome>
}

export class Links {
  private readonly all: readonly Link[]

  constructor(all: readonly Link[]) {
    this.all = all
  }

  /**
   * The link that a legacy peer's message is about: its only one, or the one that `cspIdentity` names.
   * Throws `identity-mismatch` when the identity is needed and missing, or names no link of this peer.
   */
  ofLegacy(peer: PeerId, cspIdentity: string | undefined): Link {
    const own = this.all.filter((link) => link.legacy.id === peer)
    const [first, ...others] = own
    if (first === undefined) throw new GatewayError('identity-mismatch', 'This party has no link configured.')
    if (cspIdentity === undefined) {
      if (others.length === 0) return first
      throw new GatewayError('identity-mismatch', 'This party has several links: the header cspIdentity must name one.')
    }
    const named = own.find((link) => link.cspIdentity === cspIdentity)
    if (named) return named
    // With a single link the header is optional, and means nothing when no identity was configured.
    if (others.length === 0 && first.cspIdentity === undefined) return first
    throw new GatewayError('identity-mismatch', 'The header cspIdentity names no link of this party.')
  }

  byId(id: LinkId): Link | undefined {
    return this.all.find((link) => link.id === id)
  }

  ofModern(peer: PeerId): Link[] {
    return this.all.filter((link) => link.modern.id === peer)
  }

  /** Also those that a party only advises on. */
  withModern(peer: PeerId): Link[] {
    return this.all.filter((link) => modernOf(link, peer) !== undefined)
  }

  ofOptimizer(peer: PeerId): Link[] {
    return this.all.filter((link) => link.optimizer?.id === peer)
  }

  list(): readonly Link[] {
    return this.all
  }
}

/** The party of this name at the modern end of a link, if it is one. */
export function modernOf(link: Link, peer: PeerId): ModernPeer | undefined {
  return [link.modern, link.optimizer].find((modern) => modern?.id === peer)
}

/** The context of one translation on this link. */
export function contextOf(link: Link, now: number, offlineAfterMs: number): Context {
  return { now, zone: link.legacy.zone, groups: link.groups, offlineAt: now + offlineAfterMs, ...link.mapping }
}
