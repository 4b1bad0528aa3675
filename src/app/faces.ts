/**
 * Opens the three faces of a gateway with their certificates and limits.
 * Limits: all three or none: a gateway of which one face is missing is not started.
 */
import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { Config } from '../config.ts'
import type { GatewayError } from '../errors.ts'
import type { ExchangeId } from '../exchange/ids.ts'
import type { ExchangeLine, Observer } from '../exchange/observer.ts'
import type { Full, Refusal } from '../http/limits.ts'
import { type Listener, listenAll } from '../http/listen.ts'
import { probes } from '../ops/probes.ts'
import type { Tracing } from '../ops/tracing.ts'
import { refuseBeforeJson } from '../rest/inbound.ts'
import { refuseBeforeSoap } from '../soap/inbound.ts'
import { atMostEvery } from './at-most-every.ts'
import type { Lasting } from './lasting.ts'
import type { Told } from './parts.ts'
import { type Phase, partiesOf, readinessOf, startupOf } from './readiness.ts'
import type { Shift } from './shift.ts'

export interface Faces {
  readonly soap: Listener
  readonly rest: Listener
  readonly admin: Listener
}

/** What the admin face tells of these parts. */
export function adminFace(parts: Told, { metrics }: Pick<Lasting, 'metrics'>, phase: Phase): RequestListener {
  return probes({
    readiness: () => readinessOf(parts, phase),
    startup: () => startupOf(phase),
    parties: () => partiesOf(parts),
    metrics,
    console: parts.console.attach,
  }).callback()
}

/** Rejects when an address cannot be had. */
export async function listenOn({ listen, limits }: Config, shift: Shift, tracing: Tracing): Promise<Faces> {
  const { certificates } = shift.current
  const observer: Pick<Observer, 'exchanged' | 'alarm'> = {
    exchanged: (line) => shift.current.observer.exchanged(line),
    alarm: (alarm, about) => shift.current.observer.alarm(alarm, about),
  }
  const [soap, rest, admin] = await listenAll([
    {
      ...listen.soap,
      handler: tracing.serve(shift.handler('soap')),
      tls: certificates.face('soap'),
      limits,
      refusal: observed(observer, 'toModern', refuseBeforeSoap),
      onFull: fullness('soap', observer),
    },
    {
      ...listen.rest,
      handler: tracing.serve(shift.handler('rest')),
      tls: certificates.face('rest'),
      limits,
      refusal: observed(observer, 'toLegacy', refuseBeforeJson),
      onFull: fullness('rest', observer),
    },
    { ...listen.admin, handler: shift.handler('admin') },
  ])
  const faces = { soap, rest, admin }
  certificates.attach(faces)
  return faces
}

/** A flood is worth a line now and then. */
function fullness(face: string, observer: Pick<Observer, 'alarm'>): (full: Full) => void {
  const tell = ({ limit, from }: Full) =>
    observer.alarm('connections refused', { error: `listen.${face}: limits.${limit} is reached by ${from}` })
  return atMostEvery(30_000, () => performance.now(), tell)
}

/** What ended before there was a message is an exchange too: somebody may ask for it by its id. */
function observed(
  observer: Pick<Observer, 'exchanged'>,
  direction: ExchangeLine['direction'],
  refuse: (error: GatewayError, exchange: string) => ReturnType<Refusal>,
): Refusal {
  return (error) => {
    const exchange = randomUUID() as ExchangeId
    const line = { exchange, peer: undefined, operation: undefined, direction, durationMs: 0, receipts: [] }
    observer.exchanged({ ...line, outcome: error.kind, error })
    const { headers, body } = refuse(error, exchange)
    return { headers: { ...headers, 'x-exchange-id': exchange }, body }
  }
}
