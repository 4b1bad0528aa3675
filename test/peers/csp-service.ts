/** A simulated charge spot operator that hosts its own CspService: it takes forecasts and keeps what it was told. */
import { forecastShape, operation } from './dso-service.ts'
import { type Called, type ServiceOptions, type ServiceTable, startSoapService } from './soap-service.ts'

const table: ServiceTable = {
  namespace: 'urn:oscp-gateway:oscp-1.0:Csp',
  operations: {
    UpdateCableCapacityForecast: operation('UpdateCableCapacityForecast', { 'cableCapacityForecast!*': forecastShape }),
    Heartbeat: operation('Heartbeat', {}),
  },
}

export interface CableForecast {
  readonly cableId: string
  readonly forecastId?: string
  readonly capacityUnit: string
  readonly block: readonly { readonly startTime: string; readonly endTime: string; readonly capacity: string }[]
}

export type CspService = Awaited<ReturnType<typeof startCspService>>

/** By itself it accepts every forecast. */
export async function startCspService(options: ServiceOptions = {}) {
  const service = await startSoapService(
    table,
    (call) => (call.operation === 'Heartbeat' ? { currentTime: new Date().toISOString() } : { status: 'Accepted' }),
    options,
  )
  const forecastsOf = (call: Called) => call.value.cableCapacityForecast as unknown as CableForecast[]
  return {
    ...service,
    forecastsOf,
    /** What holds at an instant: the last accepted forecast of this cable that covers it, as `capacity unit`. */
    limitAt(cableId: string, instant: string | number | Date): string | undefined {
      const at = new Date(instant).getTime()
      const found = service
        .calls('UpdateCableCapacityForecast')
        .filter(({ taken }) => taken)
        .flatMap(forecastsOf)
        .filter((forecast) => forecast.cableId === cableId)
        .flatMap(({ block, capacityUnit }) => block.map((one) => ({ ...one, capacityUnit })))
        .findLast(({ startTime, endTime }) => Date.parse(startTime) <= at && at < Date.parse(endTime))
      return found && `${found.capacity} ${found.capacityUnit}`
    },
  }
}
