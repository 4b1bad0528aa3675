/**
 * What the schema of the configuration cannot see: names that must exist, and parties that cannot be told apart.
 * Limits: it knows no mappings; whether one leads from one party's contract to the other's is judged at start-up.
 */
import { closest } from 'fastest-levenshtein'
import type { Finding } from '../contract/model.ts'
import { type Config, isLegacy } from './schema.ts'
import { checkEffects } from './without-effect.ts'

/** All of it at once, one finding per mistake. */
export function crossChecks(config: Config, file: string): Finding[] {
  const findings: Finding[] = []
  const report = (rule: string, sentence: string) => findings.push({ file, rule, sentence })
  if (config.tokenKey !== undefined && config.tokenKeyFile !== undefined)
    report('tokenKey', 'give either tokenKey or tokenKeyFile')
  if (config.drain.delay >= config.drain.total)
    report('drain.total', 'must be longer than drain.delay, or nothing of what runs is finished')
  const asksInTls = (config.listen.soapTls?.clientCertificates ?? 'none') !== 'none'
  for (const [id, peer] of Object.entries(config.peers))
    if (isLegacy(peer) && peer.security.in?.clientCertificate && !asksInTls)
      report(
        `peers.${id}.security.in.clientCertificate`,
        'needs listen.soapTls with clientCertificates: request or require',
      )
  const registers = Object.entries(config.peers).find(([, peer]) => !isLegacy(peer) && peer.registration !== 'none')
  if (registers && config.redis && config.tokenKey === undefined && config.tokenKeyFile === undefined)
    report('tokenKeyFile', `is needed, because ${registers[0]} registers and its tokens are kept in Redis`)
  for (const [id, peer] of Object.entries(config.peers))
    if (
      !isLegacy(peer) &&
      peer.profile.clientCertificate &&
      (config.listen.restTls?.clientCertificates ?? 'none') === 'none'
    )
      report(
        `peers.${id}.profile.clientCertificate`,
        'needs listen.restTls with clientCertificates: request or require',
      )
  const identities = new Map<string, string>()
  for (const [name, link] of Object.entries(config.links)) {
    const [legacy, modern] = [peerNamed(link.legacy, config), peerNamed(link.modern, config)]
    if (!legacy) report(`links.${name}.legacy`, `${link.legacy} is not among the peers${nearest(link.legacy, config)}`)
    else if (!isLegacy(legacy))
      report(`links.${name}.legacy`, `${link.legacy} has the role ${legacy.role}, not dso or csp`)
    if (!modern) report(`links.${name}.modern`, `${link.modern} is not among the peers${nearest(link.modern, config)}`)
    else if (isLegacy(modern))
      report(`links.${name}.modern`, `${link.modern} has the role ${modern.role}, not fp or cp`)
    if (link.optimizer !== undefined) {
      const optimizer = peerNamed(link.optimizer, config)
      const at = `links.${name}.optimizer`
      if (!optimizer) report(at, `${link.optimizer} is not among the peers${nearest(link.optimizer, config)}`)
      else if (optimizer.role !== 'co') report(at, `${link.optimizer} has the role ${optimizer.role}, not co`)
      else if (legacy?.role === 'dso')
        report(at, 'has no meaning for a dso: an operator is advised, not a grid operator')
    }
    const wanted = legacy?.role === 'dso' ? 'fp' : 'cp'
    if (legacy && modern && isLegacy(legacy) && !isLegacy(modern) && modern.role !== wanted)
      report(`links.${name}`, `a ${legacy.role} is linked with a ${wanted}, not with a ${modern.role}`)
    const siblings = Object.values(config.links).filter((other) => other.legacy === link.legacy)
    if (siblings.length > 1 && link.cspIdentity === undefined)
      report(`links.${name}.cspIdentity`, `is needed, because ${link.legacy} has several links`)
    const key = `${link.legacy} ${link.cspIdentity}`
    const twin = identities.get(key)
    if (twin !== undefined && link.cspIdentity !== undefined)
      report(`links.${name}.cspIdentity`, `is the same as of ${twin}`)
    identities.set(key, name)
    if (link.groups !== 'identity') {
      const cables = new Map<string, string>()
      for (const [cable, group] of Object.entries(link.groups)) {
        const other = cables.get(group)
        if (other !== undefined)
          report(`links.${name}.groups`, `${other} and ${cable} are both ${group}; a group is one cable`)
        cables.set(group, cable)
      }
      for (const group of Object.keys(link.fallback))
        if (!cables.has(group)) report(`links.${name}.fallback.${group}`, 'is no group of this link')
    }
  }
  checkSharedParties(config, report)
  checkEffects(config, report)
  return findings
}

/** A 2.0 party names only the group: of several links with it, each group must be of one, or a limit goes to another operator. */
function checkSharedParties({ links }: Config, report: (rule: string, sentence: string) => void): void {
  const owners = new Map<string, string>()
  for (const [name, { modern, optimizer, groups }] of Object.entries(links))
    for (const party of new Set([modern, ...(optimizer === undefined ? [] : [optimizer])])) {
      const isShared = Object.values(links).filter((one) => one.modern === party || one.optimizer === party).length > 1
      if (isShared && groups === 'identity')
        report(
          `links.${name}.groups`,
          `must be a table, because ${party} has several links, told apart by their groups`,
        )
      for (const group of groups === 'identity' ? [] : Object.values(groups)) {
        const key = JSON.stringify([party, group])
        const owner = owners.get(key)
        if (owner !== undefined && owner !== name)
          report(`links.${name}.groups`, `${group} is a group of ${owner} too, and ${party} could mean either`)
        else owners.set(key, name)
      }
    }
}

/** `constructor` is a member of every object, but not of the configuration. */
function peerNamed(name: string, { peers }: Config) {
  return Object.hasOwn(peers, name) ? peers[name] : undefined
}

function nearest(name: string, config: Config): string {
  const names = Object.keys(config.peers)
  return names.length > 0 ? `; did you mean ${closest(name, names)}?` : ''
}
