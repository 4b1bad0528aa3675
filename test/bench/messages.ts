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

/** What a message of this number says of the first quarter hour, always of the same length: so it is known which one arrived. */
const capacityOf = (number: number): string => (number / 1000).toFixed(3)
export const numberOf = (capacity: string): number => Math.round(Number(capacity) * 1000)
const firstNumber = 1_000_000
let count = 0

const cableOf = (id: number, quarters: number, number: number) => {
  const cableId = `CABLE-${id}`
  const cable = cableForecast({ cableId, day: 'jan_workday', carries: 250 + (id % 1000) / 10, from, quarters })
  const [first, ...others] = cable.blocks
  return { ...cable, blocks: [{ ...first!, capacity: capacityOf(number) }, ...others] }
}

const forecastOf = (id: number, quarters: number): string => {
  const { cableId, capacityUnit, blocks } = cableOf(id, quarters, firstNumber)
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

/** Messages one after the other, each with the next number. */
export interface Forecasts {
  readonly next: () => Buffer
  /** Of each cable, the number of the newest message that was asked for. */
  readonly newest: ReadonlyMap<string, number>
}

/** For these cables in turn, each message for all of one list; with headers, which must be new each time, put in between. */
export const forecastsFor = (
  lists: readonly (readonly number[])[],
  quarters: number = blocks,
  with_: readonly Header[] = [],
): Forecasts => {
  const makers = lists.map((ids) => (with_.length === 0 ? numbered(ids, quarters) : headed(ids, quarters, with_)))
  const names = lists.map((ids) => ids.map((id) => `CABLE-${id}`))
  const newest = new Map<string, number>()
  let nth = 0
  return {
    newest,
    next() {
      const [at, number] = [nth++ % lists.length, firstNumber + ++count]
      for (const name of names[at]!) newest.set(name, number)
      return makers[at]!(number)
    },
  }
}

/** One forecast per message, for each of so many cables in turn. */
export const eachCable = (with_: readonly Header[] = [], count = 1_000, first = 0): Forecasts =>
  forecastsFor(
    Array.from({ length: count }, (_, id) => [first + id]),
    blocks,
    with_,
  )

const placeholder = `>${capacityOf(firstNumber)}<`

const numbered = (ids: readonly number[], quarters: number): ((number: number) => Buffer) => {
  const template = forecastRequest(ids, quarters)
  const places: number[] = []
  for (let at = template.indexOf(placeholder); at >= 0; at = template.indexOf(placeholder, at + 1)) places.push(at + 1)
  return (number) => {
    const request = Buffer.from(template)
    for (const at of places) request.write(capacityOf(number), at, 'latin1')
    return request
  }
}

const headed = (ids: readonly number[], quarters: number, with_: readonly Header[]) => {
  const fixed = forecastEnvelope(ids, quarters)
  return (number: number): Buffer => {
    const header = with_.map((name) => headers[name]()).join('')
    const body = fixed
      .replace('<soap:Body>', `<soap:Header>${header}</soap:Header><soap:Body>`)
      .replaceAll(placeholder, `>${capacityOf(number)}<`)
    return post('/UpdateCableCapacityForecast', body)
  }
}

export interface ModernForecast {
  group_id: string
  type: string
  forecasted_blocks: { capacity: number; phase: string; unit: string; start_time: string; end_time: string }[]
}

/** What must arrive of the forecast for the cable of this name, of the message of this number. */
export const expected = (group_id: string, quarters = blocks, number = firstNumber): ModernForecast => ({
  group_id,
  type: 'CONSUMPTION',
  forecasted_blocks: cableOf(Number(group_id.replace('CABLE-', '')), quarters, number).blocks.map((block) => ({
    capacity: Number(block.capacity),
    ...{ phase: 'ALL', unit: 'KW', start_time: block.startTime, end_time: block.endTime },
  })),
})
