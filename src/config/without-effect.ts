/**
 * Finds settings that are well-formed and would do nothing where they stand: whoever wrote them expects something of them.
 * Limits: what stands at its default cannot be told from what was never written.
 */
import { type Config, isLegacy } from './schema.ts'

/** Reports each with its path. */
export function checkEffects({ peers, links }: Config, report: (rule: string, sentence: string) => void): void {
  for (const [id, peer] of Object.entries(peers)) {
    if (isLegacy(peer)) {
      const idle = [
        ...(Object.keys(peer.headersOut).length > 0 ? ['headersOut'] : []),
        ...(peer.security.out ? ['security.out'] : []),
      ]
      if (peer.url === undefined)
        for (const name of idle) report(`peers.${id}.${name}`, 'has no meaning without url: this party is never called')
      continue
    }
    const { whenOffline, forecastReplaceMode, adjustEvery } = peer.profile
    const ofProviders = {
      whenOffline: whenOffline !== 'fallback',
      forecastReplaceMode: forecastReplaceMode !== 'overlay',
      adjustEvery: adjustEvery > 0,
    }
    if (peer.role !== 'fp') continue
    for (const [name, isSet] of Object.entries(ofProviders))
      if (isSet) report(`peers.${id}.profile.${name}`, 'has no meaning for an fp: it is about who limits an operator')
  }
  for (const [name, { legacy, optimum }] of Object.entries(links))
    if (optimum === 'apply' && Object.hasOwn(peers, legacy) && peers[legacy]!.role === 'dso')
      report(`links.${name}.optimum`, 'has no meaning for a dso: an operator is advised, not a grid operator')
}
