/**
 * Callers of both wires on kept connections, who note every answer: a DSO's forecasts over SOAP, a capacity provider's over JSON.
 * Limits: each says of its own cable or group one capacity after the other, so that the last one that was accepted is what must arrive.
 */
import { randomUUID } from 'node:crypto'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { csp, envelope } from '../support/soap.ts'
import type { GatewayProcess } from './artefact.ts'

export interface Caller {
  /** Cable or group. */
  readonly name: string
  readonly wire: 'soap' | 'rest'
  /** The last capacity that was answered as accepted. */
  readonly accepted: () => number
  readonly answered: () => number
  /** Codes of connections that failed, and answers that were none of those expected. */
  readonly problems: readonly string[]
  /** How many answers said that their connection ends. */
  readonly ended: () => number
  /** Makes no further call; resolves when the last is answered. */
  stop(): Promise<void>
}

export interface Block {
  readonly start: string
  readonly end: string
}

export const token = 'token-of-the-grid'

/** Calls again and again until it is stopped, or the address is closed. */
export function startCaller(gateway: GatewayProcess, wire: 'soap' | 'rest', name: string, block: Block): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const problems: string[] = []
  let [capacity, accepted, answered, ended, stopped] = [0, 0, 0, 0, false]
  const work = run()
  return {
    name,
    wire,
    problems,
    accepted: () => accepted,
    answered: () => answered,
    ended: () => ended,
    async stop() {
      stopped = true
      await work
    },
  }

  async function run(): Promise<void> {
    while (!stopped) {
      capacity++
      try {
        const { status, body, connection } = await (wire === 'soap' ? soapForecast() : restForecast())
        answered++
        if (connection === 'close') ended++
        if (wire === 'soap' ? body.includes('>Accepted<') : status === 204) accepted = capacity
        else problems.push(`${status} ${body}`)
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === 'ECONNREFUSED') break
        problems.push(code ?? message)
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    agent.destroy()
  }

  function soapForecast() {
    const inner = `<startTime>${block.start}</startTime><endTime>${block.end}</endTime><capacity>${capacity}</capacity>`
    const body = envelope(
      '1.1',
      `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>${name}</cableId>` +
        `<capacityUnit>kW</capacityUnit><block>${inner}</block></cableCapacityForecast></updateCableCapacityForecastRequest>`,
    )
    return post(`${gateway.soapUrl}/oscp/1.0/dso`, { 'content-type': 'text/xml' }, body)
  }

  function restForecast() {
    const { start: start_time, end: end_time } = block
    const body = {
      group_id: name,
      type: 'CONSUMPTION',
      forecasted_blocks: [{ capacity, phase: 'ALL', unit: 'KW', start_time, end_time }],
    }
    const headers = {
      'content-type': 'application/json',
      authorization: `Token ${token}`,
      'x-request-id': randomUUID(),
    }
    const url = `${gateway.restUrl}/oscp/fp/2.0/update_group_capacity_forecast`
    return post(url, headers, JSON.stringify(body))
  }

  function post(url: string, headers: Record<string, string>, body: string) {
    return new Promise<{ status: number; body: string; connection: string | undefined }>((resolve, reject) => {
      const length = String(Buffer.byteLength(body))
      const call = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': length } })
      call.once('error', reject)
      call.once('response', (answer: IncomingMessage) => {
        const { statusCode = 0, headers } = answer
        text(answer).then((body) => resolve({ status: statusCode, body, connection: headers.connection }), reject)
      })
      call.end(body)
    })
  }
}
