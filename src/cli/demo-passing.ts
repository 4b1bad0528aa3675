/** The demo's first act: what goes in, what comes out, what each cable may draw, and what the translation did on the way. */
import { isDeepStrictEqual } from 'node:util'
import type { CableForecast } from '../../test/peers/dso.ts'
import { drawDay } from './demo-chart.ts'
import { groupOf, inModernTerms, limitsHeld, receivedAbout, type Stage, verify } from './demo-facts.ts'
import { compareMessages, firstAndLast, xmlLines, xmlPaint } from './demo-messages.ts'
import { drawReceipts } from './demo-receipts.ts'
import { cables } from './demo-world.ts'

/** Two cables, one day: in as one SOAP message, out as one JSON message per cable. */
export async function passOn({ terminal, world, from }: Stage): Promise<void> {
  terminal.heading('1  One SOAP message in, one JSON message per cable out')
  const winter = world.cableForecast({ cableId: cables[0], day: 'jan_workday', carries: 250, from: new Date(from) })
  const summer = world.cableForecast({ cableId: cables[1], day: 'jul_workday', carries: 400, from: new Date(from) })
  // A good half of it is not drawn yet.
  const remaining = (capacity: string | number) => String(Math.floor(Number(capacity) * 600) / 1000)
  const blocks = winter.blocks.map((block) => ({ ...block, remainingCapacity: remaining(block.capacity) }))
  const forecasts: CableForecast[] = [{ ...winter, forecastId: 'day-ahead-1', blocks }, summer]

  const answer = await world.dso.sendForecast(forecasts)
  const received = forecasts.flatMap(({ cableId }) => receivedAbout(world, cableId))
  const keeps = [firstAndLast(3), firstAndLast(1)]
  compareMessages(terminal, answer.requestXml, received, { xml: keeps, json: keeps })

  const names = forecasts.map(({ cableId }) => `${cableId} → ${groupOf(cableId)}`)
  for (const [i, forecast] of forecasts.entries())
    drawDay(terminal, names[i]!, { from, limits: limitsHeld(world, forecast) })

  const { durationMs, receipts } = world.exchanges.at(-1)!
  terminal.paragraph(
    `When the CPO had answered both, the DSO got its answer: HTTP ${answer.httpStatus}, ${durationMs} ms.`,
  )
  const answerLines = xmlLines(answer.responseXml, '  ').map((line) => ` ${line}`)
  terminal.listing(answerLines, xmlPaint(terminal))
  drawReceipts(terminal, receipts, [...names, 'the answer'])

  const ids = new Set(received.map((request) => request.headers['x-request-id']))
  const isSame = (forecast: CableForecast, i: number) => isDeepStrictEqual(received[i]?.body, inModernTerms(forecast))
  verify(terminal, answer.status === 'Accepted' && answer.rejectedCableId.length === 0, 'The DSO was told Accepted.')
  verify(
    terminal,
    world.cpo.received.length === 2 && received.every(({ status }) => status === 204),
    'The CPO received 2 messages, found them in order and answered 204.',
  )
  verify(
    terminal,
    forecasts.every(isSame),
    'All 192 blocks arrived with the instants and figures sent, and nothing else.',
  )
  verify(terminal, ids.size === 2 && !ids.has(undefined), 'Each message has an X-Request-ID of its own.')
}
