/**
 * Makes the console's rows of links and groups out of what is kept of them. What has not changed stays the same object, so that
 * nobody looks at it twice.
 */
import type { Link } from '../../exchange/peers.ts'
import type { GroupRow, LinkRow } from '../../ops/console/data.ts'
import type { LimitDigest } from './digests.ts'
import { receiverOf } from './ground.ts'
import type { Holdings } from './parties.ts'

interface Made {
  readonly link: Link
  /** What it was made of. */
  readonly of: readonly unknown[]
  readonly until: number
  readonly row: LinkRow
}

export class Rows {
  private readonly made = new Map<string, Made>()

  of(link: Link, parties: ReadonlyMap<string, Holdings>, now: number): LinkRow {
    const receiver = receiverOf(link)
    const limits = parties.get(receiver)?.limits.get(link.id) ?? none
    const dead = [link.legacy.id, link.modern.id].map((peer) => parties.get(peer)?.dead.get(link.id) ?? none)
    const problems = parties.get(link.modern.id)?.problems.get(link.id) ?? none
    const known = this.made.get(link.id)
    const of = [limits, problems, ...dead]
    const isSame = known?.link === link && now < known.until && of.every((part, i) => part === known.of[i])
    if (isSame) return known.row
    const groups = limits.map((digest) => groupRow(digest, link, now))
    const row: LinkRow = {
      link: link.id,
      legacy: link.legacy.id,
      modern: link.modern.id,
      optimizer: link.optimizer?.id,
      receiver,
      groups: groups.sort((a, b) => (a.group < b.group ? -1 : 1)),
      problems,
      dead: dead.reduce((sum, { length }) => sum + length, 0),
    }
    const until = limits.reduce((next, { held }) => Math.min(next, held.changesAt(now)), Number.POSITIVE_INFINITY)
    this.made.set(link.id, { link, of, until, row })
    return row
  }
}

const none: readonly never[] = []

export function groupRow(digest: LimitDigest, { groups }: Pick<Link, 'groups'>, now: number): GroupRow {
  const { held, link: _, ...row } = digest
  const cable = groups.toLegacy(row.group)
  return { ...row, cable: cable === row.group ? undefined : cable, now: held.at(now), until: held.end }
}
