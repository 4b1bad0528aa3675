/**
 * Closed-loop load over keep-alive connections: as many requests under way as connections, each answer checked.
 * Limits: it speaks just enough HTTP for servers that answer one request at a time. Written on node:net because autocannon
 * and undici cannot keep a bare node:http server busy with bodies of this size from a single core.
 */
import { connect } from 'node:net'

export interface Load {
  port: number
  /** The bytes of the next request. */
  next: () => Buffer
  /** Must occur in every answer. */
  expect: string
  connections: number
  /** No request is started later than this, in milliseconds. */
  forMs: number
  /** Most requests to start. */
  atMost: number
}

export interface Score {
  answers: number
  /** From the first request to the last answer. */
  ms: number
}

/** Whole bytes of one HTTP request. */
export const post = (soapAction: string, body: string): Buffer =>
  Buffer.from(
    `POST /oscp/1.0/dso HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml; charset=utf-8\r\nSOAPAction: "${soapAction}"\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )

const isWhole = (answer: string): boolean => {
  const head = answer.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /^content-length: *(\d+)/im.exec(answer.slice(0, head))
  return length ? answer.length >= head + 4 + Number(length[1]) : answer.endsWith('\r\n0\r\n\r\n')
}

/** Rejects at the first answer that is not as expected, and when a connection breaks or hears nothing for 5 seconds. */
export const load = ({ port, next, expect, connections, forMs, atMost }: Load): Promise<Score> =>
  new Promise((resolve, reject) => {
    const begin = performance.now()
    let started = 0
    let answers = 0
    let open = connections
    const connection = () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
      let answer = ''
      const go = () => {
        if (started < atMost && performance.now() - begin < forMs) {
          started++
          socket.write(next())
          return
        }
        socket.removeAllListeners('close').destroy()
        if (--open === 0) resolve({ answers, ms: performance.now() - begin })
      }
      socket.setTimeout(5_000, () => socket.destroy(new Error('no answer within 5 seconds')))
      socket.on('connect', go).on('error', reject)
      socket.on('close', () => reject(new Error(`connection closed; last answer so far: ${answer}`)))
      socket.on('data', (piece) => {
        answer += piece
        if (!isWhole(answer)) return
        if (!answer.startsWith('HTTP/1.1 200 ') || !answer.includes(expect)) {
          socket.destroy(new Error(`not the expected answer: ${answer}`))
          return
        }
        answer = ''
        answers++
        go()
      })
    }
    for (let i = 0; i < connections; i++) connection()
  })
