/**
 * What a gateway still waits for once it listens: the first word of its state, and the sessions that are to begin with it.
 * Limits: it waits without end and ends nothing; a state that stays away is told of by readiness, not by a restart.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { asGatewayError } from '../errors.ts'
import type { Ledger } from '../exchange/ledger.ts'
import { type Log, reason } from '../ops/log.ts'
import type { Sessions } from '../session/sessions.ts'

export interface Beginning {
  /** `late`: not reached in the time that a start may take; from then on only readiness waits for it. */
  readonly state: () => 'awaited' | 'late' | 'reached'
  readonly sessions: () => boolean
  /** Resolves when everything was tried once. Rejects with what is no outage. */
  readonly tried: Promise<void>
  stop(): void
}

export interface BeginningOptions {
  readonly ledger: Pick<Ledger, 'isReady'>
  readonly sessions: Pick<Sessions, 'start'>
  readonly log: Log
  /** How long the state has, in milliseconds, before the start counts as done without it. */
  readonly patience: number
  readonly pause: number
}

export function begin({ ledger, sessions, log, patience, pause }: BeginningOptions): Beginning {
  const stopped = new AbortController()
  let [state, begun, told]: ['awaited' | 'late' | 'reached', boolean, boolean] = ['awaited', false, false]
  const late = setTimeout(() => {
    if (state === 'awaited') state = 'late'
  }, patience).unref()
  const tried = attempt()
  tried.then(goOn, goOn)
  return {
    state: () => state,
    sessions: () => begun,
    tried,
    stop() {
      stopped.abort()
      clearTimeout(late)
    },
  }

  async function attempt(): Promise<void> {
    if (!(await ledger.isReady())) return
    state = 'reached'
    try {
      await sessions.start()
      begun = true
    } catch (error) {
      if (asGatewayError(error).kind !== 'state-unavailable') throw error
    }
  }

  async function goOn(): Promise<void> {
    while (!begun && !stopped.signal.aborted) {
      await delay(pause, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined)
      await attempt().catch((error: unknown) => {
        if (!told) log.error(reason(error), 'sessions cannot begin')
        told = true
      })
    }
    if (begun) log.info('ready: the state is reached, and sessions have begun')
  }
}
