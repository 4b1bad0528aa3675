/**
 * The demo's small world on loopback, ports chosen by the system: a simulated DSO, the gateway, a simulated CPO.
 * Limits: the simulated parties live with the tests, and an image without them has no demo.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Cpo } from '../../test/peers/cpo.ts'
import type { Dso } from '../../test/peers/dso.ts'
import type { cableForecast } from '../../test/peers/forecast.ts'
import { type Gateway, shippedCrossings, startGateway } from '../app.ts'
import { loadConfig } from '../config.ts'
import type { Alarm, DeliveryLine, ExchangeLine } from '../exchange/observer.ts'
import { createLog } from '../ops/log.ts'

export interface World {
  readonly gateway: Gateway
  readonly dso: Dso
  readonly cpo: Cpo
  /** Makes what a DSO would say of one cable. */
  readonly cableForecast: typeof cableForecast
  /** What the gateway told its observer, in order. */
  readonly exchanges: readonly ExchangeLine[]
  readonly attempts: readonly DeliveryLine[]
  readonly alarms: readonly Alarm[]
  stop(): Promise<void>
}

/** The DSO's name in the gateway's configuration, and so in its URL. */
export const dsoName = 'demo-dso'
/** How each cable of the DSO is called at the CPO. */
export const groups: Readonly<Record<string, string>> = { 'CABLE-17': 'FEEDER-0815', 'CABLE-18': 'FEEDER-0816' }
export const cables = ['CABLE-17', 'CABLE-18'] as const

const longestRetry = 500
/** Between two attempts to deliver lies at most this much, in milliseconds: the agenda looks every 200 ms. */
export const longestPause = longestRetry + 200

const peersFolder = fileURLToPath(new URL('../../test/peers/', import.meta.url))

/** The folder where the simulated parties should be, if they are not. */
export function missingPeers(): string | undefined {
  return existsSync(peersFolder) ? undefined : peersFolder
}

/** Starts everything, or nothing: what was started is stopped again when the rest fails. */
export async function openWorld(): Promise<World> {
  const { startCpo } = await import('../../test/peers/cpo.ts')
  const { connectDso } = await import('../../test/peers/dso.ts')
  const { cableForecast } = await import('../../test/peers/forecast.ts')
  const [exchanges, attempts, alarms]: [ExchangeLine[], DeliveryLine[], Alarm[]] = [[], [], []]
  const running: { stop(): Promise<void> }[] = []
  const stop = async () => {
    for (const party of running.reverse()) await party.stop()
  }
  try {
    const cpo = await startCpo()
    running.push(cpo)
    const config = loadConfig(() => configuration(cpo), undefined, {})
    const gateway = await startGateway({
      config,
      log: createLog(config.log),
      crossings: await shippedCrossings(),
      observer: {
        exchanged: (line) => exchanges.push(line),
        attempted: (line) => attempts.push(line),
        alarm: (alarm) => alarms.push(alarm),
      },
    })
    running.push(gateway)
    const dso = await connectDso({ wsdlUrl: `${gateway.soapUrl}/oscp/1.0/${dsoName}?wsdl` })
    return { gateway, dso, cpo, cableForecast, exchanges, attempts, alarms, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** As a file would hold it. No environment is laid over it: the demo is the same everywhere. */
function configuration(cpo: Cpo): Record<string, unknown> {
  return {
    listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' },
    log: 'silent',
    delivery: { firstRetry: '200ms', longestRetry: `${longestRetry}ms` },
    peers: {
      [dsoName]: { role: 'dso' },
      'demo-cpo': { role: 'fp', url: cpo.url, token: cpo.token },
    },
    links: { demo: { legacy: dsoName, modern: 'demo-cpo', groups, answerWithin: '1s' } },
  }
}
