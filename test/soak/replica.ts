/** A gateway in a process of its own, to be killed: its configuration is the first argument; it tells its parent what it is asked. */
import { shippedCrossings, startGateway } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/ops/log.ts'

export type Asked = { readonly ask: 'rss' | 'alarms' } | { readonly ask: 'stop' } | { readonly aheadMs: number }

/** Said once, when it listens. */
export interface Started {
  readonly soapUrl: string
  readonly restUrl: string
  readonly adminUrl: string
}

/** How far its clock is ahead of the machine's. */
let aheadMs = 0
const alarms: Record<string, number> = {}

const config = loadConfig(() => JSON.parse(process.argv[2]!) as Record<string, unknown>, undefined, {})
const gateway = await startGateway({
  config,
  log: createLog('info'),
  crossings: await shippedCrossings(),
  now: () => Date.now() + aheadMs,
  observer: {
    exchanged: () => undefined,
    attempted: () => undefined,
    alarm: (alarm) => {
      alarms[alarm] = (alarms[alarm] ?? 0) + 1
    },
  },
})

process.on('message', (asked: Asked) => {
  if ('aheadMs' in asked) aheadMs = asked.aheadMs
  else if (asked.ask === 'rss') process.send!({ rss: process.memoryUsage.rss() })
  else if (asked.ask === 'alarms') process.send!({ alarms })
  else void gateway.stop(3000).then(() => process.exit(0))
})
process.on('disconnect', () => process.exit(1))
const { soapUrl, restUrl, adminUrl } = gateway
process.send!({ soapUrl, restUrl, adminUrl } satisfies Started)
