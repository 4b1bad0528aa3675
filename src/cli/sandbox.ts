/**
 * What runs when nothing is configured: one link, whose OSCP 2.0 party is a receiver in this process.
 * Limits: for a first look only. It listens on loopback and keeps nothing, unless the environment says otherwise.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Listener, listen } from '../http/listen.ts'

/** A configuration as a file would hold it. */
export function sandboxConfig(receiver: Listener): Record<string, unknown> {
  return {
    peers: {
      'sandbox-dso': { role: 'dso' },
      'sandbox-cpo': { role: 'fp', url: `http://127.0.0.1:${receiver.port}/oscp/fp/2.0`, token: 'sandbox' },
    },
    links: { sandbox: { legacy: 'sandbox-dso', modern: 'sandbox-cpo' } },
  }
}

/** Accepts every message and prints it. */
export function sandboxReceiver(print: (line: string) => void): Promise<Listener> {
  const handler = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    print(`sandbox-cpo received ${request.method} ${request.url}\n${Buffer.concat(chunks).toString()}`)
    response.writeHead(204).end()
  }
  return listen((request, response) => void handler(request, response), '127.0.0.1', 0)
}

/** A curl line by which `peer` sends one quarter hour's forecast, starting with the quarter that runs now. */
export function curlLine(soapUrl: string, peer: string, now: number): string {
  const quarter = 15 * 60_000
  const start = Math.floor(now / quarter) * quarter
  const time = (at: number) => new Date(at).toISOString()
  const envelope =
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>' +
    '<updateCableCapacityForecastRequest xmlns="urn:oscp-gateway:oscp-1.0:Csp"><cableCapacityForecast>' +
    '<cableId>CABLE-17</cableId><capacityUnit>kW</capacityUnit>' +
    `<block><startTime>${time(start)}</startTime><endTime>${time(start + quarter)}</endTime><capacity>180.5</capacity></block>` +
    '</cableCapacityForecast></updateCableCapacityForecastRequest></e:Body></e:Envelope>'
  return `curl -sS -H 'Content-Type: text/xml' --data '${envelope}' ${soapUrl}/oscp/1.0/${peer}`
}
