/**
 * Ends a gateway in order: callers from outside go first, the app beside it may go on calling, what runs is finished, and the
 * state is closed last. Limits: all of it within one time; what is stored and not yet sent stays on the agenda.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config.ts'
import type { Faces } from './faces.ts'
import type { Lasting } from './lasting.ts'
import type { Parts } from './parts.ts'
import type { Phase } from './readiness.ts'
import { type Shift, settled } from './shift.ts'

export interface Ending {
  readonly shift: Shift
  readonly faces: Faces
  readonly phase: Phase
  readonly lasting: Pick<Lasting, 'close'>
}

export interface StopOptions {
  /** Everything together, in milliseconds. */
  readonly withinMs: number
  /** How long calls from outside are still taken: until nobody sends them here any more. */
  readonly delayMs: number
  /** The face of the app beside the gateway. */
  readonly sidecarOf: Config['sidecarOf']
}

/** What the end of it takes at most, once nothing more comes in; of a short time a quarter. */
const ending = 2_000

export async function stop({ shift, faces, phase, lasting }: Ending, options: StopOptions): Promise<void> {
  const { withinMs, delayMs, sidecarOf } = options
  const until = performance.now() + withinMs
  const left = (reserve = 0) => Math.max(0, until - performance.now() - reserve)
  const outside = [faces.soap, faces.rest].filter((face) => sidecarOf === 'none' || face !== faces[sidecarOf])
  phase.draining = true
  phase.beginning?.stop()
  for (const face of outside) face.retire()
  await delay(Math.min(delayMs, left()))
  const closed = outside.map((face) => face.close(left()))
  if (sidecarOf !== 'none') {
    // The app may need us to the end of its own stop, which nobody tells us of.
    faces[sidecarOf].retire()
    await delay(delayMs > 0 ? left(Math.min(ending, withinMs / 4)) : 0)
    closed.push(faces[sidecarOf].close(left()))
  }
  await finish(shift.all, closed, left)
  await faces.admin.close(0)
  await Promise.all(shift.all.map(({ http }) => http.close()))
  await lasting.close(left())
}

/** Nothing comes in any more: what runs is brought to an end. */
async function finish(all: readonly Parts[], closed: readonly Promise<void>[], left: () => number): Promise<void> {
  for (const { forecasts, advice, events, dsoFlows, certificates, console } of all) {
    // Whoever waits for a verdict is told that his forecast is stored, and need not be waited for.
    forecasts.drain()
    advice.drain()
    events.drain()
    dsoFlows.stop()
    certificates.stop()
    console.stop()
  }
  await within(left(), [...closed, ...all.map(({ agenda }) => agenda.stop())])
  await within(left(), all.map(settled))
}

async function within(ms: number, work: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([Promise.all(work), late])
  clearTimeout(timer)
}
