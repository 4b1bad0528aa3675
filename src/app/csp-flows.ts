/** What links with legacy operators need: how limits are told them, and how what they ask for is answered. */
import { randomUUID } from 'node:crypto'
import type { EventKind, EventQueue } from '../exchange/events.ts'
import { chargeSpotOperators } from '../exchange/flows/charge-spot-operators.ts'
import { complaints, complianceErrors, complianceKind } from '../exchange/flows/compliance.ts'
import { OperatorLimits } from '../exchange/flows/operator-limits.ts'
import { alsoToOptimizer } from '../exchange/flows/optimizers.ts'
import { storedForecasts } from '../exchange/flows/stored-forecasts.ts'
import type { Forecasts } from '../exchange/forecasts.ts'
import type { LegacyWire } from '../exchange/legacy.ts'
import type { ModernWire } from '../exchange/peers.ts'
import type { LegacyFlow } from '../exchange/receive.ts'
import type { ModernFlow } from '../exchange/receive-modern.ts'
import { messageName, type Receiver } from '../exchange/receivers.ts'
import type { Ground } from './parts.ts'

export interface CspFlows {
  readonly limits: OperatorLimits
  /** By the 2.0 message. */
  readonly modern: readonly (readonly [string, ModernFlow])[]
  readonly legacy: readonly (readonly [string, LegacyFlow])[]
}

export function operatorsReceiver({ ledger, now }: Ground, wire: LegacyWire, events: EventQueue): Receiver {
  return chargeSpotOperators({ wire, complaints: complaints({ ledger, events, now, newId: randomUUID }), now })
}

export function openCspFlows(ground: Ground, forecasts: Forecasts, advice: Forecasts): CspFlows {
  const { ledger, links, observer, now } = ground
  const limits = new OperatorLimits({ ledger, forecasts, links, observer, now })
  return {
    limits,
    modern: [[messageName, alsoToOptimizer(limits.flow, advice, now)]],
    legacy: [['StoredForecastsQuery', storedForecasts(limits)]],
  }
}

/** The kinds of events that these links put into queues. */
export function cspEvents({ config, links }: Ground, wire: ModernWire): readonly (readonly [string, EventKind])[] {
  return [[complianceKind, complianceErrors(wire, links, config.delivery.timeout)]]
}
