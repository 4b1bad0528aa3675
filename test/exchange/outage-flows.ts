/** Every flow of both deployments, on a Redis behind a wire that can be cut: how its nth message is said, and which have arrived. */
import { connectCsp } from '../peers/csp.ts'
import { SoapFault } from '../peers/dso.ts'
import { openDeployment } from '../support/deployment.ts'
import { openDsoScene } from '../support/dso-scene.ts'
import { eventually } from '../support/gateway.ts'
import type { RedisServer } from '../support/redis.ts'
import type { RedisProxy } from '../support/redis-proxy.ts'
import { at, cable, messageOf, span } from '../support/scene.ts'

export interface Flow {
  readonly redis: RedisServer
  readonly proxy: RedisProxy
  readonly adminUrl: string
  /** Says the nth message as its sender would, each time under a new id; true when it was taken. */
  say(nth: number): Promise<boolean>
  /** The messages that have arrived, each as often as it did, in order. */
  arrived(): number[]
  /** What makes arrive what is only kept for later; when all have been said. */
  finish?(): Promise<void>
}

export interface FlowTitle {
  readonly title: string
  /** Whether the messages are events, which keep their order. */
  readonly isOrdered: boolean
  readonly open: () => Promise<Flow>
}

const blockOf = (nth: number) => span('06:00', '07:00', nth)

/** A fault is a refusal; anything else that goes wrong is the test's. */
const unlessFault = (call: Promise<{ readonly status?: string }>, ...good: string[]) =>
  call.then(
    ({ status = '' }) => good.includes(status),
    (error: unknown) => {
      if (error instanceof SoapFault) return false
      throw error
    },
  )

async function atDso() {
  const scene = await openDsoScene('Redis', { proxied: true, link: { groups: 'identity' } })
  const base = { redis: scene.redis!, proxy: scene.proxy!, adminUrl: scene.gateway.adminUrl }
  const say = async (path: string, body: unknown) => (await scene.say(path, body)).status === 204
  return { scene, base, say }
}

async function atCsp() {
  const scene = await openDeployment('Redis', 'csp', { proxied: true, legacy: { heartbeatEvery: '1h' } })
  await scene.online()
  const base = { redis: scene.redis!, proxy: scene.proxy!, adminUrl: scene.gateway.adminUrl }
  const say = (type: string, nth: number) =>
    scene
      .party()
      .send('update_group_capacity_forecast', { ...messageOf(cable(`c${nth}`, blockOf(nth))), type })
      .then(({ status }) => status === 204)
  const told = () =>
    scene.service.calls('UpdateCableCapacityForecast').flatMap(({ taken, value }) => {
      const [{ block }] = value.cableCapacityForecast as unknown as [{ block: { capacity: string }[] }]
      return taken ? [Number(block[0]!.capacity)] : []
    })
  const csp = await connectCsp({ wsdlUrl: `${scene.soapUrl}?wsdl` })
  const got = (name: string, figure: (body: Record<string, unknown>) => number) =>
    scene
      .party()
      .got(name)
      .filter(({ status }) => status === 204)
      .map(({ body }) => figure(body))
  return { scene, base, say, told, csp, got }
}

type Figures<Name extends string> = Record<Name, { capacity: number; value: number }[]>

