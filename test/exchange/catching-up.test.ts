/** Desired state: what a CPO that was away gets when it is back, and what it never gets (design/architecture.md 5). */
import { expect } from 'chai'
import type { CableForecast } from '../peers/dso.ts'
import { eventually } from '../support/gateway.ts'
import { bodies, cable, closeScenes, limits, messageOf, openScene, requestId, span, states } from '../support/scene.ts'

const minute = 60_000
/** The agenda then does nothing within a test. */
const noRetry = { delivery: { firstRetry: '1h', longestRetry: '1h' } }

/** Numbers in [0, 1), the same in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

/** What holds at an instant after all of these, by the rule and not by the code: of those that cover it, the last. */
function limitAfter(forecasts: readonly CableForecast[], instant: number): number | undefined {
  const covering = forecasts.flatMap(({ blocks }) =>
    blocks.filter((b) => Date.parse(b.startTime) <= instant && instant < Date.parse(b.endTime)),
  )
  return covering.length === 0 ? undefined : Number(covering.at(-1)!.capacity)
}

/** Part of the coming day, of disjoint blocks off and on the quarter-hour grid. */
function partOfDay(random: () => number): CableForecast {
  const day = Date.parse('2026-03-03T00:00:00Z')
  const blocks: CableForecast['blocks'] = []
  let from = day + Math.floor(random() * 80) * 15 * minute
  for (let i = 0; i < 1 + random() * 4; i++) {
    const to = from + (1 + Math.floor(random() * 120)) * minute
    blocks.push(span(new Date(from).toISOString(), new Date(to).toISOString(), Math.round(random() * 2e5) / 1000))
    from = to + (random() < 0.3 ? 20 * minute : 0)
  }
  return cable('c1', ...blocks)
}

