/**
 * What needs a person, in words, the most urgent first: limits that have not arrived before everything else.
 * Limits: pure; one sentence for all groups of a link that have the same trouble, and for many links or parties alike.
 */
import type { GroupRow, LinkRow, Overview, Party } from './data.ts'
import { needsOfParties } from './party-needs.ts'
import { needsOfProblems } from './problems.ts'
import { alike, mostAlike, type Need, type Piece, patience, peerPiece } from './sentences.ts'
import { lasting } from './times.ts'

const certificateDays = 14
const day = 24 * 3600_000

export function needsOf(overview: Overview): Need[] {
  const { at, isUp, isStale, links, parties, certificates } = overview
  const known = new Map(parties.map((party) => [party.peer, party]))
  const needs: Need[] = []
  if (!isUp)
    needs.push({
      urgency: 'act',
      sentence: [
        'The state store cannot be reached: nothing that must be remembered is taken. What is shown here is of ',
        { at },
        '.',
      ],
    })
  else if (isStale)
    needs.push({
      urgency: 'act',
      sentence: ['The state store answers too slowly to be read. What is shown here is of ', { at }, '.'],
    })
  const troubled = links.flatMap((row) => troublesOf(row, at))
  needs.push(...needsOfLinks(troubled, known, at))
  needs.push(...needsOfProblems(links, at))
  needs.push(...needsOfParties(parties, new Set(troubled.map(({ row }) => row.receiver)), at))
  for (const { face, peer, expiresAt } of certificates) {
    if (expiresAt - at > certificateDays * day) continue
    const whose = peer === undefined ? `The certificate of the ${face} listener` : `Our certificate for ${peer}`
    const when = expiresAt <= at ? ' has ended: ' : ' ends '
    needs.push({ urgency: expiresAt <= at ? 'act' : 'look', sentence: [whose, when, { at: expiresAt }, '.'] })
  }
  return [...needs.filter(({ urgency }) => urgency === 'act'), ...needs.filter(({ urgency }) => urgency === 'look')]
}

/** Groups of a link that all have the same trouble. */
interface Troubled {
  readonly row: LinkRow
  readonly trouble: 'late' | 'refused' | 'bare'
  readonly groups: readonly GroupRow[]
}

function troublesOf(row: LinkRow, now: number): Troubled[] {
  const late = row.groups.filter((group) => isLate(group, now))
  const others = row.groups.filter((group) => !late.includes(group))
  const refused = others.filter((group) => group.refused !== undefined)
  const bare = others.filter((group) => isBare(group, now))
  const all: Troubled[] = [
    { row, trouble: 'late', groups: late },
    { row, trouble: 'refused', groups: refused },
    { row, trouble: 'bare', groups: bare },
  ]
  return all.filter(({ groups }) => groups.length > 0)
}

/** A sentence for each link; one for all of them where many have the same trouble with the same party. */
function needsOfLinks(troubled: readonly Troubled[], parties: ReadonlyMap<string, Party>, now: number): Need[] {
  return alike(troubled, ({ row, trouble }) => `${trouble} ${row.receiver}`).flatMap((some) => {
    const told = some.length > mostAlike ? [some] : some.map((one) => [one])
    return told.map((these): Need => {
      const link = these.length === 1 ? these[0]!.row.link : undefined
      return { urgency: 'act', link, sentence: sentenceOf(these, parties.get(some[0]!.row.receiver), now) }
    })
  })
}

function sentenceOf(these: readonly Troubled[], receiver: Party | undefined, now: number): Piece[] {
  const { row, trouble } = these[0]!
  const groups = these.flatMap((one) => one.groups)
  const peer = peerPiece(row.receiver)
  if (trouble === 'refused') {
    const words = groups[0]!.refused === '' ? '' : ` It says: ${groups[0]!.refused}`
    return [...subject(these, groups[0]!), ': ', peer, ' has refused the newest limit.', words]
  }
  if (trouble === 'bare') {
    const since = Math.min(...groups.map(({ until }) => until!))
    return [...subject(these, groups[0]!), ': no limit holds any more at ', peer, ', since ', { at: since }, '.']
  }
  const since = Math.min(...groups.map(({ owedSince }) => owedSince ?? now))
  const oldest = groups.find(({ owedSince }) => owedSince === since) ?? groups[0]!
  const duration = `, for ${lasting(Math.max(1000, now - since))}; ${whyLate(receiver, oldest)}.`
  if (groups.length > 1) return [...subject(these, oldest), ': limits have not arrived at ', peer, duration]
  const when: Piece[] = oldest.at === undefined ? [] : ['of ', { at: oldest.at }, ' ']
  return [...subject(these, oldest), ': the limit ', ...when, 'has not arrived at ', peer, duration]
}

/** Tried in vain, or on its way for longer than that should take. */
export function isLate({ attempts, owedSince }: GroupRow, now: number): boolean {
  return attempts !== undefined && (attempts > 0 || (owedSince !== undefined && now - owedSince > patience))
}

/** Had limits, and they have ended. */
export function isBare({ until, attempts }: GroupRow, now: number): boolean {
  return until !== undefined && until <= now && attempts === undefined
}

/** The group that is named, and how many others there are. */
function subject(these: readonly Troubled[], named: GroupRow): Piece[] {
  const { row } = these.find(({ groups }) => groups.includes(named))!
  const count = these.reduce((sum, { groups }) => sum + groups.length, 0)
  const of = { page: 'group', link: row.link, group: named.group } as const
  const name: Piece = { name: named.cable ?? named.group, to: of }
  if (count === 1) return [name]
  if (these.length > 1) return [name, ` and ${count - 1} more, of ${these.length} links`]
  return [name, ` and ${count - 1} more of link `, { name: row.link, to: { page: 'link', link: row.link } }]
}

/** Why a limit that is late has not arrived, as far as it is known. */
export function whyLate(party: Party | undefined, { attempts = 0 }: GroupRow): string {
  if (!party) return 'the party is not configured any more'
  const { standing, session, lastFailure, circuit } = party
  if (session?.unregistered) return 'it has unregistered'
  if (standing === 'away' && session) return 'it is offline'
  if (session && standing !== 'here') return 'it is not online yet'
  if (lastFailure?.status !== undefined) return `the peer answers ${lastFailure.status}`
  if (lastFailure || circuit !== 'closed') return 'the peer does not answer'
  // Why, only the process knows that tried.
  return attempts === 0 ? 'it is being sent' : `${attempts} attempt${attempts === 1 ? '' : 's'} failed`
}