export const flows: readonly FlowTitle[] = [
  {
    title: 'a forecast of a DSO',
    isOrdered: false,
    async open() {
      const { scene, base } = await atDso()
      return {
        ...base,
        say: (nth) => unlessFault(scene.caller.sendForecast([cable(`c${nth}`, blockOf(nth))]), 'Accepted'),
        arrived: () =>
          scene.cpo.received.flatMap(({ status, body }) =>
            status === 204 ? [(body as Figures<'forecasted_blocks'>).forecasted_blocks[0]!.capacity] : [],
          ),
      }
    },
  },
  {
    title: 'a forecast of a capacity provider',
    isOrdered: false,
    async open() {
      const { base, say, told } = await atCsp()
      return { ...base, say: (nth) => say('CONSUMPTION', nth), arrived: told }
    },
  },
  {
    title: 'a fallback of a capacity provider',
    isOrdered: false,
    async open() {
      const { scene, base, say, told } = await atCsp()
      return {
        ...base,
        say: (nth) => say('FALLBACK_CONSUMPTION', nth),
        arrived: told,
        async finish() {
          const soon = new Date(scene.clock() + 500).toISOString()
          await scene.party().send('heartbeat', { offline_mode_at: soon })
          await eventually('it is offline', async () => (await scene.stateOf()).state === 'OFFLINE', 10_000)
        },
      }
    },
  },
  {
    title: 'a wish of a flexibility provider',
    isOrdered: true,
    async open() {
      const { scene, base, say } = await atDso()
      const wish = (nth: number) => messageOf(cable(`c${nth}`, blockOf(nth)))
      return {
        ...base,
        say: (nth) => say('adjust_group_capacity_forecast', wish(nth)),
        arrived: () =>
          scene.dso.calls('RequestAdjustedCapacity').flatMap(({ taken, value }) => {
            const { block } = value.requestedCapacity as unknown as { block: { capacity: string }[] }
            return taken ? [Number(block[0]!.capacity)] : []
          }),
      }
    },
  },
  {
    title: 'a wish of an operator',
    isOrdered: true,
    async open() {
      const { base, csp, got } = await atCsp()
      return {
        ...base,
        say: (nth) => unlessFault(csp.ask(`c${nth}`, blockOf(nth)), 'Pending'),
        arrived: () =>
          got(
            'adjust_group_capacity_forecast',
            (body) => (body as Figures<'forecasted_blocks'>).forecasted_blocks[0]!.capacity,
          ),
      }
    },
  },
  {
    title: 'usage of a flexibility provider',
    isOrdered: true,
    async open() {
      const { scene, base, say } = await atDso()
      const times = { initial_measure_time: at('06:00'), measure_time: at('06:15') }
      const usage = (nth: number) => ({
        group_id: `c${nth}`,
        measurements: [{ value: nth, phase: 'ALL', unit: 'KWH', direction: 'IMPORT', ...times }],
      })
      return {
        ...base,
        say: (nth) => say('update_group_measurements', usage(nth)),
        arrived: () =>
          scene.dso.calls('UpdateAggregatedUsage').flatMap(({ taken, value }) => {
            const [{ block }] = value.aggregatedUsage as unknown as [{ block: { energy: string }[] }]
            return taken ? [Number(block[0]!.energy)] : []
          }),
      }
    },
  },
  {
    title: 'usage of an operator',
    isOrdered: true,
    async open() {
      const { base, csp, got } = await atCsp()
      const block = (energy: number) => [{ startTime: at('06:00'), endTime: at('06:15'), energy }]
      return {
        ...base,
        say: (nth) => unlessFault(csp.report({ cableId: `c${nth}`, block: block(nth) }), 'Accepted'),
        arrived: () =>
          got('update_group_measurements', (body) => (body as Figures<'measurements'>).measurements[0]!.value),
      }
    },
  },
  {
    title: 'a compliance error of a flexibility provider',
    isOrdered: true,
    async open() {
      const { scene, base, say } = await atDso()
      return {
        ...base,
        say: (nth) => say('group_capacity_compliance_error', { message: `${nth}` }),
        arrived: () =>
          scene.gateway.observed.alarms.flatMap((line) =>
            line.alarm === 'forecast cannot be met' ? [Number((line as { error?: unknown }).error)] : [],
          ),
      }
    },
  },
  {
    title: 'a rejection by an operator, as a compliance error',
    isOrdered: false,
    async open() {
      const { scene, base, say, got } = await atCsp()
      scene.service.behave('UpdateCableCapacityForecast', ({ value }) => {
        const [{ cableId }] = value.cableCapacityForecast as unknown as [{ cableId: string }]
        return { value: { status: 'Rejected', rejectedCableId: cableId, info: cableId.slice(1) } }
      })
      return {
        ...base,
        say: (nth) => say('CONSUMPTION', nth),
        arrived: () => got('group_capacity_compliance_error', (body) => Number(body.message)),
      }
    },
  },
  {
    title: 'the question of an operator what holds',
    isOrdered: false,
    async open() {
      const { base, csp, say, told } = await atCsp()
      await say('CONSUMPTION', 7)
      await eventually('it has arrived', () => told().length === 1)
      const answered: number[] = []
      return {
        ...base,
        // An answer without the limit would be a wrong one: the operator would take it that nothing holds.
        say: (nth) =>
          unlessFault(
            csp.call('GetCapacityForecast', { cableId: ['c7'] }).then(({ status, cableCapacityForecast: told }) => {
              const [forecast] = (told ?? []) as { block?: { capacity: string }[] }[]
              if (Number(forecast?.block?.[0]?.capacity) !== 7) throw new Error(`answered ${JSON.stringify(told)}`)
              answered.push(nth)
              return { status: String(status) }
            }),
            'Accepted',
          ),
        arrived: () => answered,
      }
    },
  },
]
