/**
 * Builds everything that makes the gateway a party of OSCP 2.0: its sessions, its face, and how it calls its peers.
 * Limits: nothing is called and nothing listens until it is told to.
 */
import { type Config, isLegacy, type ModernPeerConfig } from '../config.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { Ledger } from '../exchange/ledger.ts'
import type { ModernReceiver } from '../exchange/modern.ts'
import type { Observer } from '../exchange/observer.ts'
import type { KeepPace } from '../exchange/pace.ts'
import type { ModernWire } from '../exchange/peers.ts'
import type { HttpClient, OutboundTls } from '../http/outbound.ts'
import type { Crossing } from '../mapping/crossings.ts'
import { type Log, reason } from '../ops/log.ts'
import { type Tracing, untraced } from '../ops/tracing.ts'
import { type RestInbound, restInbound } from '../rest/inbound.ts'
import { accessTokens } from '../rest/oauth.ts'
import { describeApi } from '../rest/openapi.ts'
import { modernWire, restCaller, sessionCall } from '../rest/outbound.ts'
import { Segments } from '../rest/segments.ts'
import type { SessionPeer } from '../session/api.ts'
import { Sessions, type SessionsOptions } from '../session/sessions.ts'
import { Vault } from '../session/vault.ts'

export interface PartyOptions {
  readonly config: Config
  readonly crossings: readonly Crossing[]
  readonly ledger: Ledger
  readonly http: HttpClient
  /** How each party is called over TLS. */
  readonly tls?: (peer: PeerId) => OutboundTls | undefined
  readonly keepPace: KeepPace
  readonly log: Log
  readonly observer: Observer
  /** What the REST listener is reached under, without a slash at its end; known once it listens. */
  readonly publicUrl: () => string
  readonly version: string
  readonly tracing?: Tracing
  /** Default: by the configuration's key. */
  readonly vault?: Vault
  readonly now: () => number
  readonly random: () => number
  readonly newId: () => string
  /** What follows from a peer's coming and going, and whether a heartbeat may be sent. */
  readonly hooks?: Pick<SessionsOptions, 'onOnline' | 'onOffline' | 'mayBeat'>
}

export interface Party {
  readonly sessions: Sessions
  readonly segments: Segments
  readonly wire: ModernWire
  readonly peers: readonly PeerId[]
  /** The face; `receiver` takes what is about groups. */
  face(receiver: ModernReceiver): RestInbound
}

export function openParty(options: PartyOptions): Party {
  const { config, crossings, ledger, http, log, observer, publicUrl, now, random, newId } = options
  const { tracing = untraced } = options
  const configured = modernPeers(config)
  const outbound = configured.map(({ id, peer }) => ({
    id,
    url: peer.url,
    profile: peer.profile,
    tls: options.tls?.(id),
  }))
  const call = restCaller(http, accessTokens(http, now), outbound)
  const sessions = new Sessions({
    peers: sessionPeers(config),
    ledger,
    vault: options.vault ?? vaultOf(config),
    call: tracing.call(sessionCall(call, outbound)),
    observer: {
      changed: (line) => log.info(line, 'session'),
      called: ({ error, ...line }) =>
        log[line.outcome === 'accepted' ? 'info' : 'warn']({ ...line, ...reason(error) }, 'call'),
      alarm: (alarm, about) => observer.alarm(alarm, about),
    },
    baseUrl: ({ role }) => `${publicUrl()}/oscp/${role === 'fp' ? 'cp' : 'fp'}/2.0`,
    attemptMs: config.delivery.timeout,
    now,
    newId,
    random,
    ...options.hooks,
  })
  const segments = new Segments({
    ledger,
    now,
    limit: 8 * config.bodyLimit,
    onDropped: (peer, route, dropped) =>
      observer.alarm('segments incomplete', { peer, error: `${dropped} segment(s) of ${route}` }),
  })
  const contract = crossings[0]!.modern.json!
  const profiles = new Map(configured.map(({ id, peer }) => [id, { ...peer.profile, messages: peer.messages }]))
  return {
    sessions,
    segments,
    peers: configured.map(({ id }) => id),
    wire: tracing.modernWire(
      modernWire({
        call,
        contract,
        peers: outbound,
        address: (peer) => sessions.address(peer),
        observed: (peer, status) => sessions.observed(peer, status),
      }),
    ),
    face: (receiver) =>
      restInbound({
        sessions,
        receiver: tracing.receiver(receiver),
        contract,
        profile: (peer) => profiles.get(peer)!,
        ledger,
        segments,
        observer,
        onTolerated: (exchange, peer, sentence) => log.warn({ exchange_id: exchange, peer, sentence }, 'tolerated'),
        openapi: () => describeApi({ contract, publicUrl: publicUrl(), version: options.version }),
        bodyLimit: config.bodyLimit,
        mostBlocks: config.limits.blocks,
        keepPace: options.keepPace,
        now,
        newId,
      }),
  }
}

function modernPeers(config: Config): { id: PeerId; peer: ModernPeerConfig }[] {
  return Object.entries(config.peers).flatMap(([id, peer]) => (isLegacy(peer) ? [] : [{ id: id as PeerId, peer }]))
}

export function sessionPeers(config: Config): SessionPeer[] {
  return modernPeers(config).map(({ id, peer: { role, registration, url, token, inboundToken, profile } }) => {
    return { id, role, registration, url, token, inboundToken, profile }
  })
}

/** The newest key first; another only opens what was sealed before. Without a key what is sealed ends with the process. */
export function vaultOf({ tokenKey = '' }: Config): Vault {
  const keys = tokenKey
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return keys.length > 0 ? new Vault(keys) : Vault.ephemeral()
}
