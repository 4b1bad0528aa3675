/**
 * How the demo stays honest: a line with a tick is printed only after its fact was checked, as far as it can be against
 * what the simulated parties really received; the first fact that does not hold ends the demo with an error.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Received } from '../../test/peers/cpo.ts'
import type { CableForecast, CapacityBlock } from '../../test/peers/dso.ts'
import { groups, type World } from './demo-world.ts'
import type { Terminal } from './terminal.ts'

/** What an act plays on. */
export interface Stage {
  readonly terminal: Terminal
  readonly world: World
  /** Start of the quarter hour in which the demo begins, in milliseconds since 1970. */
  readonly from: number
}

/** An UpdateGroupCapacityForecast as the CPO got it; its own checks have seen to the form. */
export interface GroupForecast {
  readonly group_id: string
  readonly type: string
  readonly forecasted_blocks: readonly GroupBlock[]
}

interface GroupBlock {
  readonly capacity: number
  readonly phase: string
  readonly unit: string
  readonly start_time: string
  readonly end_time: string
}

/** Prints the sentence with a tick when it is true. Throws when it is not, which ends the demo. */
export function verify(terminal: Terminal, fact: boolean, sentence: string): void {
  if (!fact) throw new Error(`The demo saw otherwise: ${sentence}`)
  terminal.paragraph(`✓ ${sentence}`, 'green', 2)
}

export function groupOf(cable: string): string {
  return groups[cable] ?? cable
}

/** What the CPO received about a cable, in order of arrival. */
export function receivedAbout({ cpo }: World, cable: string): Received[] {
  return cpo.received.filter((request) => (request.body as GroupForecast).group_id === groupOf(cable))
}

/** What a forecast in kW must look like in OSCP 2.0. Written out here by hand: the mapping must not judge itself. */
export function inModernTerms({ cableId, blocks }: CableForecast): GroupForecast {
  return {
    group_id: groupOf(cableId),
    type: 'CONSUMPTION',
    forecasted_blocks: blocks.map(({ startTime, endTime, capacity }) => ({
      capacity: Number(capacity),
      phase: 'ALL',
      unit: 'KW',
      start_time: startTime,
      end_time: endTime,
    })),
  }
}

/** The instant at which a block is looked at: its last, because its beginning may be past and nobody forecasts the past. */
export function lastInstantOf({ endTime }: CapacityBlock): number {
  return Date.parse(endTime) - 1
}

/** The limit the CPO holds to at the last instant of each block of a forecast. Throws when it knows none. */
export function limitsHeld({ cpo }: World, { cableId, blocks }: CableForecast): number[] {
  return blocks.map((block) => {
    const limit = cpo.limitAt(groupOf(cableId), lastInstantOf(block))
    if (limit === undefined)
      throw new Error(`The demo saw otherwise: the CPO has a limit for ${cableId} from ${block.startTime}`)
    return limit.capacity
  })
}

/** The limits that one message states for an instant: exactly one, if it has neither gaps nor overlaps there. */
export function limitsStated({ forecasted_blocks: blocks }: GroupForecast, instant: number): number[] {
  return blocks
    .filter(({ start_time, end_time }) => Date.parse(start_time) <= instant && instant < Date.parse(end_time))
    .map(({ capacity }) => capacity)
}

/** Waits for something that must happen soon. Throws when it does not. */
export async function until(happened: () => boolean, sentence: string, withinMs = 3000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !happened(); await sleep(10))
    if (Date.now() > deadline) throw new Error(`The demo waited ${withinMs} ms in vain: ${sentence}`)
}
