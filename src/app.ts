/**
 * Composition root: with its folder the only place that knows every room. It starts the gateway, and stops it.
 * Limits: it starts nothing until the mappings are accounted for; a Redis that is down makes it not ready, not dead.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { begin } from './app/beginning.ts'
import { listenOn } from './app/faces.ts'
import { redisOptions } from './app/ledger.ts'
import { buildLinks } from './app/links.ts'
import { assemble } from './app/parts.ts'
import type { Phase } from './app/readiness.ts'
import { stop } from './app/stop.ts'
import { checkTlsFiles, type OwnCertificate } from './app/tls.ts'
import { type Config, isLegacy } from './config.ts'
import type { LinkId } from './exchange/ids.ts'
import type { LegacyView } from './exchange/liveness.ts'
import type { Observer } from './exchange/observer.ts'
import type { Link } from './exchange/peers.ts'
import type { Listener } from './http/listen.ts'
import { type Crossing, loadCrossings } from './mapping/crossings.ts'
import { mountedCrossings } from './mapping/mounted/load.ts'
import type { Log } from './ops/log.ts'
import type { Sessions } from './session/sessions.ts'

export interface Gateway {
  readonly soapUrl: string
  readonly restUrl: string
  readonly adminUrl: string
  readonly sessions: Sessions
  readonly crossings: readonly Crossing[]
  /** The legacy parties, and which of them are alive. Rejects while the state is away. */
  legacyPeers(): Promise<LegacyView[]>
  /** Ours, and when each ends. */
  certificates(): OwnCertificate[]
  /** Reads the files of certificates again; what cannot be used raises an alarm and changes nothing. */
  reload(): void
  /** As a signal asks for it: calls from outside are taken for `drain.delay` more, and everything has `drain.total`. */
  drain(): Promise<void>
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

export const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }

/** Which commit was built: whoever builds an image leaves it in this file. */
export const revision = existsSync(join(home, 'REVISION'))
  ? readFileSync(join(home, 'REVISION'), 'utf8').trim()
  : 'unknown'

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

/** How long a start waits for the state, in milliseconds; readiness waits longer. */
const patience = 5_000

/** Starts the gateway. Throws FindingsError for a configuration that the mappings cannot serve. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, log, crossings, observer, now = Date.now, random = Math.random } = options
  const urls = { soap: trimmed(config.publicUrl), rest: trimmed(config.publicRestUrl ?? config.publicUrl) }
  const parts = assemble({ config, log, crossings, observer, version, revision, now, random, urls })
  const phase: Phase = { draining: false, beginning: undefined }
  const faces = await listenOn(config, parts, phase)
  const { soapTls, restTls } = config.listen
  const at = { soap: urlOf(faces.soap, soapTls), rest: urlOf(faces.rest, restTls), admin: urlOf(faces.admin) }
  urls.soap ||= at.soap
  urls.rest ||= at.rest
  warnOfWildcards(config, at.soap, log)
  warnOfOpenDoors(config, log)
  const { sessions } = parts.party
  phase.beginning = begin({ ledger: parts.ledger, sessions, log, patience, pause: 100 })
  await phase.beginning.tried.catch(async (error: unknown) => {
    await stop(parts, faces, phase, { withinMs: 0, delayMs: 0, sidecarOf: 'none' })
    throw error
  })
  parts.agenda.start()
  parts.dsoFlows.start()
  log.info({ ...at, state: config.redis ? 'redis' : 'memory', mappings: hashes(crossings) }, 'listening')
  return {
    soapUrl: at.soap,
    restUrl: at.rest,
    adminUrl: at.admin,
    sessions,
    crossings,
    legacyPeers: () => parts.liveness.list(),
    certificates: () => parts.certificates.list(),
    reload: () => parts.certificates.reload(),
    drain: () => stop(parts, faces, phase, { ...drainTimes(config), sidecarOf: config.sidecarOf }),
    stop: (withinMs = 8000) => stop(parts, faces, phase, { withinMs, delayMs: 0, sidecarOf: 'none' }),
  }
}

function drainTimes({ drain }: Config) {
  return { delayMs: drain.delay, withinMs: drain.total }
}

/** A listener on every interface does not know by which of them partners come. */
function warnOfWildcards({ publicUrl, trustProxies, listen }: Config, soapUrl: string, log: Log): void {
  if (publicUrl === undefined && trustProxies.length === 0 && /^[0:.]+$/.test(listen.soap.host))
    log.warn(`publicUrl is not set: partners are told to call ${soapUrl}, where they find nothing. Set publicUrl.`)
}

/** Beyond this machine whoever reaches the listener could speak for a party that shows nothing. */
function warnOfOpenDoors({ peers, listen }: Config, log: Log): void {
  if (/^(?:127\.|::1$|localhost$)/.test(listen.soap.host)) return
  for (const [peer, settings] of Object.entries(peers))
    if (isLegacy(settings) && !settings.security.in)
      log.warn({ peer }, 'Anybody who reaches the SOAP listener may speak for this party: set its security.in.')
}

/** Everything about a configuration that only the mappings, and the files it names, can judge. Throws FindingsError. */
export function startupChecks(config: Config, crossings: readonly Crossing[]): void {
  buildLinks(config, crossings)
  checkTlsFiles(config)
  if (config.redis) redisOptions(config.redis)
}

/** One link as the gateway would serve it, or undefined when there is none of this name. Throws FindingsError. */
export function linkNamed(config: Config, crossings: readonly Crossing[], name: string): Link | undefined {
  return buildLinks(config, crossings).links.byId(name as LinkId)
}

function hashes(crossings: readonly Crossing[]): Record<string, string> {
  return Object.fromEntries(crossings.map((crossing) => [crossing.id, crossing.hash]))
}

/** Paths are put behind it. */
function trimmed(url = ''): string {
  return url.replace(/\/+$/, '')
}

function urlOf({ host, port }: Listener, tls?: object): string {
  return `http${tls ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function findHome(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  return findHome(dirname(folder))
}
