/** Makes what the console reads and does out of the gateway's parts. Limits: it calls no party; what it puts back, the gateway sends. */
import { randomUUID } from 'node:crypto'
import { DeadList } from '../exchange/dead-list.ts'
import type { EventQueue } from '../exchange/events.ts'
import type { ExchangeId, LinkId, PeerId } from '../exchange/ids.ts'
import type { Journal, JournalEntry } from '../exchange/journal.ts'
import { longestId } from '../exchange/journal-observer.ts'
import { byBeginning, trailOf } from '../exchange/journal-trail.ts'
import type { Link, Links } from '../exchange/peers.ts'
import type { Action, ConsoleData, DeadMessage, Entry } from '../ops/console/data.ts'
import { type Console, openConsole } from '../ops/console/router.ts'
import type { Log } from '../ops/log.ts'
import type { ConsoleGround } from './console/ground.ts'
import { readGroup } from './console/group.ts'
import { Readings } from './console/reading.ts'
import type { Watch } from './console/watch.ts'
import type { Ground, Parts } from './parts.ts'

const mostFound = 100

interface DataOptions extends ConsoleGround {
  readonly log: Log
  readonly events: EventQueue
  readonly parties: readonly PeerId[]
}

/** The console of these parts; `watch` has seen what they observed. */
export function consoleOf(
  { config, links, legacy, ledger, log, now }: Ground,
  watch: Watch,
  parts: Omit<Parts, 'console' | 'handlers'>,
): Console {
  const { journal, liveness, party, breakers, certificates, events } = parts
  const { sessions, peers: modern } = party
  const parties = Object.keys(config.peers) as PeerId[]
  const ground = { ledger, journal, links, legacy, liveness, sessions, breakers, certificates, watch, modern, now }
  return openConsole({ data: consoleData({ ...ground, log, events, parties }), log, token: config.console.token, now })
}

function consoleData(options: DataOptions): ConsoleData {
  const { ledger, journal, links, events, parties, now } = options
  const list = new DeadList({ ledger, events, now })
  const readings = new Readings(options)
  const partyNamed = (name: string) => parties.find((peer) => peer === name)
  return {
    overview: readings.overview,
    async group(id, group) {
      const link = links.byId(id as LinkId)
      const row = (await readings.overview()).links.find((one) => one.link === id)
      return link && row && readGroup(options, link, row, group)
    },
    trail: async (exchange) => byBeginning(await trailOf(journal, exchange)).map((entry) => withPage(entry, links)),
    search: async (text) => (await find(journal, links, text)).map((entry) => withPage(entry, links)),
    async dead() {
      const all = await Promise.all(parties.map(async (peer) => (await list.of(peer)).map((one) => told(peer, one))))
      return all.flat().sort((a, b) => b.at - a.at)
    },
    async retry(name, id) {
      const peer = partyNamed(name)
      const outcome = peer ? await list.retry(peer, id) : 'unknown'
      readings.forget()
      return outcome
    },
    async drop(name, id) {
      const peer = partyNamed(name)
      const dropped = peer ? await list.drop(peer, id) : undefined
      readings.forget()
      return dropped !== undefined
    },
    note: (action) => note(options, action),
  }
}

function told(peer: PeerId, { event, ...rest }: Awaited<ReturnType<DeadList['of']>>[number]): DeadMessage {
  return { ...rest, peer, canRetry: event !== undefined }
}

/** What an operator does is of interest to whoever follows the message, so it stands in the journal too. */
function note({ log, journal, links, now }: DataOptions, { did, message, failed }: Action): void {
  const { peer, id, kind, link, group, exchange } = message
  log.warn({ did, peer, id, kind, link, group, exchange_id: exchange, failed }, 'operator')
  const at = now()
  journal.add({
    id: `operator-${at.toString(36)}-${randomUUID().slice(0, 8)}`,
    at,
    way: 'in',
    from: exchange === undefined ? undefined : [exchange as ExchangeId],
    peer: peer as PeerId,
    link: link as LinkId,
    direction: links.byId(link as LinkId)?.legacy.id === peer ? 'toLegacy' : 'toModern',
    message: `operator: ${did} ${kind}`,
    groups: group === undefined ? [] : [group],
    outcome: failed === undefined ? 'accepted' : 'rejected',
    error: failed,
  })
}

/** By any id first, else by the group, the party or the cable: of these the last ones. Of all, where nothing is looked for. */
async function find(journal: Journal, links: Links, text: string): Promise<readonly JournalEntry[]> {
  const cables = new Set(links.list().flatMap(({ groups }) => groups.toModern(text) ?? []))
  const byCable = [...cables].filter((group) => group !== text).map((group) => ({ group }))
  if (text === '') return (await journal.find({ limit: mostFound })).entries
  const ids = new Set([text, text.slice(0, longestId)])
  for (const query of [{ anyOf: ids }, { group: text }, { peer: text }, ...byCable]) {
    const { entries } = await journal.find({ ...query, limit: mostFound })
    if (entries.length > 0) return entries
  }
  return []
}

function withPage(entry: JournalEntry, links: Links): Entry {
  const link = entry.link === undefined ? undefined : links.byId(entry.link)
  const page = link && entry.message !== undefined ? pageOf(link, entry.message) : undefined
  return page === undefined ? entry : { ...entry, page }
}

/** The page of docs/mappings that says what is done with each field of this message. */
function pageOf({ crossing }: Link, message: string): string | undefined {
  const compiled = crossing.byLegacy.get(message) ?? crossing.byModern.get(message)
  return compiled && `docs/mappings/${crossing.id}/${compiled.module.name}.md`
}
