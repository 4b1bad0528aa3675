/** A simulated charge spot operator that calls its DSO: an OSCP 1.0 client built on the npm package `soap`. */
import { createClientAsync } from 'soap'
import { SoapFault } from './dso.ts'

export interface CspAnswer {
  readonly status?: string
  readonly info?: string
  readonly currentTime?: string
  readonly [name: string]: unknown
}

export interface UsageBlock {
  readonly startTime: string
  readonly endTime: string
  readonly energy: string | number
  readonly meterStart?: string | number
  readonly meterEnd?: string | number
}

export interface CspOptions {
  /** Where the WSDL of what it calls is. */
  readonly wsdlUrl: string
  readonly cspIdentity?: string
}

export type Csp = Awaited<ReturnType<typeof connectCsp>>

/** Every call rejects with a SoapFault when it is answered with one. */
export async function connectCsp({ wsdlUrl, cspIdentity }: CspOptions) {
  const client = await createClientAsync(wsdlUrl, {
    disableCache: true,
    customDeserializer: { dateTime: (text: string) => text },
  })
  const { $targetNamespace: namespace } = client.wsdl.definitions
  if (cspIdentity !== undefined) client.addSoapHeader({ cspIdentity }, '', 'tns', namespace)

  async function call(operation: string, args: object): Promise<CspAnswer> {
    try {
      const [result] = (await client[`${operation}Async`](args)) as [CspAnswer]
      return result
    } catch (error) {
      const { root, response } = error as { root?: { Envelope?: { Body?: { Fault?: Record<string, unknown> } } } } & {
        response?: { status: number; data: unknown; headers: Record<string, unknown> }
      }
      const fault = root?.Envelope?.Body?.Fault
      if (!fault) throw error
      throw new SoapFault(fault, {
        requestXml: String(client.lastRequest ?? ''),
        responseXml: String(response?.data ?? ''),
        httpStatus: response?.status ?? 0,
        contentType: String(response?.headers['content-type'] ?? ''),
      })
    }
  }

  return {
    call,
    heartbeat: () => call('Heartbeat', {}),
    /** Asks for capacities, in kW, on one cable. */
    ask: (cableId: string, ...block: { startTime: string; endTime: string; capacity: string | number }[]) =>
      call('RequestAdjustedCapacity', { requestedCapacity: { cableId, capacityUnit: 'kW', block } }),
    /** Reports the energy of cables, in kWh. */
    report: (...usage: { readonly cableId: string; readonly block: readonly UsageBlock[] }[]) =>
      call('UpdateAggregatedUsage', {
        aggregatedUsage: usage.map(({ cableId, block }) => ({ cableId, energyUnit: 'kWh', block })),
      }),
  }
}
