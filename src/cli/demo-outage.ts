/** The demo's second and third act: the CPO goes away, the DSO goes on speaking, and one message makes up for it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { CableForecast } from '../../test/peers/dso.ts'
import { clock, drawDay, quarter } from './demo-chart.ts'
import {
  type GroupForecast,
  groupOf,
  lastInstantOf,
  limitsHeld,
  limitsStated,
  type Stage,
  until,
  verify,
} from './demo-facts.ts'
import { compareMessages, type Keep } from './demo-messages.ts'
import { cables, longestPause } from './demo-world.ts'

const hour = 4 * quarter
const [cable] = cables

/** What the DSO said while the CPO was away. */
interface Missed {
  readonly newer: CableForecast
  readonly emergency: { readonly from: number; readonly to: number; readonly limit: number; readonly label: string }
  readonly emergencyXml: string
}

/** The CPO goes away, and the DSO speaks twice about one cable: both are accepted and wait. */
export async function fallBehind({ terminal, world, from }: Stage): Promise<Missed> {
  terminal.heading('2  The CPO goes away, and the DSO has more to say')
  const before = world.attempts.length
  let told = before
  const tellAttempts = () => {
    for (const { version, attempt, sentence, retryInMs } of world.attempts.slice(told))
      terminal.paragraph(`  version ${version}, attempt ${attempt}: ${sentence} Next in ${retryInMs} ms.`, 'yellow')
    told = world.attempts.length
  }
  await world.cpo.stop()
  const newer = world.cableForecast({ cableId: cable, day: 'jan_workday', carries: 220, from: new Date(from) })
  const first = await world.dso.sendForecast([{ ...newer, forecastId: 'intraday-2' }])
  terminal.paragraph(`The CPO's port is closed. The DSO forecasts ${cable} anew, 96 blocks: ${first.status}.`)
  await until(() => world.attempts.length >= before + 2, 'the gateway tries again by itself')
  tellAttempts()

  const start = Math.ceil((from + 2 * hour) / hour) * hour
  const span = { from: start, to: start + 3 * hour, limit: 40 }
  const label = `${span.limit} kW from ${clock(span.from)} to ${clock(span.to)}`
  const [startTime, endTime] = [new Date(span.from).toISOString(), new Date(span.to).toISOString()]
  const blocks = [{ startTime, endTime, capacity: String(span.limit) }]
  const cut: CableForecast = { cableId: cable, forecastId: 'emergency-3', capacityUnit: 'kW', blocks }
  const second = await world.dso.sendForecast([cut])
  terminal.paragraph(`Then an emergency, one block, ${label}: ${second.status}.`)
  tellAttempts()
  terminal.print('')

  const accepted = [first, second].every(({ status, rejectedCableId }) => status === 'Accepted' && !rejectedCableId[0])
  verify(terminal, accepted, 'The DSO was told Accepted twice: the gateway has both and will deliver them.')
  const isWaiting = world.attempts.slice(before).every(({ outcome }) => outcome === 'unavailable')
  verify(terminal, isWaiting && world.cpo.received.length === 2, 'Nothing could be delivered; the delivery is waiting.')
  return { newer, emergency: { ...span, label }, emergencyXml: second.requestXml }
}

/** The CPO comes back, and one message brings it up to date. */
export async function catchUp({ terminal, world, from }: Stage, missed: Missed): Promise<void> {
  const { newer, emergency, emergencyXml } = missed
  terminal.heading('3  The CPO comes back: one message, the day with the emergency laid over it')
  await world.cpo.restart()
  const arrived = await world.cpo.waitFor(3, 2 * longestPause)
  // A second message would come within the longest pause; only when that has passed is there truly one.
  await sleep(longestPause)

  const message = arrived.body as GroupForecast
  const place = message.forecasted_blocks.findIndex((block) => Date.parse(block.start_time) === emergency.from)
  const around: Keep = (index) => Math.abs(index - place) <= 1
  compareMessages(terminal, emergencyXml, [arrived], { xml: [], json: [around] })
  drawDay(terminal, `${cable} → ${groupOf(cable)}`, { from, limits: limitsHeld(world, newer), mark: emergency })

  const [delivered, ...more] = world.attempts.slice(2).filter(({ outcome }) => outcome === 'accepted')
  const once = world.cpo.received.length === 3 && arrived.status === 204
  verify(terminal, once, 'Exactly one message arrived, and the CPO answered 204.')
  verify(
    terminal,
    delivered?.version === 3 && delivered.request === arrived.headers['x-request-id'] && more.length === 0,
    'It is version 3. Version 2 was overtaken while it waited, and does not come late.',
  )
  const ahead = newer.blocks
    .map((block) => ({ time: lastInstantOf(block), capacity: Number(block.capacity) }))
    .filter(({ time }) => time > arrived.at)
  const isRight = ({ time, capacity }: { time: number; capacity: number }) => {
    const isEmergency = emergency.from <= time && time < emergency.to
    return isDeepStrictEqual(limitsStated(message, time), [isEmergency ? emergency.limit : capacity])
  }
  verify(
    terminal,
    message.group_id === groupOf(cable) && ahead.length > 90 && ahead.every(isRight),
    `It states one limit for each quarter hour ahead: ${emergency.label}, the newer forecast around it.`,
  )
  verify(
    terminal,
    world.alarms.every((alarm) => alarm === 'peer unavailable') && world.alarms.length > 0,
    'The gateway raised the alarm that the CPO was unavailable, and no other.',
  )
}
