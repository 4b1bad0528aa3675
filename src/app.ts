/**
 * Composition root: with its folder the only place that knows every room. It starts the gateway, and stops it.
 * Limits: it starts nothing until the mappings are accounted for; a Redis that is down makes it not ready, not dead.
 */
import { join } from 'node:path'
import { begin } from './app/beginning.ts'
import { adminFace, listenOn } from './app/faces.ts'
import { home, revision, version } from './app/home.ts'
import { openLasting } from './app/lasting.ts'
import { redisOptions } from './app/ledger.ts'
import { buildLinks } from './app/links.ts'
import { shippedMappings } from './app/mappings.ts'
import { assemble } from './app/parts.ts'
import type { Phase } from './app/readiness.ts'
import { reconfigure } from './app/reconfigure.ts'
import { Shift } from './app/shift.ts'
import { stop } from './app/stop.ts'
import { checkTlsFiles, type OwnCertificate } from './app/tls.ts'
import { type Config, isLegacy, type SettingChange } from './config.ts'
import { type Finding, FindingsError } from './contract/model.ts'
import type { LinkId } from './exchange/ids.ts'
import type { LegacyView } from './exchange/liveness.ts'
import type { Observer } from './exchange/observer.ts'
import type { Link } from './exchange/peers.ts'
import type { Listener } from './http/listen.ts'
import { type Crossing, compileCrossings } from './mapping/crossings.ts'
import { mountedCrossings } from './mapping/mounted/load.ts'
import type { Log } from './ops/log.ts'
import type { Sessions } from './session/sessions.ts'

export { home, revision, version }

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
  /**
   * Goes on under another configuration and other mappings, between two messages. Resolves with what differs; what needs a
   * restart stays as it was. Rejects with FindingsError, and then nothing has changed.
   */
  reconfigure(config: Config, crossings: readonly Crossing[]): Promise<SettingChange[]>
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

/** Loads and accounts for every mapping that ships. Throws FindingsError. */
export async function shippedCrossings(): Promise<Crossing[]> {
  return compileCrossings(await shippedMappings(), join(home, 'wsdl'))
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
  const { config, log, observer, now = Date.now, random = Math.random } = options
  // First of all, because there may be nothing to be opened.
  startupChecks(config, options.crossings)
  const phase: Phase = { draining: false, beginning: undefined }
  const at = { soap: '', rest: '', admin: '' }
  const fixed = { log, observer, version, revision, now, random }
  const lasting = await openLasting({ ...fixed, config, crossings: options.crossings, urls: at }, () => shift.current)
  const build = (config: Config, crossings: readonly Crossing[]) =>
    assemble({ ...fixed, config, crossings, urls: urlsOf(config, at) }, lasting, (parts) =>
      adminFace(parts, lasting, phase),
    )
  const shift = new Shift(build(config, options.crossings))
  const faces = await listenOn(config, shift, lasting.tracing).catch(async (error: unknown) => {
    shift.current.certificates.stop()
    shift.current.console.stop()
    await Promise.all([shift.current.http.close(), lasting.close(0)])
    throw error
  })
  const { soapTls, restTls } = config.listen
  Object.assign(at, { soap: urlOf(faces.soap, soapTls), rest: urlOf(faces.rest, restTls), admin: urlOf(faces.admin) })
  warnOfWildcards(config, at.soap, log)
  warnOfOpenDoors(config, log)
  const ending = { shift, faces, phase, lasting }
  const { party, agenda, dsoFlows } = shift.current
  phase.beginning = begin({ ledger: lasting.ledger, sessions: party.sessions, log, patience, pause: 100 })
  await phase.beginning.tried.catch(async (error: unknown) => {
    await stop(ending, { withinMs: 0, delayMs: 0, sidecarOf: 'none' })
    throw error
  })
  agenda.start()
  dsoFlows.start()
  log.info({ ...at, state: config.redis ? 'redis' : 'memory', mappings: hashes(options.crossings) }, 'listening')
  return {
    soapUrl: at.soap,
    restUrl: at.rest,
    adminUrl: at.admin,
    get sessions() {
      return shift.current.party.sessions
    },
    get crossings() {
      return shift.current.crossings
    },
    legacyPeers: () => shift.current.liveness.list(),
    certificates: () => shift.current.certificates.list(),
    reload: () => shift.current.certificates.reload(),
    async reconfigure(wanted, crossings) {
      startupChecks(wanted, crossings)
      const changes = await reconfigure({ shift, faces, phase, log, assemble: build }, wanted, crossings)
      warnOfOpenDoors(shift.current.config, log)
      return changes
    },
    drain: () => stop(ending, drainTimes(shift.current.config)),
    stop: (withinMs = 8000) => stop(ending, { withinMs, delayMs: 0, sidecarOf: 'none' }),
  }
}

/** Under which URL each face is reached: as configured, or where it listens, which is known by the time that anybody asks. */
function urlsOf({ publicUrl, publicRestUrl }: Config, at: { readonly soap: string; readonly rest: string }) {
  return {
    get soap() {
      return trimmed(publicUrl) || at.soap
    },
    get rest() {
      return trimmed(publicRestUrl ?? publicUrl) || at.rest
    },
  }
}

function drainTimes({ drain, sidecarOf }: Config) {
  return { delayMs: drain.delay, withinMs: drain.total, sidecarOf }
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
  const { redis } = config
  const findings: Finding[] = []
  for (const check of [
    () => buildLinks(config, crossings),
    () => checkTlsFiles(config),
    () => redis && redisOptions(redis),
  ])
    try {
      check()
    } catch (error) {
      if (!(error instanceof FindingsError)) throw error
      findings.push(...error.findings)
    }
  if (findings.length > 0) throw new FindingsError(findings)
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
