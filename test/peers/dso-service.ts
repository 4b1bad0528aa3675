/** A simulated grid operator that hosts its own DsoService: it decides about wishes, takes usage and tells what holds. */
import {
  type Called,
  type ServiceOptions,
  type ServiceTable,
  type Shape,
  startSoapService,
  type Xml,
} from './soap-service.ts'

export const forecastShape: Shape = {
  'cableId!': null,
  forecastId: null,
  'capacityUnit!': null,
  'block!*': { 'startTime!': null, 'endTime!': null, 'capacity!': null, remainingCapacity: null },
}

export const operation = (name: string, input: Shape) => {
  const lower = name[0]!.toLowerCase() + name.slice(1)
  return { request: `${lower}Request`, response: `${lower}Response`, input, soapAction: `/${name}`, action: `/${name}` }
}

const table: ServiceTable = {
  namespace: 'urn:oscp-gateway:oscp-1.0:Dso',
  operations: {
    GetCapacityForecast: operation('GetCapacityForecast', { 'cableId*': null, startTime: null, endTime: null }),
    RequestAdjustedCapacity: operation('RequestAdjustedCapacity', { 'requestedCapacity!': forecastShape }),
    UpdateAggregatedUsage: operation('UpdateAggregatedUsage', {
      'aggregatedUsage!*': {
        'cableId!': null,
        forecastId: null,
        'energyUnit!': null,
        'block!*': {
          'startTime!': null,
          'endTime!': null,
          'energy!': null,
          meterStart: null,
          meterEnd: null,
          'chargePoint*': { 'chargePointId!': null, energy: null },
        },
      },
    }),
    Heartbeat: operation('Heartbeat', {}),
  },
}

export interface DsoServiceOptions extends ServiceOptions {
  /** What it tells those who ask for forecasts, as elements in schema order; its own default is none. */
  readonly forecasts?: (asked: Called) => Xml[]
  /** Operations that it does not support, and those that fail until it is told to behave otherwise. */
  readonly lacks?: readonly string[]
  readonly fails?: readonly string[]
}

export type DsoService = Awaited<ReturnType<typeof startDsoService>>

/** By itself it leaves every wish pending, accepts all usage and knows no forecast. */
export function startDsoService({ forecasts = () => [], lacks = [], fails = [], ...options }: DsoServiceOptions = {}) {
  const behaves = Object.fromEntries([
    ...lacks.map((name) => [name, { fault: { code: 'Receiver', subcode: 'NotSupported' } }] as const),
    ...fails.map((name) => [name, { fault: { code: 'Receiver', subcode: 'InternalError' } }] as const),
  ])
  return startSoapService(
    table,
    (call) => {
      if (call.operation === 'GetCapacityForecast')
        return { status: 'Accepted', cableCapacityForecast: forecasts(call) }
      if (call.operation === 'RequestAdjustedCapacity') return { status: 'Pending' }
      if (call.operation === 'Heartbeat') return { currentTime: new Date().toISOString() }
      return { status: 'Accepted' }
    },
    { behaves, ...options },
  )
}
