/**
 * A gateway to be attacked: the attack runs while heartbeats are asked for on both faces, and what it cost is printed in one line.
 * Limits: how long the event loop was held up is printed, not judged, for that is the machine's; memory is judged.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { root } from '../support/command.ts'
import { envelope, heartbeat, mediaTypes, send } from '../support/soap.ts'
import type { Fared, Started } from './gateway-process.ts'

export const token = 'the-token-of-the-cpo'
const megabyte = 1_048_576

export interface Attacked extends Started {
  /** Runs the attack; heartbeats before it ends, and one after it, must be answered. `mostMegabytes` is what memory may grow by meanwhile. */
  survives<T>(title: string, attack: () => Promise<T>, mostMegabytes?: number): Promise<T>
  stop(): Promise<void>
}

export interface AttackedOptions {
  readonly limits?: object
  readonly bodyLimit?: number
}

export async function openAttacked({
  limits = {},
  bodyLimit = 16 * megabyte,
}: AttackedOptions = {}): Promise<Attacked> {
  const config = {
    listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' },
    bodyLimit,
    limits,
    peers: {
      dso: { role: 'dso' },
      cpo: {
        role: 'fp',
        url: 'http://127.0.0.1:9/',
        token: 'x',
        inboundToken: token,
        profile: { handshakeInitiator: 'none' },
      },
    },
    links: { link: { legacy: 'dso', modern: 'cpo' } },
  }
  const child: ChildProcess = fork(join(import.meta.dirname, 'gateway-process.ts'), [JSON.stringify(config)], {
    cwd: root,
    execArgv: ['--import', 'tsx', '--conditions=source'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  child.stdout?.resume()
  const ended = once(child, 'exit')
  const [started] = (await Promise.race([once(child, 'message'), ended])) as [Started | number]
  if (typeof started !== 'object' || started === null) throw new Error(`the gateway ended with ${String(started)}`)

  const fared = async (): Promise<Fared> => {
    const told = once(child, 'message') as Promise<[Fared]>
    child.send('how have you fared?')
    return (await told)[0]
  }
  const alive = async () => {
    const soap = { headers: { 'content-type': mediaTypes['1.1'] }, body: envelope('1.1', heartbeat) }
    const rest = {
      headers: { 'content-type': 'application/json', authorization: `Token ${token}` },
      body: '{"offline_mode_at":"2099-01-01T00:00:00Z"}',
    }
    const [one, other] = await within(10_000, [
      send(`${started.soapUrl}/oscp/1.0/dso`, soap),
      send(`${started.restUrl}/oscp/cp/2.0/heartbeat`, rest),
    ])
    expect([one?.status, other?.status], 'heartbeats').to.deep.equal([200, 204])
  }

  for (let i = 0; i < 20; i++) await alive() // so that what is measured is not its warming up
  return {
    ...started,
    async survives(title, attack, mostMegabytes = 200) {
      const before = await fared()
      let over = false
      let beats = 0
      const attacked = attack().finally(() => {
        over = true
      })
      const meanwhile = async () => {
        for (; beats === 0 || !over; beats++) {
          await alive()
          await delay(20)
        }
      }
      const [result] = await Promise.all([attacked, meanwhile()])
      await alive()
      const { longestDelayMs, rss, mostRss, polluted } = await fared()
      const grown = (mostRss - before.rss) / megabyte
      console.log(
        `      ${title}: event loop held up for ${longestDelayMs.toFixed(0)} ms at most, memory at most +${Math.max(0, grown).toFixed(0)} MB` +
          ` (${(rss / megabyte).toFixed(0)} MB after), ${beats} heartbeats meanwhile`,
      )
      expect(grown, 'megabytes of growth').to.be.below(mostMegabytes)
      expect(polluted).to.deep.equal([])
      return result
    },
    async stop() {
      child.send('stop')
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await ended
      clearTimeout(late)
    },
  }
}

async function within<T>(ms: number, work: readonly Promise<T>[]): Promise<T[]> {
  const giveUp = new AbortController()
  const late = delay(ms, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error(`no answer within ${ms} ms`)
  })
  try {
    return await Promise.race([Promise.all(work), late])
  } finally {
    giveUp.abort()
    late.catch(() => undefined)
  }
}

/** Nothing of how the gateway is made may be in an answer. */
export function expectNothingInternal(said: string): void {
  expect(said).not.to.match(/\bat \S+:\d|\.[jt]s\b|Error:|node_modules|\/work|\/src|root:x:/)
  expect(said.length).to.be.below(4_000)
}
