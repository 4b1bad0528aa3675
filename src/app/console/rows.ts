/** Makes the console's rows of links and groups out of what is stored. Limits: pure. */
import type { GroupLimits } from '../../exchange/flows/group-limits.ts'
import { carriedSince, type ForecastRecord, verdictOn } from '../../exchange/forecast-record.ts'
import type { Link } from '../../exchange/peers.ts'
import { endOf } from '../../exchange/schedule.ts'
import type { GroupRow, LinkRow } from '../../ops/console/data.ts'
import { receiverOf } from './ground.ts'
import type { PartyReading } from './parties.ts'

export function rowsOf(link: Link, parties: ReadonlyMap<string, PartyReading>, now: number): LinkRow {
  const receiver = receiverOf(link)
  const { limits = [], unsent = [] } = parties.get(receiver) ?? {}
  const isOwn = ({ link: id }: { readonly link: string }) => id === link.id
  const sent = limits.filter(isOwn).map((record) => groupRow(record, link, now))
  const asked = unsent.filter(isOwn).map((one) => askedRow(one, link, now))
  const dead = [link.legacy.id, link.modern.id].map((peer) => parties.get(peer)?.deadOf.get(link.id) ?? 0)
  return {
    link: link.id,
    legacy: link.legacy.id,
    modern: link.modern.id,
    optimizer: link.optimizer?.id,
    receiver,
    groups: [...sent, ...asked].sort((a, b) => (a.group < b.group ? -1 : 1)),
    dead: dead.reduce((sum, count) => sum + count, 0),
  }
}

export function groupRow(record: ForecastRecord, { groups }: Pick<Link, 'groups'>, now: number): GroupRow {
  const { group, version, at, settled, settledAt, held, delivery, since } = record
  const cable = groups.toLegacy(group)
  const said = verdictOn(record, settled)
  const isOwed = delivery !== undefined || since !== undefined
  return {
    group,
    cable: cable === group ? undefined : cable,
    version,
    at,
    settled,
    settledAt,
    attempts: isOwed ? (delivery?.attempts ?? 0) : undefined,
    owedSince: isOwed ? (carriedSince(record) ?? at) : undefined,
    refused: settled > 0 && typeof said === 'object' ? said.refused : undefined,
    now: held.filter(({ start, end }) => start <= now && now < end),
    until: held.length > 0 ? endOf(held) : undefined,
  }
}

/** Of a group whose operator asks for its limits: what it would be told. */
export function askedRow({ group, said }: GroupLimits, { groups }: Pick<Link, 'groups'>, now: number): GroupRow {
  const cable = groups.toLegacy(group)
  const { blocks = [], at } = said.CONSUMPTION ?? {}
  return {
    group,
    cable: cable === group ? undefined : cable,
    version: 0,
    at,
    settled: 0,
    now: blocks.filter(({ start, end }) => start <= now && now < end),
    until: blocks.length > 0 ? endOf(blocks) : undefined,
    asks: true,
  }
}
