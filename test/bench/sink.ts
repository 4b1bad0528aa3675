/** The charge point operator behind the gateway: counts forecasts, and keeps the last one to be compared. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { blocks, type ModernForecast } from './messages.ts'

export const startSink = async (token: string) => {
  let [right, wrong] = [0, 0]
  let last: ModernForecast | undefined
  const server = createServer(async (request, response) => {
    last = JSON.parse(await text(request)) as ModernForecast
    const known =
      request.url === '/update_group_capacity_forecast' && request.headers.authorization === `Token ${token}`
    if (known && last.forecasted_blocks.length === blocks) right++
    else wrong++
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What arrived since it was asked last. */
    take() {
      const taken = { right, wrong, last }
      right = wrong = 0
      return taken
    },
  }
}
