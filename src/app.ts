/**
 * Composition root: the only file that knows every room. It builds the gateway from its configuration and starts it.
 * Limits: it starts nothing until the mappings are accounted for; a Redis that is down makes it not ready, not dead.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildLinks, contractOf } from './app/links.ts'
import { openParty } from './app/party.ts'
import type { Config } from './config.ts'
import { Agenda, type Worker } from './exchange/agenda.ts'
import { Forecasts } from './exchange/forecasts.ts'
import type { Ledger } from './exchange/ledger.ts'
import type { Observer } from './exchange/observer.ts'
import { legacyReceiver } from './exchange/receive.ts'
import { modernReceiver } from './exchange/receive-modern.ts'
import { type Listener, listen } from './http/listen.ts'
import { httpClient } from './http/outbound.ts'
import { type Crossing, loadCrossings } from './mapping/crossings.ts'
import { type Log, logObserver, reason } from './ops/log.ts'
import { probes } from './ops/probes.ts'
import type { Sessions } from './session/sessions.ts'
import { soapInbound } from './soap/inbound.ts'
import { MemoryLedger } from './state/memory/ledger.ts'
import { connectRedis } from './state/redis/client.ts'
import { RedisLedger } from './state/redis/ledger.ts'

export interface Gateway {
  readonly soapUrl: string
  readonly restUrl: string
  readonly adminUrl: string
  readonly sessions: Sessions
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

const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }

/** Loads and accounts for every mapping that ships. Throws FindingsError. */
export function shippedCrossings(): Promise<Crossing[]> {
  const here = dirname(fileURLToPath(import.meta.url))
  return loadCrossings(join(here, '..', 'mappings'), join(home, 'wsdl'))
}

/** Starts the gateway. Throws FindingsError for a configuration that the mappings cannot serve. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, crossings } = options
  const now = options.now ?? Date.now
  const { links, legacy } = buildLinks(config, crossings)
  const observer = all([logObserver(log), ...(options.observer ? [options.observer] : [])])
  const ledger = openLedger(config, log, now)
  const http = httpClient()
  let restUrl = (config.publicRestUrl ?? config.publicUrl)?.replace(/\/+$/, '') ?? ''
  const party = openParty({
    config,
    crossings,
    ledger,
    http,
    log,
    observer,
    publicUrl: () => restUrl,
    version,
    now,
    random: options.random ?? Math.random,
    newId: randomUUID,
  })
  const forecasts = new Forecasts({
    ledger,
    wire: party.wire,
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
    workers: new Map<string, Worker>([
      ['forecast', forecasts],
      ['session', party.sessions],
      ['segments', party.segments],
    ]),
    peers: () => party.peers,
    every: 200,
    perPeer: 16,
  })

  const admin = await listen(
    probes(() => ledger.isReady()).callback(),
    config.listen.admin.host,
    config.listen.admin.port,
  )
  const face = party.face(modernReceiver({ links, observer, now, flows: new Map() }))
  let soap: Listener
  let rest: Listener | undefined
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
    rest = await listen(face.callback, config.listen.rest.host, config.listen.rest.port)
    soap = await listen(inbound.callback(), config.listen.soap.host, config.listen.soap.port)
  } catch (error) {
    await Promise.all([rest?.close(0), admin.close(0), http.close(), ledger.close()])
    throw error
  }
  const soapUrl = urlOf(soap)
  publicUrl ||= soapUrl
  restUrl ||= urlOf(rest)
  // Registrations that are ours to start wait for the state, which is still being connected to, and not for the next restart.
  await party.sessions.startInTime(1000)
  agenda.start()
  log.info(
    {
      soap: soapUrl,
      rest: urlOf(rest),
      admin: urlOf(admin),
      state: config.redis ? 'redis' : 'memory',
      mappings: hashes(crossings),
    },
    'listening',
  )

  return {
    soapUrl,
    restUrl: urlOf(rest),
    sessions: party.sessions,
    adminUrl: urlOf(admin),
    crossings,
    async stop(withinMs = 5000) {
      party.sessions.stop()
      await Promise.all([soap.close(withinMs), rest.close(withinMs), agenda.stop()])
      const settled = Promise.all([face.settled(), party.sessions.settled(), forecasts.settled()])
      await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, withinMs).unref())])
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

function openLedger(config: Config, log: Log, now: () => number): Ledger {
  if (config.redis)
    return new RedisLedger(connectRedis({ url: config.redis.url }, (error) => log.warn(reason(error), 'redis')))
  log.warn(
    'State is in memory: undelivered forecasts are forgotten when this process ends. Configure Redis to keep them.',
  )
  return new MemoryLedger(now)
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
