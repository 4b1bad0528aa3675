/**
 * How little memory the gateway starts and works in: each size is a cgroup of its own, in which it has to carry a thousand day-long forecasts.
 * Limits: says so and measures nothing where cgroups of version 1 cannot be made; it prints figures and judges none but the documented floor.
 */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { connectDso } from '../peers/dso.ts'
import { cableForecast } from '../peers/forecast.ts'
import type { Image } from './images.ts'
import type { Report } from './report.ts'
import { run, until } from './run.ts'

/** Mebibytes; the middle one is what docs/container.md calls the floor. */
const sizes = [64, 96, 128, 256]
const floor = 128
const quarter = new Date(Math.floor(Date.now() / 900_000) * 900_000)
const forecasts = 500

interface Where {
  readonly mounts: Readonly<Record<string, string>>
  readonly admin: number
  readonly soap: number
}

export async function seeMemory(report: Report, image: Image, where: Where): Promise<void> {
  for (const size of sizes) {
    const folder = `/sys/fs/cgroup/memory/oscp-gateway-${process.pid}-${size}`
    try {
      mkdirSync(folder)
    } catch {
      report.say('memory is not measured: no cgroup of version 1 can be made here')
      return
    }
    try {
      writeFileSync(`${folder}/memory.limit_in_bytes`, `${size * 2 ** 20}`)
      const seen = await work(image, where, folder)
      report.say(`in ${size} MiB: ${seen.sentence}`)
      if (size === floor) report.expect(`${floor} MiB are enough`, seen.worked, seen.sentence)
    } finally {
      await removed(folder)
    }
  }
}

async function work(image: Image, { mounts, admin, soap }: Where, cgroup: string) {
  const gateway = run(image, [...image.entrypoint, ...image.cmd], { mounts, cgroup })
  let over = false
  gateway.ended.then(() => (over = true))
  const used = (name: string) => (Number(readFileSync(`${cgroup}/memory.${name}`, 'utf8')) / 2 ** 20).toFixed(0)
  try {
    const ready = async () =>
      over || ((await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined))?.ok ?? false)
    await until('it is ready or over', ready)
    const idle = used('usage_in_bytes')
    const heap = await heapLimit(admin)
    const dso = await connectDso({ wsdlUrl: `http://127.0.0.1:${soap}/oscp/1.0/dso?wsdl` })
    for (let n = 0; n < forecasts && !over; n++)
      await dso.sendForecast([
        cableForecast({ cableId: `CABLE-${n % 50}`, day: 'jan_workday', carries: 250, from: quarter }),
      ])
    return {
      worked: !over,
      sentence: `${idle} MiB when ready, at most ${used('max_usage_in_bytes')} MiB over ${forecasts} forecasts of 96 blocks; ${heap}`,
    }
  } catch {
    return {
      worked: false,
      sentence: `not enough; ${over ? 'it was ended' : 'it came to a stand'}`,
    }
  } finally {
    if (!over) process.kill(gateway.pid(), 'SIGKILL')
    await gateway.ended
  }
}

async function heapLimit(admin: number): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()
  const total = /^nodejs_heap_size_total_bytes(?:\{\})? (\S+)$/m.exec(text)?.[1]
  return `heap ${(Number(total) / 2 ** 20).toFixed(0)} MiB when ready`
}

/** A cgroup can be removed once its last process is gone. */
async function removed(folder: string): Promise<void> {
  for (let tries = 50; ; tries--) {
    try {
      rmdirSync(folder)
      return
    } catch (error) {
      if (tries === 0) throw error
      await delay(100)
    }
  }
}
