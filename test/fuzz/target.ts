/**
 * The gateway that is fuzzed: in this process, on real sockets of loopback, with parties of every role and kind of credentials. Those
 * that it calls check what they are told. Whatever happens inside that nobody foresaw is noted.
 * Limits: its clock starts where the values of the messages are about.
 */
import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Received, startCpo } from '../peers/cpo.ts'
import { startCspService } from '../peers/csp-service.ts'
import { startDsoService } from '../peers/dso-service.ts'
import type { Called } from '../peers/soap-service.ts'
import { clockFrom, startTestGateway } from '../support/gateway.ts'
import { certify, type Signer } from '../support/signing.ts'
import type { Schema } from './bodies.ts'
import { password } from './envelopes.ts'
import { start } from './values.ts'
import type { Answer, Input } from './wire.ts'
import { exchange } from './wire.ts'

export type Target = Awaited<ReturnType<typeof openTarget>>

/** Tokens of parties that only ever register, because a Register may end them. */
export const registering = Array.from({ length: 40 }, (_, i) => `token-of-registering-${i}`)
export const tokens = { fp: 'token-of-fp-1234', cp: 'token-of-cp-1234', strict: 'token-of-strict-1' }

export async function openTarget() {
  const sink = createServer(
    (request, response) => void request.resume().once('end', () => response.writeHead(204).end()),
  )
  await once(sink.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/oscp/2.0`
  const [cpo, dsoService, cspService] = [
    await startCpo({ token: 'x' }),
    await startDsoService(),
    await startCspService(),
  ]
  const services = [dsoService, cspService]
  const signer: Signer = await certify()
  const user = { users: [{ username: 'grid', password }] }
  const profile = { handshakeInitiator: 'none' }
  const modern = (role: string, inboundToken: string, more: object = {}) => ({
    role,
    url: role === 'fp' ? cpo.url : url,
    token: 'x',
    inboundToken,
    profile: { ...profile, ...more },
  })
  const gateway = await startTestGateway({
    config: {
      log: 'silent',
      limits: { connections: 10_000, connectionsPerAddress: 10_000 },
      delivery: { queueLimit: 5_000, timeout: '1s' },
      peers: {
        dso: { role: 'dso', url: dsoService.url, heartbeatEvery: '1s' },
        'dso-secured': {
          role: 'dso',
          security: { in: { usernameToken: user, timestamp: 'optional' } },
          replyTo: ['allowed.invalid'],
        },
        'dso-basic': { role: 'dso', security: { in: { basic: user } } },
        'dso-signed': { role: 'dso', security: { in: { signature: { certificates: [{ certificate: signer.pem }] } } } },
        'dso-schedule': { role: 'dso', contract: 'schedule-1.0' },
        csp: { role: 'csp', zone: 'Europe/Amsterdam', url: cspService.url, soapVersion: '1.2', heartbeatEvery: '1s' },
        'csp-strict': { role: 'csp', operations: ['GetCapacityForecast', 'Heartbeat'] },
        fp: modern('fp', tokens.fp),
        'fp-of-many': modern('fp', 'a token that nobody shows'),
        'cp-of-strict': modern('cp', 'another that nobody shows'),
        cp: modern('cp', tokens.cp, { timestampZoneForNaive: 'Europe/Amsterdam' }),
        strict: modern('fp', tokens.strict, { strict: true, requireCorrelation: true }),
        ...Object.fromEntries(registering.map((token, i) => [`registering-${i}`, modern(i % 2 ? 'fp' : 'cp', token)])),
      },
      links: {
        dso: { legacy: 'dso', modern: 'fp', answerWithin: '10ms' },
        secured: { legacy: 'dso-secured', modern: 'fp-of-many', groups: { '007': 'secured' }, answerWithin: '10ms' },
        basic: { legacy: 'dso-basic', modern: 'fp-of-many', groups: { '007': 'basic' } },
        signed: { legacy: 'dso-signed', modern: 'fp-of-many', groups: { '007': 'signed' } },
        schedule: { legacy: 'dso-schedule', modern: 'strict' },
        csp: { legacy: 'csp', modern: 'cp', cspIdentity: 'CSP-1', grid: '15m', voltage: 230, optimum: 'apply' },
        strict: { legacy: 'csp-strict', modern: 'cp-of-strict', cspIdentity: 'CSP-2', groups: { '007': 'strict' } },
      },
    },
    now: clockFrom(start),
  })
  const { soapUrl, restUrl, observed } = gateway
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const schemas = (
    (await (await fetch(`${restUrl}/openapi.json`)).json()) as { components: { schemas: Record<string, Schema> } }
  ).components.schemas
  return {
    signer,
    schemas,
    send: (input: Input): Promise<Answer> => exchange(input.face === 'soap' ? soapUrl : restUrl, input, agent),
    /** What went wrong inside since it was last asked. */
    inside(): string[] {
      const wrong = observed.exchanges
        .filter(({ outcome }) => outcome === 'internal')
        .map(({ error }) => `internal: ${trace(error)}`)
      const alarms = observed.alarms
        .filter(({ alarm }) => /failure|failed|internal/.test(alarm))
        .map((one) => `alarm: ${JSON.stringify(one)}`)
      const told = [
        ...cpo.received.filter(({ status }) => status === 400).map(forecastTold),
        ...services.flatMap(({ received }) => received.filter(({ wrong }) => wrong !== undefined).map(callTold)),
      ]
      for (const list of [...Object.values(observed), cpo.received, ...services.map(({ received }) => received)])
        list.length = 0
      gateway.logged.length = 0
      return [...wrong, ...alarms, ...told]
    },
    async stop(): Promise<void> {
      agent.destroy()
      await gateway.stop(100)
      await Promise.all([cpo, ...services].map((peer) => peer.stop()))
      const closed = once(sink, 'close')
      sink.close()
      sink.closeAllConnections()
      await closed
    },
  }
}

/** What a party was told that is not what its protocol says. */
const forecastTold = ({ path, rawBody }: Received): string => `told wrongly: ${path} ${rawBody.slice(0, 1000)}`
const callTold = ({ operation, wrong, raw }: Called): string =>
  `told wrongly: ${operation} ${wrong} ${raw.slice(0, 1000)}`

function trace(error: unknown): string {
  const { cause } = (error ?? {}) as { cause?: Error }
  return String(cause?.stack ?? (error as Error | undefined)?.stack ?? error)
}
