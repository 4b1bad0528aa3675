/** The target table: each figure of the product beside what it is to be, and whether it is. */
import { cpuOf, type Row, type Spread, spreadOf, timesCheaper } from './rounds.ts'

/** One line of the table; without a figure the other side is not on this machine. */
export interface Target {
  readonly title: string
  readonly figure: Spread | undefined
  readonly unit?: string
  readonly atLeast?: number
  readonly atMost?: number
}

/** CPU per message of one round in one process, in microseconds. */
export type PathRound = Readonly<Record<'up' | 'upTenDays' | 'down' | 'builder', number>>

export interface Measured {
  readonly forecast: Readonly<Record<string, Row | undefined>>
  readonly heartbeat: Readonly<Record<string, Row | undefined>>
  readonly paths: readonly PathRound[]
  /** Milliseconds that the slowest heartbeat took while a forecast of 960 blocks was under way, of each time. */
  readonly slowestHeartbeats: readonly number[]
  readonly readyMs: readonly number[]
}

export const targetsOf = ({ forecast, heartbeat, paths, slowestHeartbeats, readyMs }: Measured): Target[] => {
  const ratio = (one: Row | undefined, other: Row | undefined) => one && other && timesCheaper(one, other)
  const up = forecast.translateOnly
  return [
    { title: 'SOAP → JSON, no outbound ÷ node-soap server', figure: ratio(up, forecast.nodeSoap), atLeast: 8 },
    { title: 'the same ÷ gSOAP C++ (-O2)', figure: ratio(up, forecast.gsoap), atLeast: 1.3 },
    { title: 'the same ÷ PHP SoapServer', figure: ratio(up, forecast.php), atLeast: 2 },
    { title: 'the same ÷ koa + router, constant', figure: ratio(up, forecast.koa), atLeast: 0.33 },
    { title: 'the same ÷ bare node:http, constant', figure: ratio(up, forecast.nodeHttp), atLeast: 0.12 },
    {
      title: 'whole gateway (Redis, outbound) ÷ one on node-soap',
      figure: ratio(forecast.withRedis, forecast.onNodeSoap),
      atLeast: 6,
    },
    {
      title: "JSON → SOAP ÷ node-soap's builder",
      figure: spreadOf(paths.map(({ down, builder }) => builder / down)),
      atLeast: 8,
    },
    {
      title: 'heartbeat, no state ÷ node-soap server',
      figure: ratio(heartbeat.translateOnly, heartbeat.nodeSoap),
      atLeast: 1.4,
    },
    {
      title: 'heartbeat, whole gateway (Redis) ÷ one on node-soap',
      figure: ratio(heartbeat.withRedis, heartbeat.onNodeSoap),
      atLeast: 1.3,
    },
    {
      title: 'event loop held per block, bytes to bytes',
      figure: spreadOf(paths.map(({ upTenDays }) => upTenDays / 960)),
      ...{ unit: 'µs', atMost: 2.5 },
    },
    {
      title: 'slowest heartbeat during one 960-block forecast',
      figure: spreadOf(slowestHeartbeats),
      ...{ unit: 'ms', atMost: 4 },
    },
    { title: 'ready after start', figure: spreadOf(readyMs), ...{ unit: 'ms', atMost: 300 } },
  ]
}

export const short = (number: number): string => String(Number(number.toPrecision(number < 100 ? 2 : 3)))

const printed = ({ median, least, most }: Spread, unit = '×') =>
  `${short(median)} ${unit} (${short(least)}–${short(most)})`

export const targetLines = (targets: readonly Target[]): string[][] => [
  ['', 'target', 'measured (least–most)', ''],
  ...targets.map(({ title, figure, unit, atLeast, atMost }) => {
    const target = atLeast === undefined ? `≤ ${atMost} ${unit}` : `≥ ${atLeast} ×`
    if (!figure) return [title, target, 'not installed here', '']
    const isReached = atLeast === undefined ? figure.median <= atMost! : figure.median >= atLeast
    return [title, target, printed(figure, unit), isReached ? 'reached' : 'not reached']
  }),
]

const whole = (number: number): string => Math.round(number).toLocaleString('en')

export const rowLines = (rows: readonly Row[], bare: Row, rival: Row): string[][] => [
  ['', 'req/s', 'CPU µs/req (least–most)', 'core busy', '× bare http', '× node-soap'],
  ...rows.map((each) => {
    const { median, least, most } = cpuOf(each)
    const middle = (key: 'rate' | 'busy') => whole(spreadOf(each.measured.map((m) => m[key])).median)
    const cost = `${whole(median)} (${whole(least)}–${whole(most)})`
    const ratios = [bare, rival].map((other) => short(timesCheaper(each, other).median))
    return [each.title, middle('rate'), cost, `${middle('busy')} %`, ...ratios]
  }),
]

export const plainTable = (lines: readonly string[][]): string => {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)))
  const cells = (line: readonly string[]) =>
    line.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
  return lines.map((line) => cells(line).join('  ')).join('\n')
}

export const markdownTable = ([head, ...lines]: readonly string[][]): string =>
  [head!, head!.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')
