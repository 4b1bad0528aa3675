/** Limits of a capacity provider that knows only OSCP 2.0, for an operator that knows only OSCP 1.0. */
import { expect } from 'chai'
import type { GatewayError } from '../../../src/errors.ts'
import { at, forecastsIn, hour, openOperators, start } from './operators.ts'

const rejected = {
  verdict: 'answered',
  value: { status: 'Rejected', info: 'no room', rejectedCableId: ['G'] },
} as const
const away = { verdict: 'unavailable', sentence: 'not there' } as const
const kindOf = (told: Promise<unknown>) =>
  told.then(
    () => 'accepted',
    (error: GatewayError) => error.kind,
  )

describe('A limit for a legacy operator', () => {
  it('passes with exactly its own blocks, under a number that grows, as long as the operator keeps up', async () => {
    const scene = openOperators()
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 24, capacity: 100 })
    await scene.settle()
    await scene.say('CONSUMPTION', 'G', { from: 6, to: 9, capacity: 20 })
    await scene.settle()
    const sent = scene.calls.map((call) => forecastsIn(call)[0]!)
    expect(sent.map(({ blocks }) => blocks)).to.deep.equal([
      [{ start, end: start + 24 * hour, capacity: 100, unit: 'kW' }],
      [{ start: start + 6 * hour, end: start + 9 * hour, capacity: 20, unit: 'kW' }],
    ])
    expect(Number(sent[1]!.forecastId)).to.be.above(Number(sent[0]!.forecastId))
    expect(scene.holds('G', 5.9, 6, 8.9, 9)).to.deep.equal(['100 kW', '20 kW', '20 kW', '100 kW'])
    expect(scene.alarms).to.deep.equal([])
  })

  it('that is newer for one phase only is told together with what holds for the others', async () => {
    const scene = openOperators()
    const phases = ['ONE', 'TWO', 'THREE']
    await scene.say('CONSUMPTION', 'G', ...phases.map((phase) => ({ from: 0, to: 4, capacity: 16, unit: 'A', phase })))
    await scene.say('CONSUMPTION', 'G', { from: 1, to: 2, capacity: 20, unit: 'A', phase: 'ONE' })
    await scene.settle()
    expect(scene.holds('G', 0, 1, 2)).to.deep.equal(['16 A', '16 A', '16 A'])
    await scene.say('CONSUMPTION', 'G', { from: 1, to: 2, capacity: 6, unit: 'A', phase: 'TWO' })
    await scene.settle()
    expect(scene.holds('G', 0, 1, 2)).to.deep.equal(['16 A', '6 A', '16 A'])
  })

  it('is gridded as a whole schedule, never as one message', async () => {
    const scene = openOperators({ link: { grid: '15m', oddBlocks: false } })
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await scene.say('CONSUMPTION', 'G', { from: 1.1, to: 1.3, capacity: 10 })
    await scene.settle()
    expect(scene.holds('G', 0.9, 1, 1.2, 1.45, 1.5)).to.deep.equal(['100 kW', '10 kW', '10 kW', '10 kW', '100 kW'])
  })

  it('is told to the last digit of any number that JSON has', async () => {
    const scene = openOperators()
    const capacities = [100 / 3, 0.1 + 0.2, Number.MAX_VALUE, Number.MIN_VALUE]
    for (const [i, capacity] of capacities.entries())
      await scene.say('CONSUMPTION', 'G', { from: i, to: i + 1, capacity })
    await scene.settle()
    expect(scene.holds('G', 0, 1, 2, 3)).to.deep.equal(capacities.map((capacity) => `${capacity} kW`))
  })

  it('in another unit or of more than there is to say it with is refused, and nothing is stored', async () => {
    const scene = openOperators()
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    const mixed = scene.say(
      'CONSUMPTION',
      'G',
      { from: 1, to: 2, capacity: 9, unit: 'A' },
      { from: 2, to: 3, capacity: 9 },
    )
    const error: GatewayError = await mixed.then(
      () => expect.fail('was taken'),
      (thrown) => thrown,
    )
    expect(error.kind).to.equal('untranslatable')
    expect(error.problems[0]!.path).to.equal('forecasted_blocks')
    await scene.settle()
    expect(scene.calls).to.have.length(1)
    expect((await scene.limits.known(scene.link))[0]!.said.CONSUMPTION!.blocks).to.have.length(1)
  })

  it('in ampere for an hour of a day in kilowatt is told in ampere: neither is converted', async () => {
    const scene = openOperators()
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await scene.say('CONSUMPTION', 'G', { from: 1, to: 2, capacity: 30, unit: 'A' })
    await scene.settle()
    expect(scene.holds('G', 0, 1, 2)).to.deep.equal(['100 kW', '10 A', '100 kW'])
    scene.behave(() => away)
    await scene.say('CONSUMPTION', 'G', { from: 3, to: 4, capacity: 15, unit: 'A' })
    scene.behave()
    await scene.settle()
    expect(scene.holds('G', 0, 1, 2, 3)).to.deep.equal(['100 kW', '10 A', '100 kW', '5 A'])
  })

  it('that a peer replaces as a whole stays with the operator where nothing new is said', async () => {
    const scene = openOperators({ profile: { forecastReplaceMode: 'replace' } })
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await scene.say('CONSUMPTION', 'G', { from: 1, to: 2, capacity: 30 })
    await scene.settle()
    const [known] = await scene.limits.known(scene.link)
    expect(known!.said.CONSUMPTION!.blocks.map(({ capacity }) => capacity)).to.deep.equal([30])
    expect(scene.holds('G', 0, 1, 2)).to.deep.equal(['100 kW', '30 kW', '100 kW'])
  })

  it('is for nobody else: what it was not asked for is refused', async () => {
    const scene = openOperators()
    const flow = (peer: string, type: string) =>
      scene.limits.flow(
        {
          peer,
          exchange: 'x',
          request: 'r',
          correlation: undefined,
          face: 'fp',
          message: 'UpdateGroupCapacityForecast',
          value: {
            group_id: 'G',
            type,
            forecasted_blocks: [{ capacity: 1, unit: 'KW', phase: 'ALL', start_time: at(0), end_time: at(1) }],
          },
        } as unknown as Parameters<typeof scene.limits.flow>[0],
        scene.link,
        [],
      )
    expect(await kindOf(flow('co', 'CONSUMPTION'))).to.equal('message-unsupported')
    expect(await kindOf(flow('co', 'OPTIMUM'))).to.equal('accepted')
  })

  it('waits while the operator is away; then one message is all that a thousand came to', async () => {
    const scene = openOperators()
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 24, capacity: 100 })
    await scene.settle()
    scene.behave(() => away)
    const expected = new Array<number>(24 * 4).fill(100)
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    for (let i = 0; i < 1000; i++) {
      const from = random(92)
      const to = from + 1 + random(4)
      const capacity = random(90)
      expected.fill(capacity, from, to)
      await scene.say('CONSUMPTION', 'G', { from: from / 4, to: to / 4, capacity })
    }
    scene.behave()
    scene.calls.length = 0
    await scene.settle()
    expect(scene.calls).to.have.length(1)
    for (const [quarter, capacity] of expected.entries())
      expect(scene.holds('G', quarter / 4 + 0.01), String(quarter)).to.deep.equal([`${capacity} kW`])
  }).timeout(60_000)

  it('that the operator rejects is told the capacity provider once, as an answer to its forecast', async () => {
    const scene = openOperators()
    scene.behave(() => rejected)
    const { request } = await scene.say('CONSUMPTION', 'G', { from: 1, to: 2, capacity: 30 })
    await scene.settle()
    expect(scene.events).to.have.length(1)
    expect(scene.events[0]).to.deep.include({
      kind: 'compliance error',
      correlation: request,
    })
    expect(scene.events[0]!.value.message).to.equal('no room')
    expect(scene.events[0]!.exchange).to.equal('x1')
    scene.behave(() => ({ verdict: 'refused', sentence: 'bad cable', unsupported: false }))
    const second = await scene.say('CONSUMPTION', 'G', { from: 1, to: 2, capacity: 20 })
    await scene.settle()
    expect(scene.events[1]).to.deep.include({ correlation: second.request, value: { message: 'bad cable' } })
    expect(scene.events).to.have.length(2)
    expect(scene.calls).to.have.length(2)
  })

  it('that an optimum or a fallback makes the operator reject is said of the forecast that is in force', async () => {
    const scene = openOperators({ link: { optimum: 'apply' } })
    const limit = await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 30 })
    const fallback = await scene.say('FALLBACK_CONSUMPTION', 'G', { from: 0, to: 9, capacity: 3 })
    await scene.settle()
    scene.behave(() => rejected)
    await scene.say('OPTIMUM', 'G', { from: 1, to: 2, capacity: 20 })
    await scene.settle()
    await scene.goOffline()
    await scene.settle()
    expect(scene.events.map(({ correlation }) => correlation)).to.deep.equal([limit.request, fallback.request])
  })

  it('is told in the words of a dialect, and so is its rejection', async () => {
    const scene = openOperators({ contract: 'schedule-1.0' })
    scene.behave(() => ({ verdict: 'answered', value: { Result: 'Rejected' } }))
    await scene.say('CONSUMPTION', '7', { from: 1, to: 2, capacity: 30 }, { from: 2, to: 3, capacity: 4000, unit: 'W' })
    await scene.settle()
    const [call] = scene.calls
    expect(call!.operation).to.equal('CableCapacityForecast')
    expect(call!.value.ScheduleId).to.match(/^\d+$/)
    expect(call!.value.StationId).to.equal('7')
    expect(call!.value.Period).to.deep.equal([
      { StartDateTime: at(1), EndDateTime: at(2), Limit: '30', ChargingRateUnit: 'kW' },
      { StartDateTime: at(2), EndDateTime: at(3), Limit: '4000', ChargingRateUnit: 'W' },
    ])
    expect(scene.events[0]!.value.message).to.equal('The charge spot operator rejected the schedule.')
  })

  it('said by many at once is in the end what the last of them came to', async () => {
    const scene = openOperators()
    const hours = Array.from({ length: 20 }, (_, i) => i)
    await Promise.all(hours.map((from) => scene.say('CONSUMPTION', 'G', { from, to: from + 1, capacity: from })))
    await scene.settle()
    expect(scene.holds('G', ...hours.map((h) => h + 0.5))).to.deep.equal(hours.map((h) => `${h} kW`))
  })

  it('is kept for an operator that hosts nothing, until it asks', async () => {
    const scene = openOperators({ url: '' })
    await scene.say('CONSUMPTION', 'G', { from: 1, to: 2, capacity: 30 })
    await scene.settle()
    expect(scene.calls).to.have.length(0)
    const [known] = await scene.limits.known(scene.link)
    expect(scene.limits.heldBy(scene.link, known!).blocks).to.have.length(1)
  })
})

