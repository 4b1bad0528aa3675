/**
 * `oscp-gateway peers`: how the OSCP 2.0 parties stand with us, and the three things an operator does about it.
 * Limits: a token is shown once, on standard output, and nowhere else.
 */
import { type Operator, openOperator } from '../app/operator.ts'
import { loadConfig } from '../config.ts'
import type { PeerId } from '../exchange/ids.ts'
import type { SessionView } from '../session/api.ts'
import { exitCodes } from './exit.ts'
import { printTable } from './table.ts'
import { withState } from './with-state.ts'

const inMemory =
  'State is in memory: it lives in the running gateway, so there is nothing to look at or to change here.'

export function listPeers(file: string | undefined): Promise<number> {
  return operate(file, async ({ sessions, peers }) => {
    const views = await Promise.all(peers.map((peer) => sessions.state(peer)))
    printTable([['PARTY', 'ROLE', 'STATE', 'SINCE', 'LAST SEEN', 'REMARKS'], ...views.map(rowOf)])
    return exitCodes.ok
  })
}

export function issueToken(file: string | undefined, id: string, expires: string): Promise<number> {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(expires) ?? []
  const lifetime = Number(count) * { m: 60_000, h: 3600_000, d: 24 * 3600_000 }[unit as 'm' | 'h' | 'd']
  if (!(lifetime > 0)) return usage(`--expires ${expires}: give a duration such as 90m, 24h or 7d`)
  return change(file, id, async ({ sessions }, peer) => {
    const token = await sessions.issueToken(peer, lifetime)
    console.error(`${peer} registers once with this token, until ${new Date(Date.now() + lifetime).toISOString()}:`)
    console.log(token)
  })
}

export function rotateToken(file: string | undefined, id: string): Promise<number> {
  return change(file, id, async ({ sessions }, peer) => {
    await sessions.rotate(peer)
    console.error(`${peer} is told a new token by the gateway.`)
  })
}

export function forgetPeer(file: string | undefined, id: string): Promise<number> {
  return change(file, id, async ({ sessions }, peer) => {
    await sessions.forget(peer)
    console.error(`${peer} is forgotten; it needs a new token to register again.`)
  })
}

function change(file: string | undefined, id: string, work: (operator: Operator, peer: PeerId) => Promise<void>) {
  return operate(file, async (operator) => {
    const peer = operator.peers.find((known) => known === id)
    if (peer === undefined)
      return usage(`${id} is not among the OSCP 2.0 parties: ${operator.peers.join(', ') || 'none is configured'}`)
    await work(operator, peer)
    return exitCodes.ok
  })
}

/** With the state that the gateway uses; exit code 69 when that cannot be had. */
export async function operate(
  file: string | undefined,
  work: (operator: Operator) => Promise<number>,
): Promise<number> {
  const config = loadConfig(undefined, file)
  return withState(() => openOperator(config), inMemory, work)
}

async function usage(sentence: string): Promise<number> {
  console.error(sentence)
  return exitCodes.usage
}

function rowOf(view: SessionView): string[] {
  const time = (at: number | undefined) => (at === undefined ? '-' : new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'))
  const remarks = [
    view.registration === 'none' ? 'does not register' : '',
    view.suspect ? 'refuses our token' : '',
    view.tokenWaitsUntil === undefined ? '' : `token waits until ${time(view.tokenWaitsUntil)}`,
    view.noHeartbeats ? 'takes no heartbeats' : '',
    view.owed.length > 0 ? `owed: ${view.owed.join(', ')}` : '',
    view.lastError ?? '',
  ]
  const said = remarks.filter((remark) => remark !== '').join('; ')
  return [view.peer, view.role, view.state, time(view.since), time(view.lastSeen), said]
}
