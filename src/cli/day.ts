/** `oscp-gateway demo --day`: a day of a grid in two minutes, around a real gateway; exit 0 only if everything shown was so. */
import { setTimeout as sleep } from 'node:timers/promises'
import { missingPeers } from './demo-world.ts'
import { exitCodes, InputError } from './exit.ts'
import { Terminal } from './terminal.ts'

export interface DayOptions {
  /** How long the day takes at least, in seconds. */
  readonly seconds: string
  /** Ends when the day is over, instead of leaving everything up. */
  readonly exit?: boolean
}

/** The gateway looks every 200 ms for what is due, such as heartbeats; milliseconds. */
const leastPerHour = 400

/** Resolves with the exit code. Throws what did not go as it should. */
export async function day({ seconds, exit = false }: DayOptions): Promise<number> {
  const missing = missingPeers()
  if (missing !== undefined)
    throw new InputError(exitCodes.unavailable, [
      `the simulated parties are not part of this image: ${missing} does not exist`,
    ])
  if (!/^\d{1,4}(?:\.\d+)?$/.test(seconds))
    throw new InputError(exitCodes.usage, ['--seconds must be a number of seconds, such as 120'])
  const { openDay } = await import('./day-world.ts')
  const { DayStage } = await import('./day-stage.ts')
  const { scenes } = await import('./day-scenes.ts')
  const terminal = new Terminal(process.stdout)
  const asked = firstSignal()
  const world = await openDay(Date.now())
  const { adminUrl } = world.gateway
  try {
    terminal.heading('A day in the life of a grid')
    terminal.print(` Console   ${adminUrl}/console`, '')
    const stage = new DayStage(world, terminal)
    const perHour = Math.max(leastPerHour, (Number(seconds) * 1000) / 24)
    for (let hour = 0; hour < 24 && !asked.isAsked(); hour++) {
      const next = performance.now() + perHour
      world.clock.moveTo(hour)
      // Who has not registered yet has nothing to say.
      if (hour > 0) await stage.beat()
      await scenes[hour]?.(stage)
      await Promise.race([sleep(Math.max(0, next - performance.now()), undefined, { ref: false }), asked.promise])
    }
    if (asked.isAsked()) return exitCodes.ok
    terminal.print('', ` The day is over. Everything that was shown was so.`)
    if (exit) return exitCodes.ok
    terminal.print(` Everything stays up until Ctrl-C; look at ${adminUrl}/console`)
    await asked.promise
    terminal.print('', ' stopping')
    return exitCodes.ok
  } finally {
    await world.stop()
  }
}

function firstSignal() {
  let isAsked = false
  const promise = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        isAsked = true
        resolve()
      })
  })
  return { promise, isAsked: () => isAsked }
}
