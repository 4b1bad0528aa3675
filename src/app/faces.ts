/**
 * Opens the three faces of a gateway with their certificates and limits.
 * Limits: all three or none: a gateway of which one face is missing is not started.
 */
import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import type { GatewayError } from '../errors.ts'
import type { ExchangeId } from '../exchange/ids.ts'
import type { ExchangeLine, Observer } from '../exchange/observer.ts'
import type { Full, Refusal } from '../http/limits.ts'
import { type Listener, listenAll } from '../http/listen.ts'
import { probes } from '../ops/probes.ts'
import { refuseBeforeJson } from '../rest/inbound.ts'
import { refuseBeforeSoap } from '../soap/inbound.ts'
import { atMostEvery } from './at-most-every.ts'
import type { Parts } from './parts.ts'
import { type Phase, partiesOf, readinessOf, startupOf } from './readiness.ts'

export interface Faces {
  readonly soap: Listener
  readonly rest: Listener
  readonly admin: Listener
}

/** Rejects when an address cannot be had, with everything closed that `parts` had opened. */
export async function listenOn(config: Config, parts: Parts, phase: Phase): Promise<Faces> {
  const { listen, limits } = config
  const { soap, rest, ledger, journal, http, certificates, observer, metrics, tracing } = parts
  const admin = probes({
    readiness: () => readinessOf(parts, phase),
    startup: () => startupOf(phase),
    parties: () => partiesOf(parts, Object.keys(config.peers)),
    metrics,
    console: parts.console,
  })
  const opened = await listenAll([
    {
      ...listen.soap,
      handler: tracing.serve(soap),
      tls: certificates.face('soap'),
      limits,
      refusal: observed(observer, 'toModern', refuseBeforeSoap),
      onFull: fullness('soap', observer),
    },
    {
      ...listen.rest,
      handler: tracing.serve(rest.callback),
      tls: certificates.face('rest'),
      limits,
      refusal: observed(observer, 'toLegacy', refuseBeforeJson),
      onFull: fullness('rest', observer),
    },
    { ...listen.admin, handler: admin.callback() },
  ]).catch(async (error: unknown) => {
    certificates.stop()
    await Promise.all([http.close(), journal.close(), ledger.close()])
    throw error
  })
  const faces = { soap: opened[0], rest: opened[1], admin: opened[2] }
  certificates.attach(faces)
  return faces
}

/** A flood is worth a line now and then. */
function fullness(face: string, observer: Observer): (full: Full) => void {
  const tell = ({ limit, from }: Full) =>
    observer.alarm('connections refused', { error: `listen.${face}: limits.${limit} is reached by ${from}` })
  return atMostEvery(30_000, () => performance.now(), tell)
}

/** What ended before there was a message is an exchange too: somebody may ask for it by its id. */
function observed(
  observer: Observer,
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
