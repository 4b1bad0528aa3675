/**
 * `npm run bench`: a forecast from SOAP to OSCP 2.0 JSON, and a heartbeat, through the gateway as it ships, beside what else
 * one could have used. Method: design/performance.md, "How to measure". It takes less than a minute, and is stopped after that.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { load } from './load.ts'
import { cpuMicros, freePort, pinned, startNode, stopAll } from './machine.ts'
import { blocks, expected, forecasts, heartbeat } from './messages.ts'
import { startSink } from './sink.ts'

const rounds = 5
const connections = 32
const turnMs = { 'each cable': 1_200, 'one cable': 600, heartbeat: 600 }

/** A line of the table: what is sent to whom, and what each round measured. */
interface Row {
  readonly title: string
  readonly server: { readonly process: ChildProcess; readonly port: number }
  readonly send: keyof typeof turnMs
  readonly measured: { rate: number; cpu: number; busy: number }[]
}

const home = fileURLToPath(new URL('../..', import.meta.url))
const loadBefore = loadavg()[0]!.toFixed(1)
let nth = 0
const next = {
  'each cable': () => forecasts[nth++ % forecasts.length]!,
  'one cable': () => forecasts[0]!,
  heartbeat: () => heartbeat,
}

const turn = ({ server, send }: Row, forMs = turnMs[send], atMost = 50_000, parallel = connections) => {
  const expect = send === 'heartbeat' ? 'currentTime>' : 'status>Accepted<'
  return load({ port: server.port, next: next[send], expect, connections: parallel, forMs, atMost })
}

/** Waits for the first right answer, 10 seconds at most, then sends enough for the compiler to settle. */
const warmUp = async (row: Row): Promise<void> => {
  for (const deadline = Date.now() + 10_000; ; await sleep(50)) {
    const failure = await turn(row, 1_000, 1, 1).then(() => undefined, String)
    if (failure === undefined) break
    if (Date.now() > deadline) throw new Error(`${row.title}: ${failure}`)
  }
  await turn(row, 2 * turnMs[row.send], 1_500)
}

const bench = async (folder: string): Promise<void> => {
  const sink = await startSink('bench')
  const start = async (file: string, env?: Record<string, string>, port?: number) => {
    const at = port ?? (await freePort())
    return { port: at, process: startNode([join(home, file), env ? 'start' : String(at)], env) }
  }
  const [port, adminPort] = [await freePort(), await freePort()]
  const config = join(folder, 'gateway.yaml') // JSON is YAML
  writeFileSync(
    config,
    JSON.stringify({
      listen: { soap: `127.0.0.1:${port}`, rest: '127.0.0.1:0', admin: `127.0.0.1:${adminPort}` },
      log: 'error',
      peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: sink.url, token: 'bench' } },
      links: { link: { legacy: 'dso', modern: 'cpo' } },
    }),
  )
  const gateway = await start('dist/src/cli/main.js', { OSCP_GW_CONFIG: config }, port)
  const nodeSoap = await start('test/bench/contestants/node-soap.mjs')
  const koa = await start('test/bench/contestants/koa.mjs')
  const nodeHttp = await start('test/bench/contestants/node-http.mjs')
  const row = (title: string, server: Row['server'], send: Row['send']): Row => ({ title, server, send, measured: [] })
  const bare = row('bare node:http, constant answer', nodeHttp, 'each cable')
  const soap = row('node-soap, constant answer', nodeSoap, 'each cable')
  const soapHeartbeat = row('node-soap, heartbeat', nodeSoap, 'heartbeat')
  const rows = [
    bare,
    row('koa + @koa/router, constant answer', koa, 'each cable'),
    soap,
    row('gateway (memory state, with outbound POST)', gateway, 'each cable'),
    row('  with the same cable in every request', gateway, 'one cable'),
    soapHeartbeat,
    row('gateway, heartbeat', gateway, 'heartbeat'),
  ]

  for (const each of rows) await warmUp(each)
  sink.take()
  for (let round = 0; round < rounds; round++)
    for (const each of rows) {
      const before = cpuMicros(each.server.process)
      const { answers, ms } = await turn(each)
      const cpu = cpuMicros(each.server.process) - before
      each.measured.push({ rate: (answers / ms) * 1000, cpu: cpu / answers, busy: cpu / ms / 10 })

      // What the gateway accepted has arrived; of one cable, what comes while a forecast is under way travels as one.
      const { right, wrong, last } = sink.take()
      const due = each.server === gateway && each.send !== 'heartbeat' ? answers : 0
      const complete = each.send === 'one cable' ? right > 0 && right <= due : right === due
      assert(complete && wrong === 0, `${each.title}: of ${due} forecasts arrived ${right}, and ${wrong} wrong ones`)
      if (due > 0) assert.deepEqual(last, expected(last!.group_id))
    }
  print(rows, bare, (each) => (each.send === 'heartbeat' ? soapHeartbeat : soap))
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
const short = (number: number) => String(Number(number.toPrecision(2)))

const print = (rows: Row[], bare: Row, rivalOf: (row: Row) => Row): void => {
  const middle = (row: Row, key: 'rate' | 'cpu' | 'busy') =>
    Math.round(median(row.measured.map((m) => m[key]))).toLocaleString('en')
  const cost = (row: Row, round: number) => row.measured[round]!.cpu || 1e6 / row.measured[round]!.rate
  const ratio = (row: Row, to: Row) => {
    const ratios = row.measured.map((_, round) => cost(to, round) / cost(row, round))
    return `${short(median(ratios))} (${short(Math.min(...ratios))}–${short(Math.max(...ratios))})`
  }
  const lines = rows.map((row) => [
    ...[row.title, middle(row, 'rate'), middle(row, 'cpu'), `${middle(row, 'busy')} %`],
    ...[row.send === 'heartbeat' ? '' : ratio(row, bare), ratio(row, rivalOf(row))],
  ])
  lines.unshift(['', 'req/s', 'CPU µs/req', 'core busy', '× bare http', '× node-soap'])
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)))
  console.log()
  for (const line of lines)
    console.log(line.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  '))
  console.log(`
${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, load average before ${loadBefore}; ${pinned ? 'servers on core 0, load and sink on core 1' : 'NOT pinned'}
A forecast has ${blocks} blocks in ${forecasts[0]!.length} bytes; ${forecasts.length} cables in turn, ${connections} connections, every answer checked. The gateway (log level error)
validates, translates and stores it, posts OSCP 2.0 JSON to the sink and waits for its word; node-soap only parses it, the others not even that.
Medians of ${rounds} interleaved rounds. Ratios are of CPU per request within a round (least–most), because req/s stands for the server only where
its core is about 100 % busy: elsewhere load, sink, waiting, or other work on this machine was the limit.`)
}

execSync('npm run --silent build', { cwd: home, stdio: 'inherit' })
const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
setTimeout(() => {
  console.error('The benchmark took longer than a minute and was stopped.')
  process.exit(1)
}, 60_000).unref()
try {
  await bench(folder)
} finally {
  await stopAll()
}
process.exit()
