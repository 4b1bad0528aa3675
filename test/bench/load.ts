/**
 * Closed-loop load over keep-alive connections: as many requests under way as connections, every answer checked.
 * Limits: just enough HTTP for servers that answer one request at a time; one that closes its connections gets new ones. It is
 * on node:net because autocannon and undici take more CPU per request of this size than a bare node:http server, and so would
 * measure themselves.
 */
import { connect } from 'node:net'

export interface Load {
  readonly port: number
  /** The bytes of the next request. */
  readonly next: () => Buffer
  /** Must occur in every answer. */
  readonly expect: string
  readonly connections: number
  /** No request is started later than this. */
  readonly forMs: number
  /** Nor more requests than this. */
  readonly atMost: number
  /** Nor any once this holds. */
  readonly until?: () => boolean
}

/** Rejects at the first wrong answer, and when a connection breaks or hears nothing for 20 seconds. */
export const load = ({ port, next, expect, connections, forMs, atMost, until }: Load) =>
  new Promise<{ answers: number; ms: number }>((resolve, reject) => {
    const begin = performance.now()
    let [started, answers, open] = [0, 0, connections]
    function run(): void {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
      let answer = ''
      const go = () => {
        if (!until?.() && started++ < atMost && performance.now() - begin < forMs) return void socket.write(next())
        socket.removeAllListeners('close').destroy()
        if (--open === 0) resolve({ answers, ms: performance.now() - begin })
      }
      socket.on('connect', go).on('error', reject)
      socket.on('close', () => reject(new Error(`the connection was closed after: ${answer}`)))
      socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 seconds')))
      socket.on('data', (piece) => {
        answer += piece
        if (!isWhole(answer)) return
        if (!answer.startsWith('HTTP/1.1 200 ') || !answer.includes(expect)) {
          socket.destroy(new Error(`a wrong answer: ${answer}`))
          return
        }
        answers++
        if (/^connection: *close/im.test(answer)) {
          socket.removeAllListeners('close').destroy()
          run()
          return
        }
        answer = ''
        go()
      })
    }
    for (let i = 0; i < connections; i++) run()
  })

const isWhole = (answer: string): boolean => {
  const head = answer.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /^content-length: *(\d+)/im.exec(answer.slice(0, head))
  return length ? answer.length >= head + 4 + Number(length[1]) : answer.endsWith('\r\n0\r\n\r\n')
}