describe('What OSCP 1.0 cannot say', () => {
  it('is kept and shown, and never sent', async () => {
    const scene = openOperators()
    for (const type of ['GENERATION', 'FALLBACK_GENERATION', 'OPTIMUM', 'FALLBACK_CONSUMPTION']) {
      const { receipts } = await scene.say(type, 'G', { from: 0, to: 4, capacity: 5 })
      expect(receipts[0]!.entries[0]).to.include({ verb: 'held' })
    }
    await scene.settle()
    expect(scene.calls).to.deep.equal([])
    const [known] = await scene.limits.known(scene.link)
    expect(Object.keys(known!.said)).to.have.members([
      'GENERATION',
      'FALLBACK_GENERATION',
      'OPTIMUM',
      'FALLBACK_CONSUMPTION',
    ])
  })

  it('still lowers a limit where the link applies an optimum', async () => {
    const scene = openOperators({ link: { optimum: 'apply' } })
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await scene.say('OPTIMUM', 'G', { from: 1, to: 2, capacity: 60_000, unit: 'W' }, { from: 2, to: 3, capacity: 120 })
    await scene.settle()
    expect(scene.holds('G', 0, 1, 2, 3)).to.deep.equal(['100 kW', '60 kW', '100 kW', '100 kW'])
    await scene.say('CONSUMPTION', 'G', { from: 1, to: 3, capacity: 40 })
    await scene.settle()
    expect(scene.holds('G', 0, 1, 2, 3)).to.deep.equal(['100 kW', '40 kW', '40 kW', '100 kW'])
    await scene.say('OPTIMUM', 'G', { from: 1, to: 3, capacity: 130 })
    await scene.settle()
    expect(scene.holds('G', 0, 1, 2, 3)).to.deep.equal(['100 kW', '40 kW', '40 kW', '100 kW'])
  })

  it('is refused where an optimum cannot be compared with the limit', async () => {
    const scene = openOperators({ link: { optimum: 'apply' } })
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    expect(await kindOf(scene.say('OPTIMUM', 'G', { from: 1, to: 2, capacity: 10, unit: 'A' }))).to.equal(
      'untranslatable',
    )
    await scene.settle()
    expect(scene.holds('G', 1)).to.deep.equal(['100 kW'])
    const converting = openOperators({ link: { optimum: 'apply', voltage: { low: 220, high: 240 } } })
    await converting.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await converting.say('OPTIMUM', 'G', { from: 1, to: 2, capacity: 10, unit: 'A', phase: 'UNKNOWN' })
    await converting.settle()
    expect(converting.holds('G', 0, 1, 2)).to.deep.equal(['100 kW', '6.6 kW', '100 kW'])
  })
})

