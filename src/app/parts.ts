/**
 * Puts the gateway together out of its rooms, by its configuration.
 * Limits: nothing listens and nothing is sent before app.ts says so; only the connection to the state is begun.
 */
import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { type Config, isLegacy, securityOf } from '../config.ts'
import { Agenda, type Worker } from '../exchange/agenda.ts'
import type { Breakers } from '../exchange/breaker.ts'
import type { Events } from '../exchange/event-queue.ts'
import type { EventKind } from '../exchange/events.ts'
import { eachByReceiver, optimizers } from '../exchange/flows/optimizers.ts'
import { Wishes } from '../exchange/flows/wishes.ts'
import { ForecastNames } from '../exchange/forecast-names.ts'
import type { Forecasts } from '../exchange/forecasts.ts'
import type { Heartbeats } from '../exchange/heartbeats.ts'
import type { LinkId, PeerId } from '../exchange/ids.ts'
import type { Journal } from '../exchange/journal.ts'
import type { Ledger } from '../exchange/ledger.ts'
import type { LegacyWire } from '../exchange/legacy.ts'
import { Liveness } from '../exchange/liveness.ts'
import type { Observer } from '../exchange/observer.ts'
import { type KeepPace, keepPace, type Rate } from '../exchange/pace.ts'
import type { LegacyPeer, Links } from '../exchange/peers.ts'
import { type LegacyFlow, legacyReceiver } from '../exchange/receive.ts'
import { modernReceiver } from '../exchange/receive-modern.ts'
import { byRole, flexibilityProviders } from '../exchange/receivers.ts'
import { KeptUsage } from '../exchange/usage-kept.ts'
import { compileList } from '../http/addresses.ts'
import { compileForwarded } from '../http/forwarded.ts'
import { type HttpClient, httpClient } from '../http/outbound.ts'
import type { Crossing } from '../mapping/crossings.ts'
import type { Console } from '../ops/console/router.ts'
import { type Log, logObserver } from '../ops/log.ts'
import type { Tracing } from '../ops/tracing.ts'
import type { RestInbound } from '../rest/inbound.ts'
import type { Sessions } from '../session/sessions.ts'
import { soapInbound } from '../soap/inbound.ts'
import { compileGuard } from '../soap/security/guard.ts'
import { consoleOf } from './console.ts'
import { type CspFlows, cspEvents, openCspFlows, operatorsReceiver } from './csp-flows.ts'
import { type CspRequests, openCspRequests } from './csp-requests.ts'
import { openBreakers, openEvents, openForecasts } from './delivery.ts'
import { type DsoFlows, openDsoFlows } from './dso-flows.ts'
import { observersOf } from './journal.ts'
import type { Lasting } from './lasting.ts'
import { openLegacyWire } from './legacy-wire.ts'
import { buildLinks, contractOf, heartbeatsOf } from './links.ts'
import { openHeartbeats } from './liveness.ts'
import { openParty, type Party } from './party.ts'
import { openReplies, type Replies } from './replies.ts'
import { type Certificates, openCertificates } from './tls.ts'

export interface PartsOptions {
  readonly config: Config
  readonly log: Log
  readonly crossings: readonly Crossing[]
  readonly observer: Observer | undefined
  readonly version: string
  readonly revision: string
  readonly now: () => number
  readonly random: () => number
  /** What each face is reached under, without a slash at its end; asked only once both listen. */
  readonly urls: { readonly soap: string; readonly rest: string }
}

export interface Parts {
  readonly config: Config
  readonly crossings: readonly Crossing[]
  readonly links: Links
  /** The messages that wait in queues, by name. */
  readonly kinds: ReadonlyMap<string, EventKind>
  readonly observer: Observer
  readonly ledger: Ledger
  readonly journal: Journal
  readonly http: HttpClient
  readonly certificates: Certificates
  readonly party: Party
  readonly legacyWire: LegacyWire
  readonly liveness: Liveness
  /** What was reported lately of the load of each group. */
  readonly usage: KeptUsage
  readonly forecasts: Forecasts
  /** What capacity optimizers are told. */
  readonly advice: Forecasts
  readonly events: Events
  /** How every peer's circuit stands. */
  readonly breakers: Breakers
  readonly dsoFlows: DsoFlows
  readonly agenda: Agenda
  readonly replies: Replies
  readonly console: Console
  readonly rest: RestInbound
  readonly handlers: Readonly<Record<'soap' | 'rest' | 'admin', RequestListener>>
}

