/** A gateway in a process of its own, for a test to attack: it tells its addresses, and on request how it has fared since it was last asked. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { shippedCrossings, startGateway } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/ops/log.ts'

export interface Started {
  readonly soapUrl: string
  readonly restUrl: string
}

export interface Fared {
  /** Longest time that the event loop was held up, in milliseconds. */
  readonly longestDelayMs: number
  /** Memory now, and the most of it, in bytes. */
  readonly rss: number
  readonly mostRss: number
  /** What somebody has put where every object finds it. */
  readonly polluted: readonly string[]
}

const config = loadConfig(() => JSON.parse(process.argv[2]!) as Record<string, unknown>, undefined, {})
const gateway = await startGateway({ config, log: createLog('info'), crossings: await shippedCrossings() })
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
let mostRss = 0
const watch = () => {
  mostRss = Math.max(mostRss, process.memoryUsage.rss())
}
setInterval(watch, 10).unref()

const born = Object.getOwnPropertyNames(Object.prototype)
process.on('message', (asked) => {
  if (asked === 'stop') return void gateway.stop(100).then(() => process.exit(0))
  watch()
  const fared: Fared = {
    longestDelayMs: delay.max / 1e6,
    rss: process.memoryUsage.rss(),
    mostRss,
    polluted: Object.getOwnPropertyNames(Object.prototype).filter((name) => !born.includes(name)),
  }
  delay.reset()
  mostRss = 0
  process.send!(fared)
})
process.on('disconnect', () => process.exit(1))
const started: Started = { soapUrl: gateway.soapUrl, restUrl: gateway.restUrl }
process.send!(started)
