/** The charge point operator at the end of the gateway: counts forecasts, and keeps the last one to be compared. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface ModernForecast {
  group_id: string
  type: string
  forecasted_blocks: { capacity: number; phase: string; unit: string; start_time: string; end_time: string }[]
}

export const startSink = async (token: string, blocks: number) => {
  let right = 0
  let wrong = 0
  let last: ModernForecast | undefined
  const server = createServer(async (request, response) => {
    const forecast = JSON.parse(await text(request)) as ModernForecast
    const known =
      request.url === '/update_group_capacity_forecast' && request.headers.authorization === `Token ${token}`
    if (known && forecast.forecasted_blocks.length === blocks) right++
    else wrong++
    last = forecast
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    /** What arrived since it was asked last. */
    take() {
      const taken = { right, wrong, last }
      right = wrong = 0
      return taken
    },
    close: () => server.close().closeAllConnections(),
  }
}