/** Parts without what answers for them. */
export type Told = Omit<Parts, 'handlers'>

/** What every function below builds upon. */
export interface Ground extends Omit<PartsOptions, 'observer'> {
  readonly links: Links
  readonly legacy: readonly LegacyPeer[]
  readonly observer: Observer
  readonly ledger: Ledger
  readonly keepPace: KeepPace
  readonly liveness: Liveness
  readonly usage: KeptUsage
  readonly breakers: Breakers
  readonly tracing: Tracing
}

/**
 * Parts upon what lasts; `admin` makes the face that tells of them. Throws FindingsError for a configuration that the mappings
 * cannot serve, and then has opened nothing.
 */
export function assemble(options: PartsOptions, lasting: Lasting, admin: (parts: Told) => RequestListener): Parts {
  const { config, log, crossings, now } = options
  const { ledger, pace, journal, metrics, watch, tracing, memory, vault } = lasting
  // First of all, because it may find that there is nothing to be built.
  const built = buildLinks(config, tracing.crossings(crossings))
  const mappingOf = (link: LinkId) => built.links.byId(link)?.crossing.hash
  const observers = [logObserver(log, mappingOf), ...(options.observer ? [options.observer] : [])]
  const observer = all(observers)
  const certificates = openCertificates(config, log, observer, now)
  const breakers = openBreakers(options, observer)
  // Flows that send events put their kinds in here.
  const kinds = new Map<string, EventKind>()
  observers.push(watch.observer, metrics.observer, tracing.observer)
  observers.push(...observersOf(journal, config, built.links, now))
  const liveness = new Liveness({ ...built, ledger, now })
  const usage = new KeptUsage(ledger, now)
  const shared = { ledger, liveness, usage, breakers, tracing, keepPace: keepPace(pace, ratesOf(config)) }
  const ground: Ground = { ...options, ...built, observer, ...shared }
  const http = tracing.http(httpClient())
  const legacyWire = openLegacyWire(ground, http, certificates.peer)
  const events = openEvents(ground, kinds)
  // Sessions begin long after both are there.
  const hooks = {
    onOnline: async (peer: PeerId) => {
      await cspRequests.online(peer)
      await forecasts.resend(peer)
      await csp.limits.cameBack(peer)
      await dsoFlows.online(peer)
      await events.hasten(peer)
      await heartbeats.hasten(peer)
    },
    onOffline: async (peer: PeerId) => {
      await csp.limits.goneOffline(peer)
      await csp.limits.unadvised(peer)
    },
    mayBeat: (peer: PeerId) => liveness.isBacked(peer),
  }
  const tls = certificates.peer
  const party = openParty({ ...ground, vault, http, tls, hooks, publicUrl: () => options.urls.rest, newId: randomUUID })
  const [names, wishes] = [new ForecastNames(ledger, now), new Wishes(ledger, now)]
  const receiver = byRole(flexibilityProviders(party.wire), operatorsReceiver(ground, legacyWire, events))
  const forecasts: Forecasts = openForecasts(ground, events, receiver, { watch, names, memory: memory.forecasts })
  const advice = openForecasts(ground, events, optimizers(party.wire), { memory: memory.advice })
  const isOnline = async (peer: PeerId) => (await party.sessions.address(peer)) !== undefined
  const between = { wire: legacyWire, events, forecasts, names, wishes, isOnline, newId: randomUUID }
  const dsoFlows: DsoFlows = openDsoFlows({ ...ground, ...between })
  for (const [name, kind] of dsoFlows.kinds) kinds.set(name, kind)
  const cspRequests: CspRequests = openCspRequests(ground, party, events)
  for (const [name, kind] of cspRequests.kinds) kinds.set(name, kind)
  const heartbeats: Heartbeats = openHeartbeats(ground, party.sessions, legacyWire)
  const csp: CspFlows = openCspFlows(ground, forecasts, advice)
  for (const [name, kind] of cspEvents(ground, party.wire)) kinds.set(name, kind)
  const hostsOf = (peer: PeerId) => replyHosts(config, peer)
  const replies = openReplies({ http, observer, hostsOf, tls, withinMs: config.delivery.timeout })
  const forecast = eachByReceiver(forecasts, advice, ground.links)
  const flows = new Map([...csp.legacy, ...cspRequests.flows])
  const whole: Omit<Parts, 'console' | 'handlers'> = {
    config,
    crossings,
    links: ground.links,
    kinds,
    observer,
    ledger,
    journal,
    http,
    certificates,
    party,
    legacyWire,
    liveness,
    usage,
    forecasts,
    advice,
    events,
    breakers,
    dsoFlows,
    agenda: openAgenda(ground, party, {
      forecast,
      limits: csp.limits,
      queue: events,
      beat: heartbeats,
      ...dsoFlows.workers,
    }),
    replies,
    rest: party.face(
      modernReceiver({ links: ground.links, observer, now, flows: { fp: dsoFlows.modern, cp: new Map(csp.modern) } }),
    ),
  }
  const told: Told = { ...whole, console: consoleOf(ground, watch, whole) }
  const soap = soapFace(ground, { forecasts, wishes, replies, flows, sessions: party.sessions })
  return { ...told, handlers: { soap, rest: whole.rest.callback, admin: admin(told) } }
}