describe('A capacity provider that goes offline', () => {
  it('leaves its operator to its fallback, and its limits hold again when it is back', async () => {
    const scene = openOperators()
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await scene.say('FALLBACK_CONSUMPTION', 'G', { from: 0, to: 48, capacity: 11 })
    await scene.goOffline()
    await scene.settle()
    expect(scene.holds('G', 1, 3, 30)).to.deep.equal(['11 kW', '11 kW', '11 kW'])
    await scene.goOffline()
    await scene.settle()
    expect(scene.calls).to.have.length(2)
    await scene.comeBack()
    await scene.settle()
    expect(scene.holds('G', 1, 3, 30)).to.deep.equal(['100 kW', '100 kW', '11 kW'])
    await scene.comeBack()
    await scene.settle()
    expect(scene.calls).to.have.length(3)
    expect(scene.alarms).to.deep.equal([])
  })

  it('without a fallback leaves the operator what it holds, and raises an alarm', async () => {
    const scene = openOperators()
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await scene.settle()
    await scene.goOffline()
    await scene.settle()
    expect(scene.alarms).to.deep.equal(['no fallback'])
    expect(scene.holds('G', 1, 3)).to.deep.equal(['100 kW', '100 kW'])
    expect(scene.holds('G', 5)).to.deep.equal([undefined])
  })

  it('whose fallback has nothing that the operator can be told leaves it as it was, with an alarm', async () => {
    const scene = openOperators({ link: { grid: '15m', oddBlocks: false } })
    await scene.say('FALLBACK_CONSUMPTION', 'G', { from: 0.3, to: 0.4, capacity: 11 })
    await scene.goOffline()
    await scene.settle()
    expect(scene.calls).to.deep.equal([])
    expect(scene.alarms).to.deep.equal(['no fallback'])
  })

  it('whose fallback is for a part of the time leaves the rest as it was, with an alarm', async () => {
    const scene = openOperators()
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await scene.say('FALLBACK_CONSUMPTION', 'G', { from: 0, to: 2, capacity: 11 })
    await scene.goOffline()
    await scene.settle()
    expect(scene.holds('G', 1, 2)).to.deep.equal(['11 kW', '100 kW'])
    expect(scene.alarms).to.deep.equal(['no fallback'])
  })

  it('leaves it to the configured limit where it left nothing, stated anew for as long as it is away', async () => {
    const scene = openOperators({ link: { fallback: { G: { capacity: 7 } } } })
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await scene.say('FALLBACK_CONSUMPTION', 'G', { from: 0, to: 2, capacity: 11 })
    await scene.goOffline()
    await scene.settle()
    expect(scene.holds('G', 1, 3, 20)).to.deep.equal(['11 kW', '7 kW', '7 kW'])
    for (let day = 1; day <= 6; day++) {
      scene.advance(12 * hour + 1000)
      await scene.settle()
    }
    expect(scene.holds('G', 73, 94)).to.deep.equal(['7 kW', '7 kW'])
    expect(scene.alarms).to.deep.equal([])
    await scene.comeBack()
    await scene.say('CONSUMPTION', 'G', { from: 70, to: 300, capacity: 90 })
    await scene.settle()
    expect(scene.holds('G', 73, 94)).to.deep.equal(['90 kW', '90 kW'])
    const count = scene.calls.length
    for (let day = 1; day <= 6; day++) {
      scene.advance(12 * hour + 1000)
      await scene.settle()
    }
    expect(scene.calls).to.have.length(count)
  })

  it('holds a group to its configured limit even if it never said a word about it', async () => {
    const scene = openOperators({ link: { fallback: { G: { capacity: 10, unit: 'A' } } } })
    await scene.goOffline()
    await scene.settle()
    expect(scene.holds('G', 1)).to.deep.equal(['10 A'])
  })

  it('may let limits be ridden out, or the smaller hold', async () => {
    const riding = openOperators({ profile: { whenOffline: 'ride out' } })
    const lower = openOperators({ profile: { whenOffline: 'smaller' } })
    for (const scene of [riding, lower]) {
      await scene.say('CONSUMPTION', 'G', { from: 0, to: 2, capacity: 100 }, { from: 2, to: 3, capacity: 5 })
      await scene.say('FALLBACK_CONSUMPTION', 'G', { from: 1, to: 8, capacity: 11 })
      await scene.goOffline()
      await scene.settle()
    }
    expect(riding.holds('G', 0, 1, 2, 3)).to.deep.equal(['100 kW', '100 kW', '5 kW', '11 kW'])
    expect(lower.holds('G', 0, 1, 2, 3)).to.deep.equal(['100 kW', '11 kW', '5 kW', '11 kW'])
  })

  it('leaves a fallback in another unit, which holds although it cannot be compared', async () => {
    for (const whenOffline of ['fallback', 'smaller', 'ride out']) {
      const scene = openOperators({ profile: { whenOffline } })
      await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
      await scene.say('FALLBACK_CONSUMPTION', 'G', { from: 1, to: 8, capacity: 11, unit: 'A', phase: 'UNKNOWN' })
      await scene.goOffline()
      await scene.settle()
      const held = scene.holds('G', 0.5, 2, 5)
      expect(held, whenOffline).to.deep.equal(['100 kW', whenOffline === 'ride out' ? '100 kW' : '11 A', '11 A'])
    }
  })

  it('is no reason to heed an optimum any longer', async () => {
    const scene = openOperators({ link: { optimum: 'apply' } })
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 4, capacity: 100 })
    await scene.say('OPTIMUM', 'G', { from: 0, to: 4, capacity: 5 })
    await scene.say('FALLBACK_CONSUMPTION', 'G', { from: 0, to: 4, capacity: 11 })
    await scene.goOffline()
    await scene.settle()
    expect(scene.holds('G', 1)).to.deep.equal(['11 kW'])
    await scene.comeBack()
    await scene.settle()
    expect(scene.holds('G', 1)).to.deep.equal(['5 kW'])
  })
})

