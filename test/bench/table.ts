/** `npm run bench` without more: everybody beside the gateway, and the target table. About three minutes. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Arriving, allArrived, allCame } from './arrivals.ts'
import { type Setting, startContestants } from './contestants.ts'
import { startGateway } from './gateways.ts'
import { load } from './load.ts'
import { outputOf, stop } from './machine.ts'
import { eachCable, expected, type Forecasts, forecastEnvelope, forecastsFor, heartbeat } from './messages.ts'
import type { Section } from './report.ts'
import { measure, type Row, row, type Server } from './rounds.ts'
import type { Sink } from './sink.ts'
import { type PathRound, rowLines, targetLines, targetsOf } from './targets.ts'

const rounds = 5

export const targetTable = async (setting: Setting): Promise<Section[]> => {
  const readyMs = await startUps(setting)
  const paths = pathsIn(setting)
  const who = await startContestants(setting)
  const line = (title: string, server: Server | undefined) => {
    const forecasts = eachCable()
    return server && row(title, server, forecasts.next, { forecasts })
  }
  const forecast = {
    nodeHttp: line('bare node:http, constant answer', who.nodeHttp)!,
    koa: line('koa + @koa/router, constant answer', who.koa),
    gsoap: line('gSOAP C++ server, -O2', who.gsoap),
    php: line('PHP SoapServer (php -S)', who.php),
    nodeSoap: line('node-soap server', who.nodeSoap)!,
    translateOnly: line('gateway without state and outbound', who.translateOnly),
    onNodeSoap: line('gateway built on node-soap, Redis', who.onNodeSoap),
    withMemory: line('whole gateway, memory', who.withMemory),
    withRedis: line('whole gateway, Redis', who.withRedis),
  }
  const beat = (title: string, server: Server | undefined) =>
    server && row(title, server, () => heartbeat, { expect: 'currentTime>' })
  const heartbeats = {
    nodeSoap: beat('node-soap server', who.nodeSoap)!,
    gsoap: beat('gSOAP C++ server, -O2', who.gsoap),
    php: beat('PHP SoapServer (php -S)', who.php),
    translateOnly: beat('gateway without state and outbound', who.translateOnly),
    onNodeSoap: beat('gateway built on node-soap, Redis', who.onNodeSoap),
    withMemory: beat('whole gateway, memory', who.withMemory),
    withRedis: beat('whole gateway, Redis', who.withRedis),
  }
  const present = (rows: Readonly<Record<string, Row | undefined>>) =>
    Object.values(rows).filter((each) => each !== undefined)
  await measure([...present(forecast), ...present(heartbeats)], { rounds, sink: setting.sink })
  const tenDays = { forecasts: forecastsFor([[1]], 960), token: who.withMemory.token, quarters: 960 }
  const slowestHeartbeats = await heartbeatsDuringForecasts(who.withMemory, tenDays, setting.sink, 15)
  await who.redis.stop()
  const targets = targetsOf({ forecast, heartbeat: heartbeats, paths, slowestHeartbeats, readyMs })
  return [
    { title: 'Targets', lines: targetLines(targets) },
    {
      title: 'A forecast of 96 blocks',
      lines: rowLines(present(forecast), forecast.nodeHttp, forecast.nodeSoap),
    },
    { title: 'A heartbeat', lines: rowLines(present(heartbeats), forecast.nodeHttp, heartbeats.nodeSoap) },
  ]
}

const startUps = async ({ home, folder, sink }: Setting): Promise<number[]> => {
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    const gateway = await startGateway({ home, folder, sink: sink.url })
    times.push(gateway.readyMs)
    await stop(gateway.process)
  }
  return times
}

const pathsIn = ({ home, folder }: Setting): PathRound[] => {
  const write = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const files = [
    write('day.xml', forecastEnvelope([1])),
    write('ten-days.xml', forecastEnvelope([1], 960)),
    write('day.json', JSON.stringify(expected('CABLE-1'))),
  ]
  return outputOf(join(home, 'test/bench/contestants/paths.mjs'), files) as PathRound[]
}

/** Heartbeats one after the other until such a forecast has arrived: the milliseconds between the slowest two, each time. */
export const heartbeatsDuringForecasts = async (
  server: Server,
  arriving: Arriving & { readonly forecasts: Forecasts },
  sink: Sink,
  times: number,
) => {
  const slowest: number[] = []
  const one = { port: server.port, connections: 1, forMs: 60_000 }
  for (let i = 0; i < times; i++) {
    let [last, worst] = [performance.now(), 0]
    const beat = () => {
      const now = performance.now()
      worst = Math.max(worst, now - last)
      last = now
      return heartbeat
    }
    let isOver = false
    // Made before and compared afterwards: between two beats this process must do nothing else that takes long.
    const request = arriving.forecasts.next()
    const beats = load({ ...one, next: beat, expect: 'currentTime>', atMost: 500_000, until: () => isOver })
    await sleep(30)
    await load({ ...one, next: () => request, expect: 'status>Accepted<', atMost: 1 })
    await allCame('between heartbeats', arriving, sink)
    await sleep(30)
    isOver = true
    await beats
    slowest.push(worst)
    await allArrived('between heartbeats', arriving, sink)
  }
  return slowest
}
