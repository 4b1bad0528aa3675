/**
 * Sends one POST to a peer and reads a short answer. This is the one file that imports undici.
 * Limits: redirects are not followed; the answer is cut at 64 KiB; one time limit covers connecting, sending and answering.
 */
import { Agent, request } from 'undici'

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly retryAfter: string | undefined
  readonly body: string
}

export interface HttpClient {
  /** Rejects with the reason when no answer came: refused, reset, timed out, or `signal` aborted. */
  post(url: string, headers: Record<string, string>, body: string, withinMs: number): Promise<HttpAnswer>
  close(): Promise<void>
}

const longestAnswer = 65_536

export function httpClient(connectionsPerPeer = 64): HttpClient {
  const agent = new Agent({
    connections: connectionsPerPeer,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    maxResponseSize: -1,
  })
  return {
    async post(url, headers, body, withinMs) {
      const answer = await request(url, {
        method: 'POST',
        headers,
        body,
        dispatcher: agent,
        signal: AbortSignal.timeout(withinMs),
      })
      return {
        status: answer.statusCode,
        contentType: String(answer.headers['content-type'] ?? ''),
        retryAfter: answer.headers['retry-after'] as string | undefined,
        body: await readShort(answer.body),
      }
    },
    close: () => agent.destroy(),
  }
}

async function readShort(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= longestAnswer) {
      body.destroy()
      break
    }
  }
  return Buffer.concat(chunks).toString('utf8', 0, longestAnswer)
}
