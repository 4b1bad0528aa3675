/**
 * What needs a person, in words, the most urgent first: limits that have not arrived before everything else.
 * Limits: pure; one sentence for all groups of a link that have the same trouble.
 */
import type { GroupRow, LinkRow, Overview, Party } from './data.ts'
import { lasting } from './times.ts'

/** Of a sentence: text, a name that leads somewhere, or an instant. */
export type Piece = string | { readonly name: string; readonly to?: Place } | { readonly at: number }

export interface Place {
  readonly page: 'link' | 'group' | 'dead' | 'peers'
  readonly link?: string
  readonly group?: string
}

export interface Need {
  /** `act`: a limit is not where it must be, or soon will not be. `look`: somebody should look into it, not at once. */
  readonly urgency: 'act' | 'look'
  readonly sentence: readonly Piece[]
  readonly link?: string | undefined
}

/** What is on its way for less is not worth a word, in milliseconds. */
const patience = 60_000
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
  for (const link of links) needs.push(...ofLink(link, known.get(link.receiver), at))
  const told = new Set(needs.map(({ link }) => links.find((row) => row.link === link)?.receiver))
  for (const party of parties) needs.push(...ofParty(party, told.has(party.peer), at))
  for (const { face, peer, expiresAt } of certificates) {
    if (expiresAt - at > certificateDays * day) continue
    const whose = peer === undefined ? `The certificate of the ${face} listener` : `Our certificate for ${peer}`
    const when = expiresAt <= at ? ' has ended: ' : ' ends '
    needs.push({ urgency: expiresAt <= at ? 'act' : 'look', sentence: [whose, when, { at: expiresAt }, '.'] })
  }
  return [...needs.filter(({ urgency }) => urgency === 'act'), ...needs.filter(({ urgency }) => urgency === 'look')]
}

function ofLink(row: LinkRow, receiver: Party | undefined, now: number): Need[] {
  const needs: Need[] = []
  const { link } = row
  const late = row.groups.filter((group) => isLate(group, now))
  if (late.length > 0) {
    const since = Math.min(...late.map(({ owedSince }) => owedSince ?? now))
    const oldest = late.find((group) => group.owedSince === since) ?? late[0]!
    const what = late.length > 1 ? ': limits have not arrived at ' : ': the limit '
    const when: Piece[] = late.length > 1 || oldest.at === undefined ? [] : ['of ', { at: oldest.at }, ' ']
    const arrived = late.length > 1 ? '' : 'has not arrived at '
    const duration = `, for ${lasting(Math.max(1000, now - since))}; ${whyLate(receiver, oldest)}.`
    const rest = [what, ...when, arrived, peerPiece(row.receiver), duration]
    needs.push({ urgency: 'act', link, sentence: [...subject(row, late, oldest), ...rest] })
  }
  const refused = row.groups.filter((group) => group.refused !== undefined && !isLate(group, now))
  if (refused.length > 0) {
    const words = refused[0]!.refused === '' ? '' : ` It says: ${refused[0]!.refused}`
    const rest = [': ', peerPiece(row.receiver), ' has refused the newest limit.', words]
    needs.push({ urgency: 'act', link, sentence: [...subject(row, refused), ...rest] })
  }
  const bare = row.groups.filter((group) => isBare(group, now) && !isLate(group, now))
  if (bare.length > 0) {
    const since = Math.min(...bare.map(({ until }) => until!))
    const rest = [': no limit holds any more at ', peerPiece(row.receiver), ', since ', { at: since }, '.']
    needs.push({ urgency: 'act', link, sentence: [...subject(row, bare), ...rest] })
  }
  return needs
}

/** Tried in vain, or on its way for longer than that should take. */
export function isLate({ attempts, owedSince }: GroupRow, now: number): boolean {
  return attempts !== undefined && (attempts > 0 || (owedSince !== undefined && now - owedSince > patience))
}

/** Had limits, and they have ended. */
export function isBare({ until, attempts }: GroupRow, now: number): boolean {
  return until !== undefined && until <= now && attempts === undefined
}

function subject({ link }: LinkRow, groups: readonly GroupRow[], first = groups[0]!): Piece[] {
  const name = { name: first.cable ?? first.group, to: { page: 'group', link, group: first.group } } as const
  if (groups.length === 1) return [name]
  return [name, ` and ${groups.length - 1} more of link `, { name: link, to: { page: 'link', link } }]
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

function ofParty(party: Party, isTold: boolean, now: number): Need[] {
  const { peer, standing, session, lastSeen, dead, waiting, waitingSince, overdueMs } = party
  const needs: Need[] = []
  const say = (urgency: Need['urgency'], ...rest: Piece[]) =>
    needs.push({ urgency, sentence: [peerPiece(peer), ...rest] })
  if (session?.unregistered) say('act', ' has unregistered, and is sent nothing until it registers again.')
  else if (standing === 'away' && !isTold) {
    const heard: Piece[] = lastSeen === undefined ? ['.'] : [': last heard of ', { at: lastSeen }, '.']
    say('act', session ? ' is offline' : ' is silent', ...heard)
  }
  if (session?.suspect) say('act', ' answers that it does not know us: it may have to be registered again.')
  if (session?.lastError !== undefined && standing !== 'here') say('act', ` does not come online: ${session.lastError}`)
  else if (standing === 'unknown' && session?.tokenWaitsUntil !== undefined)
    say('look', ' has not registered yet; its token is good until ', { at: session.tokenWaitsUntil }, '.')
  else if (standing === 'unknown')
    say('look', session ? ' has not registered yet, and has no token to do so.' : ' has never called.')
  if (dead > 0)
    needs.push({
      urgency: 'look',
      sentence: [
        { name: `${dead} message${dead === 1 ? '' : 's'}`, to: { page: 'dead' } },
        ' to ',
        peerPiece(peer),
        dead === 1 ? ' was given up.' : ' were given up.',
      ],
    })
  if (waiting > 0 && waitingSince !== undefined && now - waitingSince > patience)
    say(
      'look',
      ` has not taken ${waiting} message${waiting === 1 ? '' : 's'}, the first for ${lasting(now - waitingSince)}.`,
    )
  if (overdueMs > patience) say('look', `: the gateway is late with its work for it, by ${lasting(overdueMs)}.`)
  return needs
}

function peerPiece(peer: string): Piece {
  return { name: peer, to: { page: 'peers' } }
}
