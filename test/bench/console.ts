/**
 * How long the console's overview takes with 500 links, each with a day's forecast: the first time after a pause, and while it is
 * looked at. The target is 100 ms for the first and for 95 % of the others; in the slowest this process waits for its core, or for
 * the garbage collector, whose threads share that core here.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '../support/redis.ts'
import type { Setting } from './contestants.ts'
import { startGateway } from './gateways.ts'
import { cpuMicros, stop } from './machine.ts'
import { forecastEnvelope } from './messages.ts'
import type { Section } from './report.ts'

const links = 500
const looks = 120
const pause = 100
const target = 100

export const consolePages = async (setting: Setting): Promise<Section[]> => {
  const redis = await startRedis()
  try {
    const measured = [await measure(setting, 'memory'), await measure(setting, 'Redis', { redis: { url: redis.url } })]
    const heads = [
      '',
      'after a pause',
      'half of them',
      '95 %',
      'slowest',
      'size',
      'on the way',
      'CPU of one look',
      'target',
    ]
    return [{ title: `The console's overview, ${links} links`, lines: [heads, ...measured.flat()] }]
  } finally {
    await redis.stop()
  }
}

const measure = async ({ home, folder, sink }: Setting, state: string, settings: object = {}): Promise<string[][]> => {
  const gateway = await startGateway({ home, folder, sink: sink.url, parties: links, settings: { ...settings } })
  const ids = Array.from({ length: links }, (_, i) => i)
  for (let from = 0; from < links; from += 10)
    await Promise.all(ids.slice(from, from + 10).map((i) => send(gateway.port, i)))
  const lines = []
  for (const path of ['/console', '/console/api/overview']) {
    // The page before must not have read for this one.
    await sleep(8_000)
    const url = `http://127.0.0.1:${gateway.adminPort}${path}`
    const first = await ask(url)
    const times: number[] = []
    const cpu = cpuMicros(gateway.pid)
    for (let i = 0; i < looks; i++) {
      await sleep(pause)
      times.push((await ask(url)).ms)
    }
    const cpuMs = (cpuMicros(gateway.pid) - cpu) / 1000 / looks
    const sorted = times.sort((a, b) => a - b)
    const at = (part: number) => `${sorted[Math.min(looks - 1, Math.floor(looks * part))]!.toFixed(1)} ms`
    const figures = [
      at(0.5),
      at(0.95),
      at(1),
      `${Math.round(first.size / 1024)} kB`,
      `${Math.round(first.sent / 1024)} kB`,
      `${cpuMs.toFixed(0)} ms`,
    ]
    const verdict = Math.max(first.ms, sorted[Math.floor(looks * 0.95)]!) < target ? 'met' : `missed: ${target} ms`
    lines.push([`\`${path}\`, ${state}`, `${first.ms.toFixed(0)} ms`, ...figures, verdict])
  }
  await stop(gateway.process)
  return lines
}

/** Sizes in bytes: of the page, and of what was sent for it. */
const ask = async (url: string): Promise<{ ms: number; size: number; sent: number }> => {
  const began = performance.now()
  const answer = await fetch(url)
  const text = await answer.text()
  const ms = performance.now() - began
  if (!text.includes(`link-${links - 1}`)) throw new Error(`Not all links are in ${url}: ${text.slice(0, 3000)}`)
  return { ms, size: text.length, sent: Number(answer.headers.get('content-length')) }
}

const send = async (port: number, i: number): Promise<void> => {
  const answer = await fetch(`http://127.0.0.1:${port}/oscp/1.0/dso${i === 0 ? '' : `-${i}`}`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '"/UpdateCableCapacityForecast"' },
    body: forecastEnvelope([i]),
  })
  const text = await answer.text()
  if (!text.includes('status>Accepted<')) throw new Error(`Forecast ${i}: ${text.slice(0, 300)}`)
}
