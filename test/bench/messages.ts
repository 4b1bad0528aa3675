/** What is sent, as whole HTTP requests, and what the charge point operator must get of it. */
import { cableForecast } from '../peers/forecast.ts'

export const blocks = 96
const day = 24 * 3600_000
const from = new Date(Math.floor(Date.now() / day + 2) * day)

const cables = Array.from({ length: 1_000 }, (_, i) =>
  cableForecast({ cableId: `CABLE-${i}`, day: 'jan_workday', carries: 250 + i / 10, from, quarters: blocks }),
)

const post = (action: string, content: string): Buffer => {
  const body =
    '<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ' +
    `xmlns:tns="urn:oscp-gateway:oscp-1.0:Csp"><soap:Body>${content}</soap:Body></soap:Envelope>`
  const head = `POST /oscp/1.0/dso HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml; charset=utf-8\r\nSOAPAction: "${action}"`
  return Buffer.from(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

export const heartbeat = post('/Heartbeat', '<tns:heartbeatRequest/>')

/** One forecast per cable. */
export const forecasts = cables.map(({ cableId, capacityUnit, blocks }) => {
  const items = blocks.map(
    ({ startTime, endTime, capacity }) =>
      `<tns:block><tns:startTime>${startTime}</tns:startTime><tns:endTime>${endTime}</tns:endTime><tns:capacity>${capacity}</tns:capacity></tns:block>`,
  )
  const fields = `<tns:cableId>${cableId}</tns:cableId><tns:capacityUnit>${capacityUnit}</tns:capacityUnit>${items.join('')}`
  const forecast = `<tns:cableCapacityForecast>${fields}</tns:cableCapacityForecast>`
  const request = `<tns:updateCableCapacityForecastRequest>${forecast}</tns:updateCableCapacityForecastRequest>`
  return post('/UpdateCableCapacityForecast', request)
})

export interface ModernForecast {
  group_id: string
  type: string
  forecasted_blocks: { capacity: number; phase: string; unit: string; start_time: string; end_time: string }[]
}

/** What must arrive of the forecast for this cable. */
export const expected = (cableId: string): ModernForecast => ({
  group_id: cableId,
  type: 'CONSUMPTION',
  forecasted_blocks: cables
    .find((cable) => cable.cableId === cableId)!
    .blocks.map(({ startTime: start_time, endTime: end_time, capacity }) => {
      return { capacity: Number(capacity), phase: 'ALL', unit: 'KW', start_time, end_time }
    }),
})