describe('Limits that run out', () => {
  it('leave an operator to the fallback, a minute before they end and until there are limits again', async () => {
    const scene = openOperators()
    await scene.say('FALLBACK_CONSUMPTION', 'G', { from: 0, to: 48, capacity: 11 })
    await scene.say(
      'CONSUMPTION',
      'G',
      { from: 0, to: 2, capacity: 100 },
      { from: 2, to: 3, capacity: 90 },
      { from: 5, to: 6, capacity: 80 },
    )
    await scene.settle()
    expect(scene.calls).to.have.length(1)
    scene.advance(3 * hour - 90_000)
    await scene.settle()
    expect(scene.calls).to.have.length(1)
    scene.advance(60_000)
    await scene.settle()
    expect(scene.calls).to.have.length(2)
    expect(scene.holds('G', 2.999, 3, 4.9, 5, 6)).to.deep.equal(['90 kW', '11 kW', '11 kW', '80 kW', undefined])
    await scene.say('CONSUMPTION', 'G', { from: 4, to: 5, capacity: 70 })
    await scene.settle()
    expect(scene.holds('G', 3.5, 4, 5)).to.deep.equal(['11 kW', '70 kW', '80 kW'])
    scene.advance(3 * hour)
    await scene.settle()
    expect(scene.holds('G', 6.1, 40)).to.deep.equal(['11 kW', '11 kW'])
    expect(scene.alarms).to.deep.equal([])
  })

  it('are an alarm where nothing was left for that', async () => {
    const scene = openOperators()
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 2, capacity: 100 })
    await scene.settle()
    scene.advance(2 * hour - 30_000)
    await scene.settle()
    await scene.settle()
    expect(scene.alarms).to.deep.equal(['no fallback'])
    expect(scene.calls).to.have.length(1)
  })

  it('leave it to the configured limit, for as long as nothing is said', async () => {
    const scene = openOperators({ link: { fallback: { G: { capacity: 7 } } } })
    await scene.say('CONSUMPTION', 'G', { from: 0, to: 2, capacity: 100 })
    for (let i = 0; i < 5; i++) {
      scene.advance(12 * hour + 1000)
      await scene.settle()
    }
    expect(scene.holds('G', 61, 80)).to.deep.equal(['7 kW', '7 kW'])
    expect(scene.calls.length).to.be.below(8)
  })
})
