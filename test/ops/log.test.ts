/** One line of JSON per exchange and per attempt to deliver, with what an operator looks for, and nothing of what was said. */
import { expect } from 'chai'
import { cable, closeScenes, openScene, span } from '../support/scene.ts'

describe('The log', () => {
  afterEach(closeScenes)

  it('has a line per exchange and one per delivery, which share the exchange id and name the mapping that ran', async () => {
    const { dso, gateway } = await openScene('memory')
    await dso.sendForecast([
      { ...cable('c1', span('06:00', '07:00', '96.4725')), forecastId: 'Forecast-4711' },
      cable('c2', span('06:00', '07:00', '11')),
    ])
    const lines = gateway.logged.map((line) => JSON.parse(line) as Record<string, unknown>)
    const exchange = lines.find(({ msg }) => msg === 'exchange')!
    expect(exchange).to.deep.include({
      level: 'info',
      peer: 'dso',
      link: 'link',
      operation: 'UpdateCableCapacityForecast',
      direction: 'toModern',
      outcome: 'accepted',
    })
    expect(exchange.exchange_id).to.match(/^[0-9a-f-]{36}$/)
    expect(exchange.duration_ms).to.be.a('number')
    expect(exchange.mapping).to.match(/^[0-9a-f]{16}$/)
    expect(exchange.receipt).to.deep.include({ fidelity: 'exact', kept: 1 })
    const deliveries = lines.filter(({ msg }) => msg === 'delivery')
    expect(deliveries).to.have.length(2)
    for (const line of deliveries)
      expect(line).to.deep.include({
        exchange_ids: [exchange.exchange_id],
        peer: 'cpo',
        operation: 'UpdateGroupCapacityForecast',
        outcome: 'accepted',
        attempt: 1,
        mapping: exchange.mapping,
      })
    expect(gateway.logged.join('')).not.to.match(/96\.47|Forecast-4711|"11"/)
  })

  it('says why at the level of the error, and cuts what a partner chose', async () => {
    const { dso, gateway } = await openScene('memory', { dso: { operations: ['Heartbeat'] } })
    await dso.sendForecast([cable('c1', span('06:00', '07:00', 11))]).catch(() => undefined)
    const line = JSON.parse(gateway.logged.find((one) => one.includes('operation-forbidden'))!) as object
    expect(line).to.deep.include({ level: 'warn', peer: 'dso', outcome: 'operation-forbidden', msg: 'exchange' })
    expect(line).to.have.property('error').that.is.a('string')
  })
})
