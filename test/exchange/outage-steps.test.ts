/** Redis goes away before, during and after every step of every flow, for a moment: what was taken arrives, the rest is refused. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { eventually } from '../support/gateway.ts'
import { type Moment, moments } from '../support/redis-proxy.ts'
import { closeLater, closeScenes } from '../support/scene.ts'
import { type Flow, flows } from './outage-flows.ts'

/** More than the steps that a flow has before it is done: then a cut does not come about, and the next moment is tried. */
const mostSteps = 12

interface Report {
  /** How many steps there were, by moment. */
  readonly steps: Readonly<Record<Moment, number>>
  /** Messages that were taken, in the order they were. */
  readonly taken: readonly number[]
  readonly arrived: readonly number[]
}

const soon = async (is: () => boolean, ms: number) => {
  for (const end = Date.now() + ms; !is() && Date.now() < end; ) await delay(5)
}

async function run(flow: Flow): Promise<Report> {
  const { proxy, redis, adminUrl } = flow
  const direct = new Redis(redis.url)
  closeLater({ stop: async () => direct.disconnect() })
  const steps = { before: 0, during: 0, after: 0 }
  const taken: number[] = []
  let nth = 100
  // After one step is before the next, so that only the last ones are left.
  for (const moment of moments)
    for (let step = moment === 'after' ? Math.max(1, steps.before - 1) : 1; step <= mostSteps; step++) {
      nth++
      const cut = proxy.cutAt(step, moment)
      let isTaken = await flow.say(nth)
      // What follows from an acknowledgement has its steps, too.
      await soon(() => cut.happened || flow.arrived().includes(nth), 300)
      const { happened } = cut
      proxy.mend()
      await eventually(`Redis is back ${moment} ${step}`, async () => (await fetch(`${adminUrl}/readyz`)).ok, 30_000)
      for (let tries = 0; !isTaken; tries++) {
        if (tries > 40) throw new Error('It is never taken.')
        if (tries > 0) await delay(50)
        isTaken = await flow.say(nth)
      }
      taken.push(nth)
      if (!happened) break
      steps[moment]++
      await letLeasesEnd(direct)
    }
  await flow.finish?.()
  const last = Date.now() + 30_000
  while (!taken.every((one) => flow.arrived().includes(one)) && Date.now() < last) {
    await letLeasesEnd(direct)
    await delay(200)
  }
  return { steps, taken, arrived: flow.arrived() }
}

/** As if time had passed: what a sender has left behind is taken up by the agenda, with whoever is still at it. */
async function letLeasesEnd(redis: Redis): Promise<void> {
  for (const key of await redis.keys('*:agenda'))
    for (const id of await redis.zrange(key, '0', '-1'))
      if (/^(?:queue|forecast|limits)/.test(id)) await redis.zadd(key, 'XX', '0', id)
}

describe('Redis that goes away for a moment', function () {
  this.timeout(240_000)
  const reports = new Map<string, Report | Error>()
  // All at once: they wait most of the time.
  before(async () => {
    const runs = flows.map(async ({ title, open }) => {
      reports.set(
        title,
        await open()
          .then(run)
          .catch((error: Error) => error),
      )
    })
    await Promise.all(runs)
  })
  after(closeScenes)

  for (const { title, isOrdered } of flows)
    it(`before, during and after each step of ${title} loses nothing that was taken${isOrdered ? ', nor its order' : ''}`, () => {
      const report = reports.get(title)!
      if (report instanceof Error) throw report
      const { steps, taken, arrived } = report
      // Every flow reads or writes something at least once; a test that cut nothing would show nothing.
      for (const moment of ['before', 'during'] as const) expect(steps[moment], moment).to.be.within(1, mostSteps)
      const firsts = [...new Set(arrived)].filter((one) => taken.includes(one))
      if (isOrdered) expect(firsts).to.deep.equal(taken)
      else expect(firsts).to.have.members(taken)
    })
})
