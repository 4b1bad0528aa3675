/**
 * `oscp-gateway dead`: messages that were given up, why, and the two things an operator does about one: send it again or forget it.
 * Limits: a message may hold what belongs to the parties; it is shown only when it is asked for by its id.
 */
import type { Operator } from '../app/operator.ts'
import type { DeadEntry } from '../exchange/dead-list.ts'
import type { PeerId } from '../exchange/ids.ts'
import { exitCodes } from './exit.ts'
import { operate } from './peers.ts'
import { printTable } from './table.ts'

export interface DeadOptions {
  readonly config?: string
  readonly json?: boolean
}

export function listDead({ config, json }: DeadOptions, only: string | undefined): Promise<number> {
  return operate(config, async (operator) => {
    if (only !== undefined && !partyNamed(operator, only)) return unknownParty(operator, only)
    const peers = operator.parties.filter((peer) => only === undefined || peer === only)
    const lists = await Promise.all(
      peers.map(async (peer) => (await operator.dead.of(peer)).map((dead) => ({ peer, dead }))),
    )
    const all = lists.flat().sort((a, b) => a.dead.at - b.dead.at)
    if (json) for (const { peer, dead } of all) console.log(JSON.stringify({ peer, ...summaryOf(dead) }))
    else printTable([['PARTY', 'ID', 'GIVEN UP', 'MESSAGE', 'LINK', 'GROUP', 'TRIES', 'REASON'], ...all.map(rowOf)])
    return exitCodes.ok
  })
}

export function showDead({ config, json }: DeadOptions, peer: string, id: string): Promise<number> {
  return withEntry(config, peer, id, async (_operator, party, dead) => {
    const { event, ...rest } = dead
    const told = { peer: party, ...rest, ...times(dead), ...(event ? { event } : {}) }
    console.log(JSON.stringify(told, undefined, json ? 0 : 2))
    return exitCodes.ok
  })
}

export function retryDead({ config, json }: DeadOptions, peer: string, id: string): Promise<number> {
  return withEntry(config, peer, id, async (operator, party, dead) => {
    const outcome = await operator.dead.retry(party, id)
    if (outcome === 'unknown') return unknownEntry(party, id)
    if (outcome !== 'added') {
      console.error(`${dead.kind} ${id} of ${party} is not sent again: ${outcome}.`)
      return exitCodes.refused
    }
    return done(json, party, dead, 'retried', 'is the last of the queue again, and sent by the gateway.')
  })
}

export function dropDead({ config, json }: DeadOptions, peer: string, id: string): Promise<number> {
  return withEntry(config, peer, id, async (operator, party) => {
    const dropped = await operator.dead.drop(party, id)
    if (!dropped) return unknownEntry(party, id)
    return done(json, party, dropped, 'dropped', 'is forgotten.')
  })
}

/** Says what was done, with every id by which it can be found elsewhere. */
function done(json: boolean | undefined, peer: PeerId, dead: DeadEntry, what: string, sentence: string): number {
  if (json) console.log(JSON.stringify({ [what]: { peer, ...summaryOf(dead) } }))
  else {
    const exchange = dead.exchange === undefined ? '' : `, exchange ${dead.exchange}`
    console.error(
      `${dead.kind} ${dead.id} of ${peer} (link ${dead.link}, group ${dead.group ?? '-'}${exchange}) ${sentence}`,
    )
  }
  return exitCodes.ok
}

function withEntry(
  config: string | undefined,
  peer: string,
  id: string,
  work: (operator: Operator, peer: PeerId, dead: DeadEntry) => Promise<number>,
): Promise<number> {
  return operate(config, async (operator) => {
    const party = partyNamed(operator, peer)
    if (!party) return unknownParty(operator, peer)
    const dead = await operator.dead.find(party, id)
    return dead ? work(operator, party, dead) : unknownEntry(party, id)
  })
}

function partyNamed({ parties }: Operator, name: string): PeerId | undefined {
  return parties.find((known) => known === name)
}

function unknownParty({ parties }: Operator, name: string): number {
  console.error(`${name} is not among the parties: ${parties.join(', ')}`)
  return exitCodes.usage
}

function unknownEntry(peer: PeerId, id: string): number {
  console.error(`There is no ${id} in the dead list of ${peer}; it may have been sent again, dropped or forgotten.`)
  return exitCodes.noInput
}

function rowOf({ peer, dead }: { peer: PeerId; dead: DeadEntry }): string[] {
  const { id, kind, link, group = '-', attempts, reason } = dead
  return [peer, id, times(dead).at, kind, link, group, `${attempts}`, reason]
}

/** Without the message itself. */
function summaryOf({ event: _, ...rest }: DeadEntry): object {
  return { ...rest, ...times(rest) }
}

function times({ at }: Pick<DeadEntry, 'at'>): { readonly at: string } {
  return { at: new Date(at).toISOString() }
}
