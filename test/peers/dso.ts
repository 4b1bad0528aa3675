/** A simulated grid operator (DSO): an OSCP 1.0 client built on the npm package `soap`, independent of the gateway's own codec. */
import { createClientAsync, HttpClient } from 'soap'

export type SoapVersion = '1.1' | '1.2'

export interface CapacityBlock {
  startTime: string
  endTime: string
  capacity: string | number
  remainingCapacity?: string | number
}

export interface CableForecast {
  cableId: string
  forecastId?: string
  capacityUnit: 'A' | 'W' | 'kW'
  blocks: CapacityBlock[]
}

export interface DsoOptions {
  /** Where the WSDL is: an http URL (`…?wsdl`) or a file path. */
  wsdlUrl: string
  soapVersion?: SoapVersion
  /** Overrides the address that the WSDL names. */
  endpoint?: string
  /** Sent as the SOAP header `cspIdentity` when given. */
  cspIdentity?: string
}

export interface Exchange {
  requestXml: string
  /** The bytes of the answer as text, nothing trimmed. */
  responseXml: string
  httpStatus: number
  contentType: string
}

export interface ForecastAnswer extends Exchange {
  status: 'Accepted' | 'Rejected'
  rejectedCableId: string[]
  info?: string
}

export interface HeartbeatAnswer extends Exchange {
  /** As written in the answer, not read as a date. */
  currentTime: string
}

export interface Dso {
  sendForecast(forecasts: CableForecast[]): Promise<ForecastAnswer>
  heartbeat(): Promise<HeartbeatAnswer>
}

/** What a call rejects with when the answer is a SOAP fault; any other failure is an ordinary Error. */
export class SoapFault extends Error {
  /** `faultcode` (1.1) or `Code/Value` (1.2), as written, prefix included. */
  readonly code: string
  /** `Code/Subcode/Value`, 1.2 only. */
  readonly subcode: string | undefined
  readonly reason: string
  readonly exchange: Exchange

  constructor(fault: Record<string, unknown>, exchange: Exchange) {
    const code = textOf(fault.faultcode) ?? textOf(at(fault, 'Code', 'Value')) ?? ''
    const reason = textOf(fault.faultstring) ?? textOf(at(fault, 'Reason', 'Text')) ?? ''
    super(`${code}: ${reason}`)
    this.name = 'SoapFault'
    this.code = code
    this.subcode = textOf(at(fault, 'Code', 'Subcode', 'Value'))
    this.reason = reason
    this.exchange = exchange
  }
}

/** The part of axios' response that the `soap` package hands over. */
interface HttpAnswer {
  status: number
  data: unknown
  headers: Record<string, unknown>
}

type Done = (
  error: Error | null,
  result?: unknown,
  rawResponse?: unknown,
  header?: unknown,
  rawRequest?: unknown,
) => void
type Method = (args: object, done: Done, options: object) => void

/** Without the package's habit of cutting off what stands before and after the envelope. */
class UntrimmedHttpClient extends HttpClient {
  override handleResponse(_request: unknown, _response: unknown, body: unknown) {
    return body
  }
}

const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce((inner, name) => (inner as Record<string, unknown> | null | undefined)?.[name], value)

/** An element is text, an object with `$value` if it has attributes, or a list of these if it occurs more than once. */
const textOf = (value: unknown): string | undefined => {
  const first = Array.isArray(value) ? value[0] : value
  const text = at(first, '$value') ?? first
  return typeof text === 'string' ? text : undefined
}

const listOf = (value: unknown): unknown[] => (value === undefined || value === null ? [] : [value].flat())

/** The package writes children in key order, so this order is that of the XSD. */
const toArgs = (forecast: CableForecast) => ({
  cableId: forecast.cableId,
  ...(forecast.forecastId === undefined ? {} : { forecastId: forecast.forecastId }),
  capacityUnit: forecast.capacityUnit,
  block: forecast.blocks.map(({ startTime, endTime, capacity, remainingCapacity }) => ({
    startTime,
    endTime,
    capacity,
    ...(remainingCapacity === undefined ? {} : { remainingCapacity }),
  })),
})

export const connectDso = async ({ wsdlUrl, soapVersion = '1.1', endpoint, cspIdentity }: DsoOptions): Promise<Dso> => {
  const client = await createClientAsync(wsdlUrl, {
    disableCache: true, // a cached WSDL would share the SOAP version between clients
    forceSoap12Headers: soapVersion === '1.2',
    customDeserializer: { dateTime: (text: string) => text },
    httpClient: new UntrimmedHttpClient(),
    ...(endpoint === undefined ? {} : { endpoint }),
  })
  const { $targetNamespace: namespace } = client.wsdl.definitions
  if (cspIdentity !== undefined) client.addSoapHeader({ cspIdentity }, '', 'tns', namespace)

  const [service = '', ports = {}] = Object.entries(client.describe() as Record<string, object>)[0] ?? []
  const names = Object.keys(ports)
  const port = names.find((name) => name.endsWith('12') === (soapVersion === '1.2')) ?? names[0] ?? ''

  const answers = new Map<string, HttpAnswer>()
  client.on('response', (_body: unknown, response: HttpAnswer | undefined, id: string) => {
    if (response) answers.set(id, response)
  })

  let calls = 0
  const call = (operation: string, args: object) =>
    new Promise<{ result: unknown; exchange: Exchange }>((resolve, reject) => {
      const exchangeId = String(++calls)
      const done: Done = (error, result, _rawResponse, _header, rawRequest) => {
        const answer = answers.get(exchangeId)
        answers.delete(exchangeId)
        const exchange: Exchange = {
          requestXml: String(rawRequest ?? ''),
          responseXml: String(answer?.data ?? ''),
          httpStatus: answer?.status ?? 0,
          contentType: String(answer?.headers['content-type'] ?? ''),
        }
        const fault = at(error, 'root', 'Envelope', 'Body', 'Fault')
        if (fault) reject(new SoapFault(fault as Record<string, unknown>, exchange))
        else if (error) reject(error)
        else resolve({ result, exchange })
      }
      const method = client[service][port][operation] as Method
      method({ ...args }, done, { exchangeId })
    })

  return {
    async sendForecast(forecasts) {
      const { result, exchange } = await call('UpdateCableCapacityForecast', {
        cableCapacityForecast: forecasts.map(toArgs),
      })
      const status = textOf(at(result, 'status'))
      if (status !== 'Accepted' && status !== 'Rejected') {
        throw new Error(`no usable status in the answer (HTTP ${exchange.httpStatus}): ${exchange.responseXml}`)
      }
      const info = textOf(at(result, 'info'))
      const rejectedCableId = listOf(at(result, 'rejectedCableId')).map((id) => textOf(id) ?? '')
      return { status, rejectedCableId, ...(info === undefined ? {} : { info }), ...exchange }
    },

    async heartbeat() {
      const { result, exchange } = await call('Heartbeat', {})
      const currentTime = textOf(at(result, 'currentTime'))
      if (currentTime === undefined) throw new Error(`no currentTime in the answer: ${exchange.responseXml}`)
      return { currentTime, ...exchange }
    },
  }
}
