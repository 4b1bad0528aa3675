/**
 * A DSO that hosts its own service, a gateway and a CPO that may call it, on memory state or on a Redis of their own. The
 * gateway's clock starts at `start`. Limits: the CPO's calls are made here, by hand.
 */
import { randomUUID } from 'node:crypto'
import { type Cpo, startCpo } from '../peers/cpo.ts'
import { connectDso, type Dso } from '../peers/dso.ts'
import { type DsoService, type DsoServiceOptions, startDsoService } from '../peers/dso-service.ts'
import { clockFrom, startTestGateway, type TestGateway } from './gateway.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { type RedisProxy, startRedisProxy } from './redis-proxy.ts'
import { closeLater, type State, start } from './scene.ts'

export interface Said {
  readonly status: number
  readonly message: string | undefined
  readonly request: string
}

export interface DsoScene {
  readonly dso: DsoService
  /** Its other half, that calls. */
  readonly caller: Dso
  readonly cpo: Cpo
  readonly clock: ReturnType<typeof clockFrom>
  readonly gateway: TestGateway
  /** What the CPO says to its capacity provider; the path is the message's, such as `adjust_group_capacity_forecast`. */
  say(path: string, body: unknown, ids?: { request?: string; correlation?: string }): Promise<Said>
  restartGateway(): Promise<void>
  /** One more gateway on the same state, which it may reach by another way, and go by another clock. */
  replica(redisUrl?: string, now?: () => number): Promise<TestGateway>
  readonly redis: RedisServer | undefined
  /** Between the gateway and Redis, where it was asked for. */
  readonly proxy: RedisProxy | undefined
}

export interface DsoSceneOptions {
  readonly service?: DsoServiceOptions
  /** Settings of the DSO, the CPO and the link. */
  readonly dso?: object
  readonly cpo?: object
  readonly link?: object
  /** Whether the DSO has a service at all. */
  readonly hosts?: boolean
  /** Whether there is a wire to Redis that can be cut. */
  readonly proxied?: boolean
}

export const ours = 'token of the gateway'

export async function openDsoScene(state: State, options: DsoSceneOptions = {}): Promise<DsoScene> {
  const redis = state === 'Redis' ? closeLater(await startRedis()) : undefined
  const proxy = redis && options.proxied ? closeLater(await startRedisProxy(redis.port)) : undefined
  const cpo = closeLater(await startCpo())
  const dso = closeLater(await startDsoService(options.service))
  const clock = clockFrom(start)
  const config = {
    ...(redis ? { redis: { url: proxy?.url ?? redis.url } } : {}),
    peers: {
      dso: { role: 'dso', ...(options.hosts === false ? {} : { url: dso.url }), ...options.dso },
      cpo: { role: 'fp', url: cpo.url, token: cpo.token, inboundToken: ours, ...options.cpo },
    },
    links: { link: { legacy: 'dso', modern: 'cpo', groups: { '007': 'hub', '008': 'depot' }, ...options.link } },
  }
  let gateway = await startTestGateway({ config, now: clock })
  closeLater({ stop: () => gateway.stop() })
  return {
    dso,
    cpo,
    clock,
    caller: await connectDso({ wsdlUrl: `${gateway.soapUrl}/oscp/1.0/dso?wsdl` }),
    get gateway() {
      return gateway
    },
    redis,
    proxy,
    replica: async (redisUrl, now = clock) => {
      const reached = redisUrl === undefined ? config : { ...config, redis: { url: redisUrl } }
      return closeLater(await startTestGateway({ config: reached, now }))
    },
    say: (path, body, ids) => say(gateway, path, body, ids),
    async restartGateway() {
      await gateway.stop()
      gateway = await startTestGateway({ config, now: clock })
    },
  }
}

export async function say(
  gateway: TestGateway,
  path: string,
  body: unknown,
  { request = randomUUID(), correlation }: { request?: string; correlation?: string } = {},
  token = ours,
): Promise<Said> {
  const headers: Record<string, string> = {
    authorization: `Token ${token}`,
    'content-type': 'application/json',
    'x-request-id': request,
  }
  if (correlation !== undefined) headers['x-correlation-id'] = correlation
  const response = await fetch(`${gateway.restUrl}/oscp/cp/2.0/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  const text = await response.text()
  const message = text === '' ? undefined : (JSON.parse(text) as { message?: string }).message
  return { status: response.status, message, request }
}

/** The elements of a forecast as a DSO's own service writes them. */
export const element = (
  cableId: string,
  ...blocks: { startTime: string; endTime: string; capacity: number | string }[]
) => ({
  cableId,
  capacityUnit: 'kW',
  block: blocks,
})
