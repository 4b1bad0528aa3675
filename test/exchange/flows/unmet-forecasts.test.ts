/** A flexibility provider says that it cannot meet a forecast: which one it is, who is told, and what is kept of it. */
import { expect } from 'chai'
import { type ComplianceError, complianceFlow } from '../../../src/exchange/flows/unmet-forecasts.ts'
import type { ExchangeId, LinkId, PeerId, RequestId } from '../../../src/exchange/ids.ts'
import type { Link } from '../../../src/exchange/peers.ts'
import { Links } from '../../../src/exchange/peers.ts'
import { MemoryLedger } from '../../../src/state/memory/ledger.ts'
import { type DsoScene, openDsoScene } from '../../support/dso-scene.ts'
import { cable, closeScenes, messageOf, requestId, span, states } from '../../support/scene.ts'

const path = 'group_capacity_compliance_error'
const forecasts = [cable('007', span('06:00', '12:00', 100)), cable('008', span('06:00', '12:00', 40))]
const unmet = ({ gateway }: DsoScene) =>
  gateway.observed.alarms.filter(({ alarm }) => alarm === 'forecast cannot be met').map(({ group }) => group)

for (const state of states)
  describe(`A compliance error on ${state} state`, () => {
    afterEach(closeScenes)

    it('belongs to the forecast whose message it names, even after a newer one', async () => {
      const scene = await openDsoScene(state)
      await scene.caller.sendForecast(forecasts)
      await scene.caller.sendForecast([cable('008', span('07:00', '08:00', 30))])
      const about = scene.cpo.received.find(({ body }) => (body as { group_id: string }).group_id === 'depot')!
      const said = await scene.say(path, { message: 'too little' }, { correlation: requestId(about) })
      expect(said.status).to.equal(204)
      expect(unmet(scene)).to.deep.equal(['depot'])
      expect(scene.dso.calls('RequestAdjustedCapacity')).to.deep.equal([])
    })

    it('without a message that it names belongs to the one forecast that says its blocks', async () => {
      const scene = await openDsoScene(state)
      await scene.caller.sendForecast(forecasts)
      const { forecasted_blocks } = messageOf(cable('', span('08:00', '09:00', 40)))
      expect((await scene.say(path, { message: 'too little', forecasted_blocks })).status).to.equal(204)
      expect((await scene.say(path, { message: 'x', forecasted_blocks }, { correlation: 'lost' })).status).to.equal(204)
      expect(unmet(scene)).to.deep.equal(['depot', 'depot'])
    })

    it('that fits none, or several, is kept for the party as a whole', async () => {
      const scene = await openDsoScene(state)
      await scene.caller.sendForecast([forecasts[0]!, cable('008', span('06:00', '12:00', 100))])
      const { forecasted_blocks } = messageOf(cable('', span('08:00', '09:00', 100)))
      for (const body of [{ message: 'x' }, { message: 'y', forecasted_blocks }])
        expect((await scene.say(path, body)).status).to.equal(204)
      expect(unmet(scene)).to.deep.equal([undefined, undefined])
    })

    it('that names a message nobody sent is 404 from a party that is held to the letter', async () => {
      const scene = await openDsoScene(state, { cpo: { profile: { strict: true } } })
      await scene.caller.sendForecast(forecasts)
      expect(await scene.say(path, { message: 'x' }, { correlation: 'nobody' })).to.deep.include({
        status: 404,
        message: 'X-Correlation-ID names no forecast that was sent',
      })
      expect((await scene.say(path, { message: 'x' })).status).to.equal(204)
      expect(unmet(scene)).to.deep.equal([undefined])
    })

    it('said again is news to nobody', async () => {
      const scene = await openDsoScene(state)
      await scene.caller.sendForecast([forecasts[0]!])
      const correlation = requestId(scene.cpo.received[0]!)
      for (const message of ['too little', 'too little', 'far too little'])
        expect((await scene.say(path, { message }, { correlation })).status).to.equal(204)
      expect(unmet(scene)).to.deep.equal(['hub', 'hub'])
    })
  })

describe('What is kept of compliance errors', () => {
  const peer = 'cpo' as PeerId
  const link = { id: 'link' as LinkId, modern: { id: peer, role: 'fp' } } as unknown as Link

  it('is what the operator needs to see, of the last hundred, for a month', async () => {
    let clock = Date.parse('2026-03-02T22:00:00Z')
    const ledger = new MemoryLedger(() => clock)
    const observer = { exchanged: () => {}, attempted: () => {}, alarm: () => {} }
    const flow = complianceFlow({ links: new Links([link]), ledger, observer, strict: () => false, now: () => clock })
    const { forecasted_blocks } = messageOf(cable('', span('08:00', '09:00', 40)))
    for (let i = 0; i < 102; i++) {
      const ids = { exchange: `e${i}` as ExchangeId, request: `r${i}` as RequestId, correlation: undefined }
      const value = { message: `no ${i}`, forecasted_blocks }
      await flow({ ...ids, peer, face: 'cp', message: 'GroupCapacityComplianceError', value }, link, [])
    }
    const kept = (await ledger.read<ComplianceError[]>({ peer, id: 'compliance/link' }))!.record
    expect(kept.map(({ message }) => message)).to.deep.equal(Array.from({ length: 100 }, (_, i) => `no ${i + 2}`))
    expect(kept.at(-1)).to.deep.include({ link: 'link', by: 'nothing', exchange: 'e101', at: clock })
    expect(kept.at(-1)!.blocks).to.have.length(1)
    clock += 31 * 24 * 3600_000
    expect(await ledger.list(peer, 'compliance/')).to.deep.equal([])
  })
})
