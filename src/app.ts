/**
 * Composition root: the only file that knows every room. It builds the gateway from its configuration and starts it.
 * Limits: it starts nothing until the mappings are accounted for; a Redis that is down makes it not ready, not dead.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Config, isLegacy, type LinkConfig } from './config.ts'
import { type Finding, FindingsError } from './contract/model.ts'
import { Agenda } from './exchange/agenda.ts'
import { Forecasts } from './exchange/forecasts.ts'
import type { LinkId, PeerId } from './exchange/ids.ts'
import type { Ledger } from './exchange/ledger.ts'
import type { Observer } from './exchange/observer.ts'
import { type LegacyPeer, type Link, Links, type ModernPeer } from './exchange/peers.ts'
import { legacyReceiver } from './exchange/receive.ts'
import { type Listener, listen } from './http/listen.ts'
import { httpClient } from './http/outbound.ts'
import { type Crossing, loadCrossings } from './mapping/crossings.ts'
import { mountedCrossings } from './mapping/mounted/load.ts'
import type { IdTable } from './mapping/run.ts'
import { type Log, logObserver, reason } from './ops/log.ts'
import { probes } from './ops/probes.ts'
import { modernWire } from './rest/outbound.ts'
import { soapInbound } from './soap/inbound.ts'
import { MemoryLedger } from './state/memory/ledger.ts'
import { connectRedis } from './state/redis/client.ts'
import { RedisLedger } from './state/redis/ledger.ts'

export interface Gateway {
  readonly soapUrl: string
  readonly adminUrl: string
  readonly crossings: readonly Crossing[]
  /** Stops taking work, finishes what runs within the time, and closes the state last. */
  stop(withinMs?: number): Promise<void>
}

export interface GatewayOptions {
  readonly config: Config
  readonly log: Log
  readonly crossings: readonly Crossing[]
  /** Also told of everything that happens, besides the log. */
  readonly observer?: Observer
  /** Time and randomness, for tests. */
  readonly now?: () => number
  readonly random?: () => number
}

/** The folder that holds package.json, wsdl/ and, compiled or not, mappings/. */
export const home = findHome(dirname(fileURLToPath(import.meta.url)))

/** Loads and accounts for every mapping that ships. Throws FindingsError. */
export function shippedCrossings(): Promise<Crossing[]> {
  const here = dirname(fileURLToPath(import.meta.url))
  return loadCrossings(join(here, '..', 'mappings'), join(home, 'wsdl'))
}

/** What ships, and every dialect mounted in this folder, if there is one. Throws FindingsError. */
export async function allCrossings(dialects: string | undefined): Promise<Crossing[]> {
  const shipped = await shippedCrossings()
  return dialects === undefined ? shipped : [...shipped, ...mountedCrossings(dialects, shipped)]
}

/** Starts the gateway. Throws FindingsError for a configuration that the mappings cannot serve. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, crossings } = options
  const now = options.now ?? Date.now
  const { links, legacy } = buildLinks(config, crossings)
  const observer = all([logObserver(log), ...(options.observer ? [options.observer] : [])])
  const ledger = openLedger(config, log, now)
  const http = httpClient()
  const forecasts = new Forecasts({
    ledger,
    wire: modernWire(http),
    links,
    observer,
    times: {
      attempt: config.delivery.timeout,
      firstRetry: config.delivery.firstRetry,
      longestRetry: config.delivery.longestRetry,
    },
    now,
    newId: randomUUID,
    random: options.random ?? Math.random,
  })
  const agenda = new Agenda({
    ledger,
    observer,
    workers: new Map([['forecast', forecasts]]),
    peers: () => links.modernPeers().map((peer) => peer.id),
    every: 200,
    perPeer: 16,
  })

  const admin = await listen(
    probes(() => ledger.isReady()).callback(),
    config.listen.admin.host,
    config.listen.admin.port,
  )
  let soap: Listener
  let publicUrl = config.publicUrl ?? ''
  const inbound = soapInbound({
    peers: legacy.map((peer) => ({ ...peer, services: contractOf(crossings, config, peer.id) })),
    receiver: legacyReceiver({ links, forecasts, observer, now, offlineAfter: config.offlineAfter }),
    publicUrl: () => publicUrl,
    bodyLimit: config.bodyLimit,
    newId: randomUUID,
    onRefused: (exchange, peer, error) =>
      observer.exchanged({
        exchange,
        peer,
        operation: undefined,
        direction: 'toModern',
        outcome: error.kind,
        durationMs: 0,
        receipts: [],
        error,
      }),
  })
  try {
    soap = await listen(inbound.callback(), config.listen.soap.host, config.listen.soap.port)
  } catch (error) {
    await Promise.all([admin.close(0), http.close(), ledger.close()])
    throw error
  }
  const soapUrl = urlOf(soap)
  publicUrl ||= soapUrl
  agenda.start()
  log.info(
    { soap: soapUrl, admin: urlOf(admin), state: config.redis ? 'redis' : 'memory', mappings: hashes(crossings) },
    'listening',
  )

  return {
    soapUrl,
    adminUrl: urlOf(admin),
    crossings,
    async stop(withinMs = 5000) {
      await Promise.all([soap.close(withinMs), agenda.stop()])
      await Promise.race([forecasts.settled(), new Promise((resolve) => setTimeout(resolve, withinMs).unref())])
      await admin.close(0)
      await http.close()
      await ledger.close()
    },
  }
}

/** Everything about a configuration that only the mappings can judge. Throws FindingsError. */
export function startupChecks(config: Config, crossings: readonly Crossing[]): void {
  buildLinks(config, crossings)
}

