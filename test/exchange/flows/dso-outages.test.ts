/** What flexibility providers say while the state, a gateway or the DSO is away: refused at once, or told in the end. */
import { expect } from 'chai'
import { openDsoScene, say } from '../../support/dso-scene.ts'
import { eventually } from '../../support/gateway.ts'
import { startRedis } from '../../support/redis.ts'
import { at, cable, closeLater, closeScenes, messageOf, requestId, span } from '../../support/scene.ts'

const usage = (value: number) => ({
  group_id: 'hub',
  measurements: [
    {
      value,
      phase: 'ALL',
      unit: 'KWH',
      direction: 'IMPORT',
      initial_measure_time: at(`0${value}:00`),
      measure_time: at(`0${value + 1}:00`),
    },
  ],
})
const messages = {
  update_group_measurements: usage(1),
  adjust_group_capacity_forecast: messageOf(cable('', span('06:00', '07:00', 9)), 'hub'),
  group_capacity_compliance_error: { message: 'too little' },
}
const energies = (calls: readonly { value: { aggregatedUsage?: unknown } }[]) =>
  calls.map(({ value }) => Number((value.aggregatedUsage as { block: { energy: string }[] }[])[0]!.block[0]!.energy))

describe('What a flexibility provider says', () => {
  afterEach(closeScenes)

  it('is 503 while it cannot be kept, is not told to the DSO, and is taken when the state is back', async () => {
    const { dso, gateway, say: tell, redis, caller } = await openDsoScene('Redis')
    await caller.sendForecast([cable('007', span('00:00', '12:00', 5))])
    await redis!.stop()
    for (const [path, body] of Object.entries(messages)) expect((await tell(path, body)).status, path).to.equal(503)
    closeLater(await startRedis({ port: redis!.port }))
    await eventually('the gateway is ready', async () => (await fetch(`${gateway.adminUrl}/readyz`)).ok, 10_000)
    expect(dso.received.filter(({ operation }) => /Adjusted|Usage/.test(operation!))).to.deep.equal([])
    for (const [path, body] of Object.entries(messages)) expect((await tell(path, body)).status, path).to.equal(204)
    await dso.waitFor('UpdateAggregatedUsage')
    await dso.waitFor('RequestAdjustedCapacity')
    expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.include('forecast cannot be met')
  })

  it('is told once and in order though the gateway is replaced while the DSO is away', async () => {
    const scene = await openDsoScene('Redis')
    await scene.dso.stop()
    for (let i = 1; i <= 3; i++) expect((await scene.say('update_group_measurements', usage(i))).status).to.equal(204)
    await scene.restartGateway()
    expect((await scene.say('update_group_measurements', usage(4))).status).to.equal(204)
    await scene.dso.restart()
    await scene.dso.waitFor('UpdateAggregatedUsage', 4, 15_000)
    expect(energies(scene.dso.calls('UpdateAggregatedUsage'))).to.deep.equal([1, 2, 3, 4])
  })

  it('to either of two gateways with one state is told once, and a wish of one is answered through the other', async () => {
    const scene = await openDsoScene('Redis')
    const other = await scene.replica()
    const paths = [scene.gateway, other, scene.gateway, other]
    for (const [i, gateway] of paths.entries())
      expect((await say(gateway, 'update_group_measurements', usage(i + 1))).status).to.equal(204)
    const wish = await say(other, 'adjust_group_capacity_forecast', messages.adjust_group_capacity_forecast)
    await scene.dso.waitFor('RequestAdjustedCapacity')
    await scene.caller.sendForecast([cable('007', span('06:00', '07:00', 9))])
    const answers = scene.cpo.received.filter(({ headers }) => headers['x-correlation-id'] === wish.request)
    expect(answers).to.have.length(1)
    expect(energies(scene.dso.calls('UpdateAggregatedUsage'))).to.deep.equal([1, 2, 3, 4])
    const about = requestId(answers[0]!)
    await say(other, 'group_capacity_compliance_error', { message: 'no' }, { correlation: about })
    expect(other.observed.alarms.map(({ alarm, group }) => [alarm, group])).to.deep.include([
      'forecast cannot be met',
      'hub',
    ])
  })
})
