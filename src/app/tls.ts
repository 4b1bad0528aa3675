/**
 * The certificates of the configuration: read at start, watched while the gateway runs, and told of before they end.
 * Limits: a file that cannot be used stops the start; later it raises an alarm, and what was in use stays in use.
 */
import type { Config } from '../config.ts'
import { type Finding, FindingsError } from '../contract/model.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { Observer } from '../exchange/observer.ts'
import type { Listener, ListenerTls } from '../http/listen.ts'
import type { OutboundTls } from '../http/outbound.ts'
import { readTlsFiles, type TlsFiles, TlsFilesError, type TlsSource, watchTlsFiles } from '../http/tls-files.ts'
import type { Log } from '../ops/log.ts'

/** A certificate of ours: shown by a face, or to a peer. */
export interface OwnCertificate {
  readonly face: 'soap' | 'rest' | 'outbound'
  /** With `outbound` only. */
  readonly peer?: PeerId
  /** In milliseconds since 1970. */
  readonly expiresAt: number
}

export interface Certificates {
  face(name: 'soap' | 'rest'): ListenerTls | undefined
  peer(peer: PeerId): OutboundTls | undefined
  /** Whom to tell when the certificate of a face was replaced. */
  attach(listeners: Readonly<Record<'soap' | 'rest', Listener>>): void
  list(): OwnCertificate[]
  /** Reads every file now. */
  reload(): void
  stop(): void
}

/** One set of files of the configuration: what it belongs to and where it stands. */
interface Place {
  readonly setting: string
  readonly owner: Omit<OwnCertificate, 'expiresAt'>
  readonly files: TlsFiles
  /** How the configuration calls `caFile`. */
  readonly caFile: string
}

/** How often files are looked at, in milliseconds. */
const every = 1_000
const soon = 14 * 24 * 3600_000

/** Throws FindingsError with every file that cannot be used. */
export function checkTlsFiles(config: Config): void {
  const findings = placesOf(config).flatMap((place): Finding[] => {
    try {
      readTlsFiles(place.files)
      return []
    } catch (error) {
      if (!(error instanceof TlsFilesError)) throw error
      return [{ file: 'configuration', rule: ruleOf(place, error), sentence: error.message }]
    }
  })
  if (findings.length > 0) throw new FindingsError(findings)
}

/** Throws FindingsError. `now` in milliseconds since 1970. */
export function openCertificates(config: Config, log: Log, observer: Observer, now: () => number): Certificates {
  checkTlsFiles(config)
  const places = placesOf(config)
  const sources = new Map(places.map((place) => [place.setting, watch(place)]))
  let attached: Readonly<Record<'soap' | 'rest', Listener>> | undefined
  const outbound = new Map<PeerId, OutboundTls>()
  for (const { setting, owner } of places) {
    tellOfEnd(setting)
    if (owner.peer === undefined) continue
    const { serverName, minVersion } = config.peers[owner.peer]!.tls!
    const source = sources.get(setting)!
    outbound.set(owner.peer, { material: () => source.current, serverName, minVersion })
  }
  return {
    face(name) {
      const source = sources.get(`listen.${name}Tls`)
      const given = config.listen[`${name}Tls`]
      return source && given && { material: source.current, ...given }
    },
    peer: (peer) => outbound.get(peer),
    attach(listeners) {
      attached = listeners
      // A file may have changed while they were being opened.
      for (const { setting, owner } of places)
        if (owner.face !== 'outbound') listeners[owner.face].renew(sources.get(setting)!.current)
    },
    list: () =>
      places.flatMap(({ setting, owner }) => {
        const { expiresAt } = sources.get(setting)!.current
        return expiresAt === undefined ? [] : [{ ...owner, expiresAt }]
      }),
    reload() {
      for (const source of sources.values()) source.reload()
    },
    stop() {
      for (const source of sources.values()) source.stop()
    },
  }

  function watch(place: Place): TlsSource {
    const { setting, owner } = place
    return watchTlsFiles(place.files, {
      every,
      onChange(material) {
        if (owner.face !== 'outbound') attached?.[owner.face].renew(material)
        log.info({ setting, ...untilOf(material.expiresAt) }, 'certificate replaced')
        tellOfEnd(setting)
      },
      onProblem(error) {
        const told = new Error(`${ruleOf(place, error)} ${error.message}; what was in use stays in use`, {
          cause: error.cause,
        })
        observer.alarm('certificate not replaced', { ...(owner.peer ? { peer: owner.peer } : {}), error: told })
      },
    })
  }

  function tellOfEnd(setting: string): void {
    const { expiresAt } = sources.get(setting)!.current
    if (expiresAt !== undefined && expiresAt - now() < soon)
      log.warn({ setting, ...untilOf(expiresAt) }, 'certificate ends soon, or has ended')
  }
}

function untilOf(expiresAt: number | undefined): { until?: string } {
  return expiresAt === undefined ? {} : { until: new Date(expiresAt).toISOString() }
}

function placesOf({ listen, peers }: Config): Place[] {
  const faces = (['soap', 'rest'] as const).flatMap((face): Place[] => {
    const tls = listen[`${face}Tls`]
    if (!tls) return []
    const files = { certFile: tls.certFile, keyFile: tls.keyFile, caFile: tls.clientCaFile }
    return [{ setting: `listen.${face}Tls`, owner: { face }, files, caFile: 'clientCaFile' }]
  })
  const outbound = Object.entries(peers).flatMap(([id, { tls }]): Place[] => {
    if (!tls) return []
    const owner = { face: 'outbound', peer: id as PeerId } as const
    return [{ setting: `peers.${id}.tls`, owner, files: tls, caFile: 'caFile' }]
  })
  return [...faces, ...outbound]
}

function ruleOf({ setting, caFile }: Place, { file }: TlsFilesError): string {
  return `${setting}.${file === 'caFile' ? caFile : file}`
}
