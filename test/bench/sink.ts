/** The charge point operator behind the gateway: counts forecasts, and keeps the last one to be compared. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { listen } from '../../src/http/listen.ts'
import { blocks, type ModernForecast } from './messages.ts'

export const startSink = async (token: string) => {
  let [right, wrong] = [0, 0]
  let last: ModernForecast | undefined
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    last = JSON.parse(await text(request)) as ModernForecast
    const known =
      request.url === '/update_group_capacity_forecast' && request.headers.authorization === `Token ${token}`
    if (known && last.forecasted_blocks.length === blocks) right++
    else wrong++
    response.writeHead(204).end()
  }
  const { port } = await listen((request, response) => void receive(request, response), '127.0.0.1', 0)
  return {
    url: `http://127.0.0.1:${port}`,
    /** What arrived since it was asked last. */
    take() {
      const taken = { right, wrong, last }
      right = wrong = 0
      return taken
    },
  }
}
