/** Usage as a DSO of the shipped second dialect gets it, in its own words and operation; what the dialect cannot say is 501. */
import { expect } from 'chai'
import { type Shape, startSoapService } from '../../peers/soap-service.ts'
import { openDsoScene } from '../../support/dso-scene.ts'
import { at, cable, closeLater, closeScenes, messageOf, span } from '../../support/scene.ts'

const usageShape: Shape = {
  'StationId!': null,
  'Usage!*': {
    ScheduleId: null,
    'StartDateTime!': null,
    'EndDateTime!': null,
    'MeterStart!': null,
    'MeterEnd!': null,
    'MeterUnit!': null,
    ChargePoints: { 'ChargePoint*': null },
  },
}

const operation = (name: string, input: Shape) => {
  const soapAction = `urn:oscp-gateway:schedule-1.0/${name}`
  return { request: `${name}Request`, response: `${name}Response`, input, soapAction, action: undefined }
}

describe('A DSO of another dialect', () => {
  afterEach(closeScenes)

  it('is told usage as two readings of a meter, and asked nothing that it has no words for', async () => {
    const dso = closeLater(
      await startSoapService(
        {
          namespace: 'urn:oscp-gateway:schedule-1.0',
          operations: {
            AggregatedUsage: operation('AggregatedUsage', usageShape),
            Heartbeat: operation('Heartbeat', {}),
          },
        },
        (call) =>
          call.operation === 'Heartbeat' ? { CurrentDateTime: new Date().toISOString() } : { Result: 'Accepted' },
      ),
    )
    const scene = await openDsoScene('memory', { hosts: false, dso: { contract: 'schedule-1.0', url: dso.url } })
    const measured = (value: number, from: string, to: string) => ({
      group_id: 'hub',
      measurements: [
        { value, phase: 'ALL', unit: 'KWH', direction: 'IMPORT', initial_measure_time: at(from), measure_time: at(to) },
      ],
    })
    expect((await scene.say('update_group_measurements', measured(2, '00:00', '00:15'))).status).to.equal(204)
    expect((await scene.say('update_group_measurements', measured(1.5, '00:15', '00:30'))).status).to.equal(204)
    await dso.waitFor('AggregatedUsage', 2)
    const told = dso.calls('AggregatedUsage').map(({ value, wrong }) => {
      const { MeterStart, MeterEnd, MeterUnit } = value.Usage![0]!
      return [wrong, value.StationId, MeterUnit, Number(MeterEnd) - Number(MeterStart), MeterStart]
    })
    expect(told).to.deep.equal([
      [undefined, '007', 'kWh', 2, '0'],
      [undefined, '007', 'kWh', 1.5, '2'],
    ])
    const wish = messageOf(cable('', span('06:00', '07:00', 1)), 'hub')
    expect((await scene.say('adjust_group_capacity_forecast', wish)).status).to.equal(501)
    expect(dso.received.filter(({ operation }) => operation === undefined)).to.deep.equal([])
  })
})
