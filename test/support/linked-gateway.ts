/** A gateway over real sockets on loopback, on memory state, with one DSO linked to one simulated CPO; and a way to end both. */
import { shippedCrossings, startGateway } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import type { ExchangeLine } from '../../src/exchange/observer.ts'
import type { Crossing } from '../../src/mapping/crossings.ts'
import { startCpo } from '../peers/cpo.ts'
import { testLog } from './log.ts'

export async function openGateway(contract: string, groups: Record<string, string>, crossings?: readonly Crossing[]) {
  const cpo = await startCpo()
  const exchanges: ExchangeLine[] = []
  const raw = {
    listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' },
    log: 'silent',
    peers: { dso: { role: 'dso', contract }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } },
    links: { link: { legacy: 'dso', modern: 'cpo', groups, answerWithin: '2s' } },
  }
  try {
    const config = loadConfig(() => raw, undefined, {})
    const gateway = await startGateway({
      config,
      log: testLog(config),
      crossings: crossings ?? (await shippedCrossings()),
      observer: { exchanged: (line) => exchanges.push(line), attempted: () => {}, alarm: () => {} },
    })
    return {
      cpo,
      exchanges,
      url: `${gateway.soapUrl}/oscp/1.0/dso`,
      async stop() {
        await gateway.stop()
        await cpo.stop()
      },
    }
  } catch (error) {
    await cpo.stop()
    throw error
  }
}

/** Tomorrow at this hour, on the quarter: blocks in the past are not delivered. */
export function tomorrow(hour: number, minute = 0): Date {
  const day = new Date(Date.now() + 24 * 3600_000)
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), hour, minute))
}
