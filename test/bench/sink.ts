/** The charge point operator behind the gateway: counts the forecasts of each who calls it, and keeps the last one to be compared. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { listen } from '../../src/http/listen.ts'
import type { ModernForecast } from './messages.ts'

interface Heard {
  right: number
  wrong: number
  last: string | undefined
}

export const startSink = async () => {
  const heard = new Map<string, Heard>()
  const of = (token: string): Heard => {
    const known = heard.get(token) ?? { right: 0, wrong: 0, last: undefined }
    heard.set(token, known)
    return known
  }
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request)
    const from = of(request.headers.authorization?.replace(/^Token /, '') ?? '')
    const isForecast = request.url === '/update_group_capacity_forecast'
    if (isForecast && body.startsWith('{"group_id":"CABLE-') && body.endsWith('}]}')) from.right++
    else from.wrong++
    from.last = body
    response.writeHead(204).end()
  }
  const { port } = await listen((request, response) => void receive(request, response), '127.0.0.1', 0)
  return {
    url: `http://127.0.0.1:${port}`,
    /** What came so far from who shows this token. */
    heard(token: string) {
      const { right, wrong, last } = of(token)
      return { right, wrong, last: last === undefined ? undefined : (JSON.parse(last) as ModernForecast) }
    },
  }
}
export type Sink = Awaited<ReturnType<typeof startSink>>
