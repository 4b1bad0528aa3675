/**
 * A gateway with a console, a DSO that calls and hosts, and a CPO, at the time that it is; some of their names are hostile.
 * Limits: the state is in memory.
 */
import { startCpo } from '../peers/cpo.ts'
import { connectDso } from '../peers/dso.ts'
import { type DsoServiceOptions, startDsoService } from '../peers/dso-service.ts'
import { ours, say } from './dso-scene.ts'
import { eventually, startTestGateway } from './gateway.ts'
import { closeLater } from './scene.ts'

export const consoleToken = 'a token for the console of the tests'

/** Names as only a hostile or careless party would choose them. */
export const hostile = {
  script: '<script>document.title="owned"</script><img src=x onerror=alert(1)>',
  /** Turns what follows it around, and closes what isolates it. */
  turning: 'kcab\u202e\u2069\u2066cable',
  quotes: `a"b'c\`d&amp;<!--`,
  long: `${'long '.repeat(2000)}end`,
  up: '..',
} as const

const quarter = 900_000

export interface ConsoleSceneOptions {
  readonly service?: DsoServiceOptions
  readonly config?: Readonly<Record<string, unknown>>
  readonly token?: string | undefined
  /** The DSO that calls. */
  readonly connect?: string
}

export async function openConsoleScene({
  service,
  config,
  token = consoleToken,
  connect = 'grid-north',
}: ConsoleSceneOptions = {}) {
  const cpo = closeLater(await startCpo())
  const host = closeLater(await startDsoService(service))
  const groups = { 'CABLE-17': 'FEEDER-0815', 'CABLE-18': 'FEEDER-0816', ...cables() }
  const gateway = closeLater(
    await startTestGateway({
      config: {
        ...(token === '' ? {} : { console: { token } }),
        peers: {
          'grid-north': { role: 'dso', url: host.url },
          'charge-co': { role: 'fp', url: cpo.url, token: cpo.token, inboundToken: ours },
        },
        links: {
          north: { legacy: 'grid-north', modern: 'charge-co', groups, answerWithin: '300ms' },
        },
        ...config,
      },
    }),
  )
  const dso = await connectDso({ wsdlUrl: `${gateway.soapUrl}/oscp/1.0/${connect}?wsdl` })
  return {
    cpo,
    host,
    dso,
    gateway,
    url: `${gateway.adminUrl}/console`,
    say: (path: string, body: unknown, request?: string) =>
      say(gateway, path, body, request === undefined ? {} : { request }),
  }
}

/** A cable for each hostile name of a group. */
function cables(): Record<string, string> {
  return Object.fromEntries(Object.entries(hostile).map(([name, group]) => [`cable-${name}`, group]))
}

/** A day in quarters of an hour from the one that is on; `at` says the capacity of each. */
export function dayOf(cableId: string, at: (quarter: number) => number, quarters = 96) {
  const from = Math.floor(Date.now() / quarter) * quarter
  const time = (i: number) => new Date(from + i * quarter).toISOString()
  const blocks = Array.from({ length: quarters }, (_, i) => ({
    startTime: time(i),
    endTime: time(i + 1),
    capacity: at(i),
  }))
  return { cableId, capacityUnit: 'kW' as const, blocks }
}

/** Energy of the quarter of an hour that ended so many quarters ago. */
export function usageOf(group: string, energy: number, ago = 0) {
  const to = Math.floor(Date.now() / quarter) * quarter - ago * quarter
  const time = (at: number) => new Date(at).toISOString()
  const about = { phase: 'ALL', unit: 'KWH', direction: 'IMPORT' }
  return {
    group_id: group,
    measurements: [{ value: energy, ...about, initial_measure_time: time(to - quarter), measure_time: time(to) }],
  }
}

export async function json<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T
}

/** Until the dead list has this many messages. */
export function deaths(url: string, count: number) {
  return eventually(`${count} dead`, async () => {
    const { messages } = await json<{ messages: { id: string; peer: string; kind: string; exchange: string }[] }>(
      `${url}/api/dead`,
    )
    return messages.length === count ? messages : undefined
  })
}
