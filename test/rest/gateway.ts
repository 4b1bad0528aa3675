/** A whole gateway on loopback with one OSCP 2.0 peer, for what only shows when time passes and both sides act. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Gateway, shippedCrossings, startGateway } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import type { PeerId } from '../../src/exchange/ids.ts'
import type { SessionView } from '../../src/session/api.ts'
import { type Habits, type Party, startParty } from '../peers/party.ts'
import { testLog } from '../support/log.ts'
import { giveSignOfLife } from '../support/sign-of-life.ts'

export interface Pair {
  readonly gateway: Gateway
  readonly peer: Party
  readonly logged: string[]
  /** Where the peer calls us. */
  readonly ours: string
  view(): Promise<SessionView>
  until(check: (view: SessionView) => boolean, timeoutMs?: number): Promise<SessionView>
  /** A TOKEN_A of ours. */
  token(): Promise<string>
  /** Registers, whoever begins, and waits until both are online. */
  online(): Promise<void>
  stop(): Promise<void>
}

export interface PairOptions {
  /** What the peer is. */
  readonly role?: 'cp' | 'fp'
  readonly habits?: Habits
  readonly registration?: 'we start' | 'they start' | 'none'
  readonly profile?: object
  /** Leave the peer's URL out of the configuration. */
  readonly unknownUrl?: boolean
}

export const id = 'peer' as PeerId

export async function startPair({
  role = 'fp',
  habits,
  registration = 'they start',
  profile,
  unknownUrl,
}: PairOptions = {}): Promise<Pair> {
  const peer = await startParty(role, habits)
  const tokens =
    registration === 'they start'
      ? {}
      : registration === 'we start'
        ? { token: peer.issue() }
        : { token: peer.issue(), inboundToken: 'agreed-by-hand' }
  const open = unknownUrl ? { allowHttp: true, allowAddresses: ['127.0.0.1'] } : {}
  const config = loadConfig(
    () => ({
      listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0' },
      delivery: { timeout: '3s' },
      peers: {
        peer: {
          role,
          registration,
          ...(unknownUrl ? {} : { url: peer.url }),
          ...tokens,
          profile: { ...open, ...profile },
        },
        legacy: { role: role === 'fp' ? 'dso' : 'csp' },
      },
      links: { one: { legacy: 'legacy', modern: 'peer', groups: { C: 'G1' } } },
    }),
    undefined,
    {},
  )
  const logged: string[] = []
  const gateway = await startGateway({
    config,
    log: testLog(config, logged),
    crossings: await shippedCrossings(),
    random: () => 0,
  })
  // Only then is it beaten to.
  await giveSignOfLife(`${gateway.soapUrl}/oscp/1.0/legacy`, role === 'fp' ? 'dso' : 'csp')
  const ours = `${gateway.restUrl}/oscp/${role === 'fp' ? 'cp' : 'fp'}/2.0`
  if (registration === 'none')
    peer.agree(config.peers.peer && 'token' in config.peers.peer ? config.peers.peer.token! : '', {
      token: 'agreed-by-hand',
      url: ours,
    })
  const view = () => gateway.sessions.state(id)
  async function until(check: (view: SessionView) => boolean, timeoutMs = 15_000): Promise<SessionView> {
    for (const deadline = Date.now() + timeoutMs; ; await sleep(20)) {
      const now = await view()
      if (check(now)) return now
      if (Date.now() > deadline)
        throw new Error(`${timeoutMs} ms in vain: ${JSON.stringify(now)}\n${logged.slice(-8).join('')}`)
    }
  }
  return {
    gateway,
    peer,
    logged,
    ours,
    view,
    until,
    token: () => gateway.sessions.issueToken(id, 60_000),
    async online() {
      if (registration === 'they start') await peer.register(ours, await gateway.sessions.issueToken(id, 60_000))
      await until(({ state }) => state === 'ONLINE' || (role === 'cp' && state === 'REGISTERED'))
      if (role === 'cp') await peer.handshake()
      await until(({ state }) => state === 'ONLINE')
    },
    async stop() {
      await gateway.stop(200)
      await peer.stop()
    },
  }
}
