/**
 * A gateway process between OSCP 1.0 parties of every kind of credentials and one OSCP 2.0 party of each role, which have registered.
 * Limits: what each 1.0 party says is told apart by the group its cable is called on the other side.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Party, startParty } from '../peers/party.ts'
import type { Issued } from '../support/certificates.ts'
import { type GatewayProcess, startGatewayProcess } from './gateway.ts'

export const cable = 'CABLE 17/ä'
export const user = 'grid & co'
export const password = 'Stroom <17>'

/** An OSCP 1.0 party of the world. */
export interface Legacy {
  readonly role: 'dso' | 'csp'
  readonly settings?: Readonly<Record<string, unknown>>
}

export interface World {
  readonly gateway: GatewayProcess
  readonly fp: Party
  readonly cp: Party
  stop(): Promise<void>
}

export const groupOf = (party: string): string => `group of ${party}`
/** Of a second cable. */
export const otherGroupOf = (party: string): string => `other group of ${party}`

export async function openWorld(parties: Readonly<Record<string, Legacy>>, tls?: Issued): Promise<World> {
  const handshake = { required_behaviour: { heartbeat_interval: 60, measurement_configuration: ['INTERMITTENT'] } }
  const fp = await startParty('fp')
  const cp = await startParty('cp', { handshake })
  const modern = (role: string, party: Party) => ({
    role,
    url: party.url,
    registration: 'we start',
    token: party.issue(),
  })
  const links = Object.entries(parties).map(([name, { role }]) => [
    name,
    {
      legacy: name,
      modern: role === 'dso' ? 'fp' : 'cp',
      cspIdentity: 'CSP-1',
      groups: { [cable]: groupOf(name), 'CABLE 18': otherGroupOf(name) },
    },
  ])
  const legacy = Object.entries(parties).map(([name, { role, settings }]) => [name, { role, ...settings }])
  try {
    const gateway = await startGatewayProcess({
      ...(tls ? { listen: { soapTls: { certFile: tls.certFile, keyFile: tls.keyFile } } } : {}),
      delivery: { firstRetry: '50ms', longestRetry: '500ms' },
      peers: { ...Object.fromEntries(legacy), fp: modern('fp', fp), cp: modern('cp', cp) },
      links: Object.fromEntries(links),
    })
    const stop = async () => void (await Promise.all([gateway.stop(), fp.stop(), cp.stop()]))
    try {
      await until('both parties have registered', () => fp.theirs !== undefined && cp.theirs !== undefined)
      await until('the capacity provider is online', async () => {
        if (!cp.online) await cp.handshake()
        return cp.online && fp.online
      })
    } catch (error) {
      await stop()
      throw new Error(gateway.log.join('\n').slice(-3000), { cause: error })
    }
    return { gateway, fp, cp, stop }
  } catch (error) {
    await Promise.all([fp.stop(), cp.stop()]).catch(() => undefined)
    throw error
  }
}

/** Asks until it is so. */
export async function until(what: string, ask: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await ask()); await sleep(20))
    if (Date.now() > deadline) throw new Error(`in vain for ${withinMs / 1000} s: ${what}`)
}
