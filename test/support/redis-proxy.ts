/**
 * A wire between gateways and their Redis that is cut at a request of the test's choice, and mended: to them Redis went away
 * before it heard the request, while it worked on it, or once it had answered.
 * Limits: what is sent at once counts as one request. Those that touch no record, such as looks at an agenda, do not count.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** When the wire breaks: Redis never hears the request; it does what is asked and its reply is lost; or the reply still arrives. */
export type Moment = 'before' | 'during' | 'after'
export const moments: readonly Moment[] = ['before', 'during', 'after']

export interface Cut {
  /** Whether it has come to that request. */
  readonly happened: boolean
}

export interface RedisProxy {
  readonly url: string
  /** Arms a cut at the nth request about records from now on, in place of any cut that is armed. */
  cutAt(nth: number, moment: Moment): Cut
  /** Ends all connections, and every new one at once. */
  cut(): void
  /** Disarms, and lets connections through again. */
  mend(): void
  stop(): Promise<void>
}

export async function startRedisProxy(port: number): Promise<RedisProxy> {
  const sockets = new Set<Socket>()
  let isCut = false
  let armed: { left: number; readonly moment: Moment; readonly cut: { happened: boolean } } | undefined

  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  const strike = (what: typeof armed) => {
    if (!what || what !== armed) return // it was mended before it came to that
    armed = undefined
    what.cut.happened = true
    cut()
  }

  const server = createServer((near) => {
    if (isCut) return void near.destroy()
    const far = connect(port, '127.0.0.1')
    let struck: typeof armed
    const hangUp = () => void [near.destroy(), far.destroy()]
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', hangUp).on('close', () => {
        sockets.delete(socket)
        hangUp()
      })
    }
    near.on('data', (chunk: Buffer) => {
      if (armed && chunk.includes(':record:') && --armed.left === 0) {
        if (armed.moment === 'before') return strike(armed)
        struck = armed
      }
      far.write(chunk)
    })
    far.on('data', (chunk: Buffer) => {
      if (struck && struck === armed && struck.moment === 'during') return strike(struck)
      near.write(chunk, () => struck?.moment === 'after' && strike(struck))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutAt(nth, moment) {
      const state = { happened: false }
      armed = { left: nth, moment, cut: state }
      return state
    },
    cut,
    mend() {
      armed = undefined
      isCut = false
    },
    async stop() {
      server.close()
      cut()
      if (server.listening) await once(server, 'close')
    },
  }
}
