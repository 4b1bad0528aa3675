/**
 * Makes the parties and links of the exchange out of the configuration and the mappings.
 * Limits: what only the mappings can judge about a configuration is judged here, all of it at once.
 */
import { type Config, isLegacy, type LinkConfig, type PeerConfig } from '../config.ts'
import { type Finding, FindingsError } from '../contract/model.ts'
import type { LinkId, PeerId } from '../exchange/ids.ts'
import { type LegacyPeer, type Link, Links, type ModernPeer } from '../exchange/peers.ts'
import type { Crossing } from '../mapping/crossings.ts'
import type { IdTable } from '../mapping/run.ts'

/** Throws FindingsError. */
export function buildLinks(config: Config, crossings: readonly Crossing[]): { links: Links; legacy: LegacyPeer[] } {
  const findings: Finding[] = []
  const legacy: LegacyPeer[] = []
  const modern = new Map<string, ModernPeer>()
  for (const [id, peer] of Object.entries(config.peers)) {
    if (!isLegacy(peer)) {
      modern.set(id, { id: id as PeerId, role: peer.role, url: peer.url ?? '', token: peer.token ?? '' })
      continue
    }
    const { role, zone, url, headersOut, heartbeats, heartbeatEvery } = peer
    const spoken = crossings.find((c) => c.legacy.id === peer.contract)?.legacy
    const own = spoken?.services.find((service) => service.host === role)
    const offered = own?.soapVersions ?? ['1.1']
    const soapVersion = peer.soapVersion ?? (offered.includes('1.1') ? '1.1' : '1.2')
    legacy.push({ id: id as PeerId, role, zone, url, soapVersion, headersOut, heartbeats, heartbeatEvery })
    const host = role === 'dso' ? 'csp' : 'dso'
    if (own && !offered.includes(soapVersion))
      findings.push({
        file: 'configuration',
        rule: `peers.${id}.soapVersion`,
        sentence: `the WSDL of ${peer.contract} offers a ${role} only SOAP ${offered.join(' and ')}`,
      })
    if (url !== undefined && spoken && !own)
      findings.push({
        file: 'configuration',
        rule: `peers.${id}.url`,
        sentence: `${peer.contract} does not say what a ${role} hosts, so nothing can be called there`,
      })
    const called = spoken?.services.find((service) => service.host === host)?.operations.map(({ name }) => name) ?? []
    for (const name of called.length > 0 ? (peer.operations ?? []) : [])
      if (!called.includes(name))
        findings.push({
          file: 'configuration',
          rule: `peers.${id}.operations`,
          sentence: `${name} is no operation that a ${role} calls in ${peer.contract}: ${called.join(', ')}`,
        })
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
    const optimizer = link.optimizer === undefined ? undefined : modern.get(link.optimizer)
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
    findings.push(...withoutAssets(config, crossing, link))
    return [
      {
        id: name as LinkId,
        legacy: legacyPeer,
        modern: modernPeer,
        optimizer,
        crossing,
        cspIdentity: link.cspIdentity,
        groups: idTable(link.groups),
        answerWithin: link.answerWithin,
        mapping: {
          amperePhases: link.amperePhases,
          ampereAllMeans: link.ampereAllMeans,
          phaseBalance: link.phaseBalance,
          grid: link.grid,
          oddBlocks: link.oddBlocks,
          voltage: link.voltage,
          legacyUnit: link.legacyUnit,
          energyType: link.energyType,
        },
        optimum: link.optimum,
        fallback: new Map(Object.entries(link.fallback)),
        ...rulesOf(config.peers[link.modern]!),
      },
    ]
  })
  if (findings.length > 0) throw new FindingsError(findings)
  return { links: new Links(links), legacy }
}

/** The services of the dialect that a legacy party speaks. */
export function contractOf(crossings: readonly Crossing[], config: Config, peer: PeerId) {
  const id = config.peers[peer]!.contract
  return crossings.find((crossing) => crossing.legacy.id === id)!.legacy.services
}

/** A party that wants the usage of assets can only be told it where a mapping makes it. */
function withoutAssets(config: Config, crossing: Crossing, link: LinkConfig): Finding[] {
  const told = config.peers[link.legacy]!.role === 'csp' ? [link.modern, link.optimizer] : []
  return told.flatMap((id): Finding[] => {
    const peer = id === undefined ? undefined : config.peers[id]!
    if (!peer || isLegacy(peer) || peer.profile.measurementRoute !== 'asset') return []
    if (crossing.byModern.has('UpdateAssetMeasurements')) return []
    const sentence = `no mapping from ${crossing.legacy.id} makes UpdateAssetMeasurements`
    return [{ file: 'configuration', rule: `peers.${id}.profile.measurementRoute`, sentence }]
  })
}

/** What of the 2.0 party's profile says how its limits are to be read. */
function rulesOf(peer: PeerConfig): Pick<Link, 'replaces' | 'whenOffline'> {
  if (isLegacy(peer)) return { replaces: false, whenOffline: 'fallback' }
  const { forecastReplaceMode, whenOffline } = peer.profile
  return { replaces: forecastReplaceMode === 'replace', whenOffline }
}

/** The operations of a legacy party that are heartbeats, by whatever name. */
export function heartbeatsOf(crossings: readonly Crossing[], config: Config, peer: PeerId): ReadonlySet<string> {
  const own = crossings.filter(({ legacy }) => legacy.id === config.peers[peer]!.contract)
  const operations = own.flatMap(({ byLegacy }) => [...byLegacy])
  return new Set(operations.filter(([, { module }]) => module.modern === 'Heartbeat').map(([name]) => name))
}

function idTable(groups: LinkConfig['groups']): IdTable {
  if (groups === 'identity') return { toModern: (cable) => cable, toLegacy: (group) => group }
  const up = new Map(Object.entries(groups))
  const down = new Map([...up].map(([cable, group]) => [group, cable]))
  return { toModern: (cable) => up.get(cable), toLegacy: (group) => down.get(group) }
}