for (const state of states)
  describe(`A CPO that was away, on ${state} state,`, () => {
    afterEach(closeScenes)

    it('for hours, while a thousand newer and partial forecasts came, gets one message with all that holds now', async () => {
      const { cpo, dso, clock } = await openScene(state)
      const random = seeded(20260302)
      const known = cable('c1', span('00:00', '24:00', 150))
      await dso.sendForecast([known])
      await cpo.stop()
      const missed = Array.from({ length: 1000 }, () => partOfDay(random))
      for (let i = 0; i < missed.length; i += 50) {
        expect((await dso.sendForecast(missed.slice(i, i + 50))).status).to.equal('Accepted')
        clock.advance(6)
      }
      await cpo.restart()
      await cpo.waitFor(2)

      // That nothing else is owed shows when the next forecast passes with its own blocks.
      const next = cable('c1', span('12:00', '12:15', 1))
      await dso.sendForecast([next])
      expect(cpo.received).to.have.length(3)
      expect(cpo.received[2]!.body).to.deep.equal(messageOf(next))

      cpo.received.splice(2)
      const { forecasted_blocks: blocks } = cpo.received[1]!.body as ReturnType<typeof messageOf>
      const [from, to] = [clock(), Date.parse('2026-03-04T03:00:00Z')]
      for (let instant = from; instant <= to; instant += minute)
        for (const moment of [instant, instant + minute - 1]) {
          const holding = blocks.filter((b) => Date.parse(b.start_time) <= moment && moment < Date.parse(b.end_time))
          const expected = limitAfter([known, ...missed], moment)
          const label = new Date(moment).toISOString()
          expect(
            holding.map(({ capacity }) => capacity),
            label,
          ).to.deep.equal(expected === undefined ? [] : [expected])
        }
    }).timeout(120_000)

    it('gets the same message under the same id until it takes it; a newer version has a new one', async () => {
      const { cpo, dso } = await openScene(state)
      cpo.behave({ status: 503 })
      const older = cable('c1', span('06:00', '08:00', 10))
      const newer = cable('c1', span('07:00', '09:00', 20))
      await dso.sendForecast([older])
      await cpo.waitFor(3)
      await dso.sendForecast([newer])
      const firstOfNewer = cpo.received.length
      await cpo.waitFor(firstOfNewer + 2)
      cpo.behave()
      await eventually('the CPO has it', () => limits(cpo, 'c1', '08:30')[0] === 20)

      const ids = cpo.received.map(requestId)
      const changes = ids.filter((id, i) => i > 0 && id !== ids[i - 1])
      expect(changes, 'one new id, and the old one never again').to.have.length(1)
      expect(new Set(cpo.received.map(({ rawBody }) => rawBody)).size).to.equal(2)
      expect(cpo.received[0]!.body).to.deep.equal(messageOf(older))
      const both = cable('c1', span('06:00', '07:00', 10), span('07:00', '09:00', 20))
      expect(cpo.received.at(-1)!.body).to.deep.equal(messageOf(both))
    })

    it('never gets a schedule whose last block has ended: that is an alarm', async () => {
      const { cpo, dso, clock, gateway } = await openScene(state)
      await cpo.stop()
      const short = cable('c1', span('2026-03-02T22:00:00Z', '2026-03-02T22:30:00Z', 5))
      expect((await dso.sendForecast([short])).status).to.equal('Accepted')
      clock.advance(31)
      await eventually('the alarm', () => gateway.observed.alarms.length > 1)
      const about = { alarm: 'expired undelivered', peer: 'cpo', link: 'link', group: 'c1' }
      expect(gateway.observed.alarms).to.deep.equal([{ ...about, alarm: 'peer unavailable' }, about])
      expect(gateway.observed.attempts.at(-1)).to.include({ outcome: 'expired', retryInMs: undefined })

      await cpo.restart()
      const next = cable('c1', span('06:00', '07:00', 7))
      await dso.sendForecast([next])
      expect(bodies(cpo.received)).to.deep.equal([messageOf(next)])
    })

    it('gets what is left when a newer version is made after some blocks have ended', async () => {
      const { cpo, dso, clock } = await openScene(state)
      await cpo.stop()
      const [first, second] = ['2026-03-02T22:00:00Z', '2026-03-02T23:00:00Z']
      await dso.sendForecast([cable('c1', span(first, second, 5), span(second, '06:00', 6))])
      clock.advance(90)
      await dso.sendForecast([cable('c1', span('05:00', '07:00', 7))])
      await cpo.restart()
      await cpo.waitFor(1)
      expect(limits(cpo, 'c1', '2026-03-02T22:30:00Z', '04:59', '05:00', '06:59', '07:00')).to.deep.equal([
        undefined,
        6,
        7,
        7,
        undefined,
      ])
    })

    it('gets nothing of a message whose every block has ended, which is Accepted with a remark', async () => {
      const { cpo, dso, gateway } = await openScene(state)
      const past = cable('c1', span('2026-03-02T21:00:00Z', '2026-03-02T22:00:00Z', 5))
      const answer = await dso.sendForecast([past])
      expect(answer).to.deep.include({ status: 'Accepted', rejectedCableId: [] })
      expect(answer.info).to.equal('c1: every block has ended; nothing was sent')
      expect(gateway.observed.alarms).to.deep.equal([])
      const next = cable('c1', span('06:00', '07:00', 7))
      expect(await dso.sendForecast([next])).not.to.have.property('info')
      expect(bodies(cpo.received)).to.deep.equal([messageOf(next)])
    })

    it('does not get the blocks it once refused', async () => {
      const { cpo, dso } = await openScene(state)
      await dso.sendForecast([cable('c1', span('00:00', '12:00', 100))])
      cpo.behave({ status: 422 })
      expect((await dso.sendForecast([cable('c1', span('06:00', '18:00', 1))])).status).to.equal('Rejected')
      cpo.behave()
      await cpo.stop()
      await dso.sendForecast([cable('c1', span('08:00', '09:00', 30))])
      await dso.sendForecast([cable('c1', span('20:00', '21:00', 40))])
      await cpo.restart()
      await cpo.waitFor(3)
      const whole = cable(
        'c1',
        span('00:00', '08:00', 100),
        span('08:00', '09:00', 30),
        span('09:00', '12:00', 100),
        span('20:00', '21:00', 40),
      )
      expect(cpo.received[2]!.body).to.deep.equal(messageOf(whole))
    })

    it('does not get the blocks it refuses while a newer forecast is waiting', async () => {
      const { cpo, dso, connect } = await openScene(state)
      await dso.sendForecast([cable('c1', span('00:00', '12:00', 100))])
      cpo.behave((_, nth) => (nth === 1 ? { status: 422, delayMs: 200 } : undefined))
      const other = await connect()
      const refused = dso.sendForecast([cable('c1', span('06:00', '18:00', 1))])
      await cpo.waitFor(2)
      const waiting = other.sendForecast([cable('c1', span('08:00', '09:00', 30))])
      expect((await refused).status).to.equal('Rejected')
      expect((await waiting).status).to.equal('Accepted')
      expect(limits(cpo, 'c1', '07:30', '08:30', '09:30', '15:00')).to.deep.equal([100, 30, 100, undefined])
    })

    it('raises an alarm by refusing what an earlier sender was told Accepted', async () => {
      const { cpo, dso, gateway } = await openScene(state, noRetry)
      await cpo.stop()
      expect((await dso.sendForecast([cable('c1', span('06:00', '07:00', 10))])).status).to.equal('Accepted')
      await cpo.restart()
      cpo.behave({ status: 422 })
      expect((await dso.sendForecast([cable('c1', span('08:00', '09:00', 20))])).status).to.equal('Rejected')
      expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.deep.equal([
        'peer unavailable',
        'refused after acceptance',
      ])
    })

    it('raises an alarm by being away until what an earlier sender was told Accepted has ended', async () => {
      const { cpo, dso, clock, gateway } = await openScene(state, noRetry)
      await cpo.stop()
      const ended = span('2026-03-02T22:00:00Z', '2026-03-02T22:30:00Z', 5)
      expect((await dso.sendForecast([cable('c1', ended)])).status).to.equal('Accepted')
      clock.advance(31)
      expect((await dso.sendForecast([cable('c1', ended)])).info).to.include('every block has ended')
      // In the time that has passed on the clock the DSO has been silent, too.
      const alarms = gateway.observed.alarms
        .map(({ alarm }) => alarm)
        .filter((alarm) => alarm !== 'legacy party silent')
      expect(alarms).to.deep.equal(['peer unavailable', 'expired undelivered'])
    })
  })
