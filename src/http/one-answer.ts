/**
 * One request on a pool of undici, and its short answer, by undici's events: a stream and an abort signal for each answer take
 * twice as long. Limits: one time limit covers waiting for a connection, sending and answering.
 */
import type { Dispatcher } from 'undici'
import type { HttpAnswer, HttpCall } from './outbound.ts'

const usualAnswer = 65_536
/** How long the body of a 2xx is waited for, in milliseconds. */
const patience = 1_000

interface Place {
  readonly origin: string
  readonly path: string
}

/** Rejects with the reason when no answer came. Who answers 2xx has taken the message, unless its body is what is asked for. */
export function exchange(dispatcher: Dispatcher, { origin, path }: Place, call: HttpCall): Promise<HttpAnswer> {
  const { method = 'POST', headers, body, withinMs, needsBody = false, longestAnswer = usualAnswer } = call
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let [status, size, isTaken, isOver] = [0, 0, false, false]
    let heard: NodeJS.Dict<string | string[]> = {}
    let controller: Dispatcher.DispatchController | undefined
    let slow: NodeJS.Timeout | undefined
    const late = setTimeout(() => cut(new Error('no answer in time')), withinMs)

    const over = () => {
      isOver = true
      clearTimeout(late)
      clearTimeout(slow)
    }
    const finish = (bytes: Buffer) => {
      if (isOver) return
      over()
      const contentType = first(heard['content-type']) ?? ''
      resolve({ status, contentType, retryAfter: first(heard['retry-after']), body: bytes.toString('utf8'), bytes })
    }
    const fail = (error: Error) => {
      if (isOver) return
      if (isTaken) return finish(nothing)
      over()
      reject(error)
    }
    const cut = (error: Error) => {
      fail(error)
      controller?.abort(error)
    }
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started
        // Its time was over before there was a connection for it.
        if (isOver) started.abort(new Error('no answer in time'))
      },
      onResponseStart(_, statusCode, answered) {
        if (statusCode < 200) return
        status = statusCode
        heard = answered
        isTaken = status < 300 && !needsBody
        if (isTaken) slow = setTimeout(() => cut(new Error('the body takes too long')), patience)
      },
      onResponseData(_, chunk) {
        chunks.push(chunk)
        size += chunk.length
        if (size < longestAnswer) return
        finish(Buffer.concat(chunks).subarray(0, longestAnswer))
        controller?.abort(new Error('the answer is longer than is read'))
      },
      onResponseEnd: () => finish(chunks.length === 0 ? nothing : Buffer.concat(chunks)),
      onResponseError: (_, error) => fail(error),
    }
    try {
      dispatcher.dispatch({ origin, path, method, headers, body }, handler)
    } catch (error) {
      fail(error as Error)
    }
  })
}

const nothing = Buffer.alloc(0)

/** A header that came more than once means what it said first. */
function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
