/** Names the ten most expensive places of the gateway under load, by V8's CPU profile. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Setting } from './contestants.ts'
import { startGateway } from './gateways.ts'
import { load } from './load.ts'
import { stop } from './machine.ts'
import { eachCable } from './messages.ts'
import type { Section } from './report.ts'

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

export const profile = async ({ home, folder, sink }: Setting): Promise<Section[]> => {
  const node = ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', folder]
  const gateway = await startGateway({ home, folder, sink: sink.url, node })
  const forecasts = { port: gateway.port, next: eachCable().next, expect: 'status>Accepted<', connections: 32 }
  await load({ ...forecasts, forMs: 20_000, atMost: 20_000 })
  await stop(gateway.process)
  const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
  if (file === undefined) throw new Error('The gateway wrote no profile.')
  const { total, places } = placesOf(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile)
  const lines = places.slice(0, 10).map(([place, time]) => [place, `${((time / total) * 100).toFixed(1)} %`])
  return [{ title: 'The ten most expensive places', lines: [['', 'share of CPU, itself'], ...lines] }]
}

const idle = new Set(['(idle)', '(root)'])

const placesOf = ({ nodes, samples, timeDeltas }: Profile) => {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map<string, number>()
  let total = 0
  for (const [i, id] of samples.entries()) {
    const { functionName, url, lineNumber } = frames.get(id)!
    const time = timeDeltas[i]!
    if (idle.has(functionName)) continue
    const file = url.replace(/^.*\/(?=dist\/|node_modules\/)/, '')
    const place = `${functionName || '(anonymous)'}${file === '' ? '' : ` ${file}:${lineNumber + 1}`}`
    times.set(place, (times.get(place) ?? 0) + time)
    total += time
  }
  return { total, places: [...times].sort((a, b) => b[1] - a[1]) }
}
