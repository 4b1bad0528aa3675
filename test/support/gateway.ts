/**
 * A gateway in this process for one test: real sockets on free loopback ports, quick to retry, with everything it reports
 * and logs collected. Limits: unless told otherwise, `stop` cuts what still runs after 200 ms.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Gateway, shippedCrossings, startGateway } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import type { DeliveryLine, ExchangeLine, Observer } from '../../src/exchange/observer.ts'
import { testLog } from './log.ts'

export interface AlarmLine {
  readonly alarm: string
  readonly peer?: string
  readonly group?: string
}

export interface TestGateway {
  readonly soapUrl: string
  readonly restUrl: string
  readonly adminUrl: string
  /** What the gateway told its observer, in order. */
  readonly observed: { exchanges: ExchangeLine[]; attempts: DeliveryLine[]; alarms: AlarmLine[] }
  /** Its log, one JSON text a line, down to debug. */
  readonly logged: string[]
  readonly certificates: Gateway['certificates']
  reload(): void
  stop(withinMs?: number): Promise<void>
}

export interface TestGatewayOptions {
  /** A configuration as a file would hold it, laid over quick retries and free ports. */
  readonly config: Readonly<Record<string, unknown>>
  readonly now?: (() => number) | undefined
}

const crossings = shippedCrossings()

/** Resolves when the gateway is ready, its state included. */
export async function startTestGateway({ config, now }: TestGatewayOptions): Promise<TestGateway> {
  const raw = {
    listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' },
    ...config,
    delivery: { timeout: '2s', firstRetry: '10ms', longestRetry: '50ms', ...(config.delivery as object) },
  }
  const observed: TestGateway['observed'] = { exchanges: [], attempts: [], alarms: [] }
  const observer: Observer = {
    exchanged: (line) => void observed.exchanges.push(line),
    attempted: (line) => void observed.attempts.push(line),
    alarm: (alarm, about) => void observed.alarms.push({ alarm, ...about }),
  }
  const logged: string[] = []
  const parsed = loadConfig(() => raw, undefined, {})
  const gateway = await startGateway({
    config: parsed,
    log: testLog(parsed, logged),
    crossings: await crossings,
    observer,
    random: () => 0.5, // pauses between attempts are half their bound
    ...(now ? { now } : {}),
  })
  await eventually('the gateway is ready', async () => (await fetch(`${gateway.adminUrl}/readyz`)).ok)
  return {
    soapUrl: gateway.soapUrl,
    restUrl: gateway.restUrl,
    adminUrl: gateway.adminUrl,
    observed,
    logged,
    certificates: gateway.certificates,
    reload: gateway.reload,
    stop: (withinMs = 200) => gateway.stop(withinMs),
  }
}

/** A clock that starts at an instant, runs, and can be moved. */
export function clockFrom(start: string) {
  let ahead = Date.parse(start) - Date.now()
  const now = () => Date.now() + ahead
  return Object.assign(now, {
    advance(minutes: number): void {
      ahead += minutes * 60_000
    },
  })
}

/** Asks until the answer is neither false nor undefined, and gives it; fails, saying what was awaited, at the deadline. */
export async function eventually<T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = 5000,
): Promise<Exclude<T, undefined | false>> {
  for (const deadline = Date.now() + withinMs; ; await delay(5)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>
    if (Date.now() > deadline) throw new Error(`In vain for ${withinMs} ms: ${what}`)
  }
}
