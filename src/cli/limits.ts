/** `oscp-gateway limits`: what is stored of every group's forecasts, what of it holds now, and whether it has been delivered. */
import type { LimitView } from '../exchange/limits-view.ts'
import { exitCodes } from './exit.ts'
import { operate } from './peers.ts'
import { printTable } from './table.ts'

export function listLimits(file: string | undefined): Promise<number> {
  return operate(file, async ({ limits }) => {
    printTable([['LINK', 'GROUP', 'TYPE', 'NOW', 'UNTIL', 'STANDING'], ...(await limits()).map(rowOf)])
    return exitCodes.ok
  })
}

function rowOf({ link, group, type, now, until, standing, delivery }: LimitView): string[] {
  const figures = now.map(({ capacity, unit, phase }) => `${capacity} ${unit}${phase === 'ALL' ? '' : ` ${phase}`}`)
  const ends = Number.isFinite(until) ? new Date(until).toISOString().replace(/\.000Z$/, 'Z') : '-'
  const owed = (tries: number) => `owed after ${tries} ${tries === 1 ? 'attempt' : 'attempts'}`
  const attempts = typeof delivery === 'object' ? owed(delivery.attempts) : delivery
  return [link, group, type, figures.join(', ') || '-', ends, [standing, attempts].filter(Boolean).join(', ')]
}
