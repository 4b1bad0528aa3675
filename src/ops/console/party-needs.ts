/** What of the parties needs a person, in words. Limits: pure; where many have the same trouble, one sentence names a few of them. */
import type { Party } from './data.ts'
import { alike, mostAlike, type Need, type Piece, patience, peerPiece } from './sentences.ts'
import { lasting } from './times.ts'

interface Said {
  readonly party: Party
  readonly urgency: Need['urgency']
  /** What is said of one, after its name, and of many. */
  readonly one: readonly Piece[]
  readonly many: string
}

/** `told`: parties whose absence was said already, with the limits that do not reach them. */
export function needsOfParties(parties: readonly Party[], told: ReadonlySet<string>, now: number): Need[] {
  const said = parties.flatMap((party) => saidOf(party, told.has(party.peer), now))
  return [...alike(said, ({ many }) => many).flatMap(sentences), ...needsOfDead(parties)]
}

function sentences(some: readonly Said[]): Need[] {
  if (some.length <= mostAlike)
    return some.map(({ party, urgency, one }) => ({ urgency, sentence: [peerPiece(party.peer), ...one] }))
  const { urgency, many } = some[0]!
  return [{ urgency, sentence: [...few(some.map(({ party }) => party)), many] }]
}

function few(parties: readonly Party[]): Piece[] {
  const names = parties
    .slice(0, mostAlike)
    .flatMap(({ peer }, i) => (i === 0 ? [peerPiece(peer)] : [', ', peerPiece(peer)]))
  return [...names, ` and ${parties.length - mostAlike} more`]
}

function saidOf(party: Party, isTold: boolean, now: number): Said[] {
  const { standing, session, lastSeen, waiting, waitingSince, overdueMs } = party
  const all: Said[] = []
  const say = (urgency: Need['urgency'], many: string, ...one: Piece[]) => all.push({ party, urgency, one, many })
  if (session?.unregistered)
    say(
      'act',
      ' have unregistered, and are sent nothing until they register again.',
      ' has unregistered, and is sent nothing until it registers again.',
    )
  else if (standing === 'away' && !isTold) {
    const heard: Piece[] = lastSeen === undefined ? ['.'] : [': last heard of ', { at: lastSeen }, '.']
    say('act', session ? ' are offline.' : ' are silent.', session ? ' is offline' : ' is silent', ...heard)
  }
  if (session?.suspect)
    say(
      'act',
      ' answer that they do not know us: they may have to be registered again.',
      ' answers that it does not know us: it may have to be registered again.',
    )
  if (session?.lastError !== undefined && standing !== 'here')
    say('act', ' do not come online.', ` does not come online: ${session.lastError}`)
  else if (standing === 'unknown' && session?.tokenWaitsUntil !== undefined) {
    const until = { at: session.tokenWaitsUntil }
    say('look', ' have not registered yet.', ' has not registered yet; its token is good until ', until, '.')
  } else if (standing === 'unknown' && session)
    say(
      'look',
      ' have not registered yet, and have no token to do so.',
      ' has not registered yet, and has no token to do so.',
    )
  else if (standing === 'unknown') say('look', ' have never called.', ' has never called.')
  if (waiting > 0 && waitingSince !== undefined && now - waitingSince > patience) {
    const messages = `${waiting} message${waiting === 1 ? '' : 's'}`
    const first = lasting(now - waitingSince)
    say('look', ' have not taken messages for a while.', ` has not taken ${messages}, the first for ${first}.`)
  }
  if (overdueMs > patience)
    say(
      'look',
      ': the gateway is late with its work for them.',
      `: the gateway is late with its work for it, by ${lasting(overdueMs)}.`,
    )
  return all
}

function needsOfDead(parties: readonly Party[]): Need[] {
  const having = parties.filter(({ dead }) => dead > 0)
  const told = having.length > mostAlike ? [having] : having.map((party) => [party])
  return told.map((some) => {
    const count = some.reduce((sum, { dead }) => sum + dead, 0)
    const messages: Piece = { name: `${count} message${count === 1 ? '' : 's'}`, to: { page: 'dead' } }
    const to = some.length === 1 ? [peerPiece(some[0]!.peer)] : few(some)
    return { urgency: 'look', sentence: [messages, ' to ', ...to, count === 1 ? ' was given up.' : ' were given up.'] }
  })
}