/** One link as the gateway would serve it, or undefined when there is none of this name. Throws FindingsError. */
export function linkNamed(config: Config, crossings: readonly Crossing[], name: string): Link | undefined {
  return buildLinks(config, crossings).links.byId(name as LinkId)
}

function openLedger(config: Config, log: Log, now: () => number): Ledger {
  if (config.redis)
    return new RedisLedger(connectRedis({ url: config.redis.url }, (error) => log.warn(reason(error), 'redis')))
  log.warn(
    'State is in memory: undelivered forecasts are forgotten when this process ends. Configure Redis to keep them.',
  )
  return new MemoryLedger(now)
}

function buildLinks(config: Config, crossings: readonly Crossing[]): { links: Links; legacy: LegacyPeer[] } {
  const findings: Finding[] = []
  const legacy: LegacyPeer[] = []
  const modern = new Map<string, ModernPeer>()
  for (const [id, peer] of Object.entries(config.peers)) {
    if (isLegacy(peer)) legacy.push({ id: id as PeerId, role: peer.role, zone: peer.zone })
    else modern.set(id, { id: id as PeerId, role: peer.role, url: peer.url, token: peer.token! })
    if (!isLegacy(peer)) continue
    const spoken = crossings.find((c) => c.legacy.id === peer.contract)?.legacy
    const host = peer.role === 'dso' ? 'csp' : 'dso'
    if (!spoken?.services.some((service) => service.host === host))
      findings.push({
        file: 'configuration',
        rule: `peers.${id}.contract`,
        sentence: spoken
          ? `${peer.contract} does not say what a ${host} hosts, so a ${peer.role} has nothing to call`
          : `${peer.contract} is not a contract of any mapping`,
      })
  }
  const links = Object.entries(config.links).flatMap(([name, link]): Link[] => {
    const [legacyPeer, modernPeer] = [legacy.find((peer) => peer.id === link.legacy)!, modern.get(link.modern)!]
    const contracts = [config.peers[link.legacy]!.contract, config.peers[link.modern]!.contract]
    const crossing = crossings.find((c) => c.legacy.id === contracts[0] && c.modern.id === contracts[1])
    if (!crossing) {
      findings.push({
        file: 'configuration',
        rule: `links.${name}`,
        sentence: `no mapping leads from ${contracts.join(' to ')}`,
      })
      return []
    }
    return [
      {
        id: name as LinkId,
        legacy: legacyPeer,
        modern: modernPeer,
        crossing,
        cspIdentity: link.cspIdentity,
        groups: idTable(link.groups),
        answerWithin: link.answerWithin,
        mapping: {
          amperePhases: link.amperePhases,
          ampereAllMeans: link.ampereAllMeans,
          phaseBalance: link.phaseBalance,
        },
      },
    ]
  })
  if (findings.length > 0) throw new FindingsError(findings)
  return { links: new Links(links), legacy }
}

function contractOf(crossings: readonly Crossing[], config: Config, peer: PeerId) {
  const id = config.peers[peer]!.contract
  return crossings.find((crossing) => crossing.legacy.id === id)!.legacy.services
}

function idTable(groups: LinkConfig['groups']): IdTable {
  if (groups === 'identity') return { toModern: (cable) => cable, toLegacy: (group) => group }
  const up = new Map(Object.entries(groups))
  const down = new Map([...up].map(([cable, group]) => [group, cable]))
  return { toModern: (cable) => up.get(cable), toLegacy: (group) => down.get(group) }
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

function hashes(crossings: readonly Crossing[]): Record<string, string> {
  return Object.fromEntries(crossings.map((crossing) => [crossing.id, crossing.hash]))
}

function urlOf({ host, port }: Listener): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function findHome(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  return findHome(dirname(folder))
}
