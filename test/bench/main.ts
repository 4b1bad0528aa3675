/**
 * `npm run bench`: a forecast of 96 blocks from SOAP to OSCP 2.0 JSON, and a heartbeat, through the gateway as it ships,
 * beside what else one could have used. Method: design/performance.md, "How to measure".
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { cableForecast } from '../peers/forecast.ts'
import { load, post } from './load.ts'
import { cores, cpuMicros, freePort, startNode, stopAll } from './machine.ts'
import { type ModernForecast, startSink } from './sink.ts'

const rounds = 5
const connections = 32
const longTurn = 1_400
const shortTurn = 700
const blocks = 96
const day = 24 * 3600_000
const from = new Date(Math.floor(Date.now() / day + 2) * day)
const home = fileURLToPath(new URL('../..', import.meta.url))

const cables = Array.from({ length: 1_000 }, (_, i) =>
  cableForecast({ cableId: `CABLE-${i}`, day: 'jan_workday', carries: 250 + i / 10, from, quarters: blocks }),
)

const envelope = (body: string) =>
  '<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ' +
  `xmlns:tns="urn:oscp-gateway:oscp-1.0:Csp"><soap:Body>${body}</soap:Body></soap:Envelope>`

const forecasts = cables.map((cable) => {
  const items = cable.blocks.map(
    ({ startTime, endTime, capacity }) =>
      `<tns:block><tns:startTime>${startTime}</tns:startTime><tns:endTime>${endTime}</tns:endTime>` +
      `<tns:capacity>${capacity}</tns:capacity></tns:block>`,
  )
  const head = `<tns:cableId>${cable.cableId}</tns:cableId><tns:capacityUnit>${cable.capacityUnit}</tns:capacityUnit>`
  const forecast = `<tns:cableCapacityForecast>${head}${items.join('')}</tns:cableCapacityForecast>`
  const request = `<tns:updateCableCapacityForecastRequest>${forecast}</tns:updateCableCapacityForecastRequest>`
  return post('/UpdateCableCapacityForecast', envelope(request))
})
const heartbeat = post('/Heartbeat', envelope('<tns:heartbeatRequest/>'))

/** What the charge point operator must get for a forecast. */
const expected = ({ cableId, blocks }: (typeof cables)[number]): ModernForecast => ({
  group_id: cableId,
  type: 'CONSUMPTION',
  forecasted_blocks: blocks.map(({ startTime, endTime, capacity }) => ({
    ...{ capacity: Number(capacity), phase: 'ALL', unit: 'KW' },
    ...{ start_time: startTime, end_time: endTime },
  })),
})

interface Contestant {
  process: ChildProcess
  port: number
}

/** One line of the table, and one turn per round. */
interface Row {
  title: string
  contestant: Contestant
  send: 'each cable' | 'one cable' | 'heartbeat'
  /** Per round: requests per second, and CPU microseconds per request where they can be had. */
  rates: number[]
  cpu: number[]
  busy: number[]
}

let asked = 0
const next = {
  'each cable': () => forecasts[asked++ % forecasts.length]!,
  'one cable': () => forecasts[0]!,
  heartbeat: () => heartbeat,
}

const turn = ({ contestant, send }: Row, forMs: number, atMost = 50_000, parallel = connections) => {
  const expect = send === 'heartbeat' ? 'currentTime>' : 'status>Accepted<'
  return load({ port: contestant.port, next: next[send], expect, connections: parallel, forMs, atMost })
}

/** Resolves with the first right answer, and gives up after 10 seconds. */
const ready = async (row: Row): Promise<void> => {
  for (const deadline = Date.now() + 10_000; ; await sleep(50)) {
    const failure = await turn(row, 1_000, 1, 1).then(() => undefined, String)
    if (failure === undefined) return
    if (Date.now() > deadline) throw new Error(`${row.title}: ${failure}`)
  }
}

