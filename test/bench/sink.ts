/**
 * The charge point operator behind the gateway: of each who calls it, it knows which message of each cable came last, and keeps
 * the last text to be compared.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { listen } from '../../src/http/listen.ts'
import { type ModernForecast, numberOf } from './messages.ts'

interface Heard {
  /** What was no forecast, or came after a newer one of its cable. */
  wrong: number
  last: string | undefined
  readonly newest: Map<string, number>
}

const beginning = /^\{"group_id":"(CABLE-\d+)","type":"CONSUMPTION","forecasted_blocks":\[\{"capacity":([\d.]+),/

export const startSink = async () => {
  const heard = new Map<string, Heard>()
  const of = (token: string): Heard => {
    const known = heard.get(token) ?? { wrong: 0, last: undefined, newest: new Map() }
    heard.set(token, known)
    return known
  }
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request)
    const from = of(request.headers.authorization?.replace(/^Token /, '') ?? '')
    const isForecast = request.url === '/update_group_capacity_forecast' && body.endsWith('}]}')
    const [, cable, capacity] = (isForecast && beginning.exec(body)) || []
    const number = numberOf(capacity ?? '')
    if (cable === undefined || number < (from.newest.get(cable) ?? 0)) from.wrong++
    else from.newest.set(cable, number)
    from.last = body
    response.writeHead(204).end()
  }
  const { port } = await listen((request, response) => void receive(request, response), '127.0.0.1', 0)
  return {
    url: `http://127.0.0.1:${port}`,
    /** What came so far from who shows this token. */
    heard: (token: string): Readonly<Omit<Heard, 'last'>> => of(token),
    last(token: string): ModernForecast {
      const { last } = of(token)
      if (last === undefined) throw new Error(`Nothing came from ${token}.`)
      return JSON.parse(last) as ModernForecast
    },
  }
}
export type Sink = Awaited<ReturnType<typeof startSink>>