/** `work` is what the exchange has to do when it comes due, by the first part of a record's id. */
function openAgenda(ground: Ground, party: Party, work: Readonly<Record<string, Worker>>): Agenda {
  const { ledger, observer, legacy } = ground
  const { peers, sessions, segments } = party
  const workers = new Map<string, Worker>([...Object.entries(work), ['session', sessions], ['segments', segments]])
  const receiving = [...peers, ...legacy.map(({ id }) => id)]
  return new Agenda({ ledger, observer, workers, peers: () => receiving, every: 200, perPeer: 16 })
}

interface SoapParts {
  readonly forecasts: Forecasts
  readonly wishes: Wishes
  readonly replies: Replies
  readonly flows: ReadonlyMap<string, LegacyFlow>
  readonly sessions: Sessions
}

function soapFace(ground: Ground, { forecasts, wishes, replies, flows, sessions }: SoapParts): RequestListener {
  const { config, crossings, links, legacy, ledger, liveness, observer, keepPace, now, urls, tracing } = ground
  const forwarded = compileForwarded(config.trustProxies)
  return soapInbound({
    peers: legacy.map((peer) => {
      const isListed = compileList(replyHosts(config, peer.id))
      return {
        ...peer,
        services: contractOf(crossings, config, peer.id),
        guard: compileGuard({ peer: peer.id, policy: securityOf(config, peer.id).in, ledger, now }),
        operations: operationsOf(config, peer.id),
        harmless: heartbeatsOf(crossings, config, peer.id),
        mayReply: (host) => isListed(host, host),
      }
    }),
    receiver: tracing.receiver(
      legacyReceiver({
        links,
        forecasts,
        observer,
        now,
        offlineAfter: config.offlineAfter,
        mostBlocks: config.limits.blocks,
        signOfLife: (peer) => liveness.seen(peer),
        closed: (peer) => sessions.closed(peer),
        flows,
        wishes,
      }),
    ),
    publicUrl: (request) => config.publicUrl ?? forwarded(request) ?? urls.soap,
    bodyLimit: config.bodyLimit,
    keepPace,
    newId: randomUUID,
    reply: (reply) => replies.send(reply),
    ledger,
    onAnswered: (line) => observer.exchanged({ ...line, direction: 'toModern', durationMs: 0, receipts: [] }),
  }).callback()
}

function replyHosts({ peers }: Config, id: PeerId): readonly string[] {
  const peer = peers[id]
  return peer && isLegacy(peer) ? peer.replyTo : []
}

function operationsOf({ peers }: Config, id: PeerId): ReadonlySet<string> | undefined {
  const peer = peers[id]
  return peer && isLegacy(peer) && peer.operations ? new Set(peer.operations) : undefined
}

function ratesOf({ peers }: Config): Map<PeerId, Rate> {
  return new Map(Object.entries(peers).flatMap(([id, { rateLimit }]) => (rateLimit ? [[id as PeerId, rateLimit]] : [])))
}

function all(observers: readonly Observer[]): Observer {
  return {
    exchanged: (line) => {
      for (const observer of observers) observer.exchanged(line)
    },
    attempted: (line) => {
      for (const observer of observers) observer.attempted(line)
    },
    alarm: (alarm, about) => {
      for (const observer of observers) observer.alarm(alarm, about)
    },
  }
}
