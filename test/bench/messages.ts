/** What is sent, as whole HTTP requests, and what the charge point operator must get of it. */
import { randomUUID } from 'node:crypto'
import { cableForecast } from '../peers/forecast.ts'

export const blocks = 96
export const user = { username: 'bench', password: 'bench-password' }
const day = 24 * 3600_000
const from = new Date(Math.floor(Date.now() / day + 2) * day)

const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity'
const passwordText = `http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText`

/** Header blocks, anew for each message. */
export const headers = {
  usernameToken: () =>
    `<wsse:Security xmlns:wsse="${wsse}-secext-1.0.xsd"><wsse:UsernameToken><wsse:Username>${user.username}</wsse:Username>` +
    `<wsse:Password Type="${passwordText}">${user.password}</wsse:Password></wsse:UsernameToken></wsse:Security>`,
  messageId: () =>
    `<wsa:MessageID xmlns:wsa="http://www.w3.org/2005/08/addressing">urn:uuid:${randomUUID()}</wsa:MessageID>`,
}
export type Header = keyof typeof headers

const envelope = (content: string, header = '') =>
  '<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ' +
  `xmlns:tns="urn:oscp-gateway:oscp-1.0:Csp">${header === '' ? '' : `<soap:Header>${header}</soap:Header>`}<soap:Body>${content}</soap:Body></soap:Envelope>`

const post = (action: string, body: string): Buffer => {
  const head = `POST /oscp/1.0/dso HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml; charset=utf-8\r\nSOAPAction: "${action}"`
  return Buffer.from(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

export const heartbeat = post('/Heartbeat', envelope('<tns:heartbeatRequest/>'))

const cableOf = (id: number, quarters: number) =>
  cableForecast({ cableId: `CABLE-${id}`, day: 'jan_workday', carries: 250 + (id % 1000) / 10, from, quarters })

const forecastOf = (id: number, quarters: number): string => {
  const { cableId, capacityUnit, blocks } = cableOf(id, quarters)
  const items = blocks.map(
    ({ startTime, endTime, capacity }) =>
      `<tns:block><tns:startTime>${startTime}</tns:startTime><tns:endTime>${endTime}</tns:endTime><tns:capacity>${capacity}</tns:capacity></tns:block>`,
  )
  const fields = `<tns:cableId>${cableId}</tns:cableId><tns:capacityUnit>${capacityUnit}</tns:capacityUnit>${items.join('')}`
  return `<tns:cableCapacityForecast>${fields}</tns:cableCapacityForecast>`
}

/** The envelope of a forecast for each of these cables. */
export const forecastEnvelope = (ids: readonly number[], quarters = blocks, header = ''): string => {
  const forecasts = ids.map((id) => forecastOf(id, quarters)).join('')
  return envelope(
    `<tns:updateCableCapacityForecastRequest>${forecasts}</tns:updateCableCapacityForecastRequest>`,
    header,
  )
}

export const forecastRequest = (ids: readonly number[], quarters?: number): Buffer =>
  post('/UpdateCableCapacityForecast', forecastEnvelope(ids, quarters))

/** One forecast per cable, for each of a thousand cables in turn; with headers, which must be new each time, put in between. */
export const eachCable = (with_: readonly Header[] = [], count = 1_000): (() => Buffer) => {
  const fixed = Array.from({ length: count }, (_, id) => forecastEnvelope([id]))
  const whole = with_.length === 0 ? fixed.map((body) => post('/UpdateCableCapacityForecast', body)) : []
  let nth = 0
  return () => {
    const at = nth++ % count
    if (with_.length === 0) return whole[at]!
    const header = with_.map((name) => headers[name]()).join('')
    const body = fixed[at]!.replace('<soap:Body>', `<soap:Header>${header}</soap:Header><soap:Body>`)
    return post('/UpdateCableCapacityForecast', body)
  }
}

export interface ModernForecast {
  group_id: string
  type: string
  forecasted_blocks: { capacity: number; phase: string; unit: string; start_time: string; end_time: string }[]
}

/** What must arrive of the forecast for the cable of this name. */
export const expected = (group_id: string, quarters = blocks): ModernForecast => ({
  group_id,
  type: 'CONSUMPTION',
  forecasted_blocks: cableOf(Number(group_id.replace('CABLE-', '')), quarters).blocks.map((block) => ({
    capacity: Number(block.capacity),
    ...{ phase: 'ALL', unit: 'KW', start_time: block.startTime, end_time: block.endTime },
  })),
})