const bench = async (temp: string): Promise<void> => {
  const sink = await startSink('bench', blocks)
  const contestant = async (start: (port: number) => ChildProcess): Promise<Contestant> => {
    const port = await freePort()
    return { port, process: start(port) }
  }
  const script = (name: string) =>
    contestant((port) => startNode([fileURLToPath(new URL(`contestants/${name}.mjs`, import.meta.url)), String(port)]))
  const admin = await freePort()
  const gateway = await contestant((port) => {
    const config = join(temp, 'gateway.yaml')
    // YAML is a superset of JSON.
    const listen = { soap: `127.0.0.1:${port}`, admin: `127.0.0.1:${admin}` }
    const peers = { dso: { role: 'dso' }, cpo: { role: 'fp', url: sink.url, token: 'bench' } }
    const links = { link: { legacy: 'dso', modern: 'cpo' } }
    writeFileSync(config, JSON.stringify({ listen, log: 'error', peers, links }))
    return startNode([join(home, 'dist/src/cli/main.js'), 'start'], { OSCP_GW_CONFIG: config })
  })
  const row = (title: string, contestant: Contestant, send: Row['send']): Row => {
    return { title, contestant, send, rates: [], cpu: [], busy: [] }
  }
  const soap = await script('node-soap')
  const bare = row('bare node:http, constant answer', await script('node-http'), 'each cable')
  const nodeSoap = row('node-soap, constant answer', soap, 'each cable')
  const soapHeartbeat = row('node-soap heartbeat', soap, 'heartbeat')
  const rows = [
    bare,
    row('koa + @koa/router, constant answer', await script('koa'), 'each cable'),
    nodeSoap,
    row('gateway (memory state, with outbound POST)', gateway, 'each cable'),
    row('  the same cable in every request', gateway, 'one cable'),
    soapHeartbeat,
    row('gateway heartbeat', gateway, 'heartbeat'),
  ]

  /** Every forecast the gateway accepted must have arrived; of one cable, what came meanwhile may travel as one. */
  const checkSink = ({ title, contestant, send }: Row, answers: number) => {
    const { right, wrong, last } = sink.take()
    const due = contestant === gateway && send !== 'heartbeat' ? answers : 0
    assert.equal(wrong, 0, `${title}: ${wrong} forecasts arrived wrong`)
    if (send === 'one cable') assert(right > 0 && right <= due, `${title}: ${right} arrived of ${due}`)
    else assert.equal(right, due, `${title}: ${right} arrived of ${due}`)
    if (due > 0) assert.deepEqual(last, expected(cables[Number(last?.group_id.slice('CABLE-'.length))]!))
  }

  for (const each of rows) {
    await ready(each)
    await turn(each, 600)
    sink.take()
  }
  for (let round = 0; round < rounds; round++)
    for (const each of rows) {
      const before = cpuMicros(each.contestant.process)
      const { answers, ms } = await turn(each, each.send === 'each cable' ? longTurn : shortTurn)
      const spent = (cpuMicros(each.contestant.process) ?? Number.NaN) - (before ?? Number.NaN)
      checkSink(each, answers)
      each.rates.push((answers / ms) * 1000)
      each.cpu.push(spent / answers)
      each.busy.push(spent / ms / 10)
    }
  sink.close()
  print(rows, bare, nodeSoap, soapHeartbeat)
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
const whole = (numbers: number[], unit = '') =>
  numbers.some(Number.isNaN) ? '-' : Math.round(median(numbers)).toLocaleString('en') + unit
const ratio = (over: number[], under: number[]) => {
  const ratios = over.map((value, round) => value / under[round]!)
  if (ratios.some(Number.isNaN)) return '-'
  const [middle, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map((n) => n.toPrecision(2))
  return `${middle} (${least}–${most})`
}

const print = (rows: Row[], bare: Row, nodeSoap: Row, soapHeartbeat: Row): void => {
  const head = ['', 'req/s', 'CPU µs/req', 'core busy', '× bare http, by CPU', '× node-soap']
  const lines = rows.map((row) => {
    const beat = row.send === 'heartbeat'
    const toSoap = ratio(row.rates, (beat ? soapHeartbeat : nodeSoap).rates)
    return [
      row.title,
      whole(row.rates),
      whole(row.cpu),
      whole(row.busy, ' %'),
      beat ? '' : ratio(bare.cpu, row.cpu),
      toSoap,
    ]
  })
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => line[i]!.length)))
  const format = (line: string[]) => line.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
  console.log(`\n${[head, ...lines].map((line) => format(line).join('  ')).join('\n')}\n`)
  const pinned = cores ? `servers on core ${cores[0]}, load and sink on core ${cores[1]}` : 'not pinned to cores'
  console.log(
    `${cpus()[0]?.model}, ${availableParallelism()} cores, node ${process.version}; ${pinned}; load average ${loadavg()[0]?.toFixed(1)}\n` +
      `Medians of ${rounds} interleaved rounds, ratios (least–most) within a round; ${connections} connections; every answer checked.\n` +
      `A forecast has ${blocks} blocks, ${forecasts[0]!.length} bytes with its HTTP head, for ${cables.length} cables in turn. The gateway checks and translates it,\n` +
      'stores it, posts OSCP 2.0 JSON to the sink and waits for its answer (log level error); the others only answer a constant,\n' +
      'node-soap after parsing. A core busy for less than about 95 % waited for the load or the sink: there only CPU µs compare.',
  )
}

execFileSync('npm', ['run', '--silent', 'build'], { cwd: home, stdio: 'inherit' })
const temp = mkdtempSync(join(tmpdir(), 'oscp-gateway-bench-'))
process.once('exit', () => rmSync(temp, { recursive: true, force: true }))
const watchdog = setTimeout(() => {
  console.error('The benchmark took longer than 75 seconds and was stopped.')
  process.exit(1)
}, 75_000)
try {
  await bench(temp)
} finally {
  clearTimeout(watchdog)
  await stopAll()
}
process.exit()
