/** The second dialect, spoken: a SOAP client made from its WSDL, the gateway, and a JSON CPO, over real sockets. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect } from 'chai'
import { createClientAsync } from 'soap'
import { shippedCrossings } from '../../src/app.ts'
import { fieldPaths } from '../../src/contract/model.ts'
import { readWsdl } from '../../src/contract/wsdl.ts'
import type { CompiledMessage, Part, Value } from '../../src/mapping/compile.ts'
import { Refusal } from '../../src/mapping/run.ts'
import { context } from '../support/context.ts'
import { openGateway, tomorrow } from '../support/linked-gateway.ts'

const at = (hour: number, minute = 0) => tomorrow(hour, minute).toISOString()

describe('The quarter-hour schedule', () => {
  describe('over real sockets', () => {
    let world: Awaited<ReturnType<typeof openGateway>>
    let client: Awaited<ReturnType<typeof createClientAsync>>
    before(async () => {
      world = await openGateway('schedule-1.0', { 'STATION 007': 'FEEDER-1' })
      client = await createClientAsync(`${world.url}?wsdl`, { disableCache: true })
    })
    after(() => world.stop())

    it('carries a schedule whose periods have units of their own to the CPO, and answers Accepted', async () => {
      const [answer] = await client.CableCapacityForecastAsync({
        ScheduleId: '0042',
        StationId: 'STATION 007',
        Period: [
          { StartDateTime: at(10), EndDateTime: at(10, 15), Limit: '180.50', ChargingRateUnit: 'kW' },
          { StartDateTime: at(10, 15), EndDateTime: at(10, 30), Limit: '250', ChargingRateUnit: 'A' },
        ],
      })
      expect(answer).to.deep.equal({ Result: 'Accepted' })
      const [request] = world.cpo.received
      const block = (start: string, end: string, capacity: number, unit: string, phase: string) => ({
        capacity,
        phase,
        unit,
        start_time: start,
        end_time: end,
      })
      expect(request?.body).to.deep.equal({
        group_id: 'FEEDER-1',
        type: 'CONSUMPTION',
        forecasted_blocks: [
          block(at(10), at(10, 15), 180.5, 'KW', 'ALL'),
          ...['ONE', 'TWO', 'THREE'].map((phase) => block(at(10, 15), at(10, 30), 250, 'A', phase)),
        ],
      })
      const [receipt] = world.exchanges.at(-1)!.receipts
      expect(receipt!.entries.map((e) => `${e.verb} ${e.path}`)).to.include('kept ScheduleId')
    })

    it('answers Rejected, and nothing more, when the CPO refuses or the station is not linked', async () => {
      const request = (station: string) => ({
        StationId: station,
        Period: [{ StartDateTime: at(11), EndDateTime: at(11, 15), Limit: '1', ChargingRateUnit: 'kW' }],
      })
      world.cpo.behave({ status: 409 })
      expect((await client.CableCapacityForecastAsync(request('STATION 007')))[0]).to.deep.equal({ Result: 'Rejected' })
      world.cpo.behave()
      expect((await client.CableCapacityForecastAsync(request('STATION 8')))[0]).to.deep.equal({ Result: 'Rejected' })
    })

    it('answers a heartbeat with the time', async () => {
      const [answer] = await client.HeartbeatAsync({})
      expect(Math.abs(+new Date(answer.CurrentDateTime) - Date.now())).to.be.below(5000)
    })

    it('refuses a schedule number that is none, an operation it does not have, and SOAP 1.2', async () => {
      const uri = 'urn:oscp-gateway:schedule-1.0'
      const send = async (body: string, soap12 = false) => {
        const ns = soap12 ? 'http://www.w3.org/2003/05/soap-envelope' : 'http://schemas.xmlsoap.org/soap/envelope/'
        const response = await fetch(world.url, {
          method: 'POST',
          headers: { 'Content-Type': soap12 ? 'application/soap+xml' : 'text/xml' },
          body: `<s:Envelope xmlns:s="${ns}"><s:Body>${body}</s:Body></s:Envelope>`,
        })
        return response.text()
      }
      const bad = await send(
        `<CableCapacityForecastRequest xmlns="${uri}"><ScheduleId>7a</ScheduleId><StationId>S</StationId></CableCapacityForecastRequest>`,
      )
      expect(bad).to.include('path="ScheduleId">must be a whole number').and.include('path="Period"')
      expect(await send(`<GetCapacityForecastRequest xmlns="${uri}"/>`)).to.include('NotSupported')
      const newer = await send(`<HeartbeatRequest xmlns="${uri}"/>`, true)
      expect(newer).to.include('soap:VersionMismatch').and.include('http://schemas.xmlsoap.org/soap/envelope/')
    })
  })

  describe('as a mapping', () => {
    let messages: ReadonlyMap<string, CompiledMessage>
    before(async () => {
      const crossing = (await shippedCrossings()).find((c) => c.id === 'schedule-1.0--oscp-2.0')!
      messages = new Map(crossing.messages.map((m) => [m.module.name, m]))
    })
    const only = (parts: Part[]) => {
      const [part] = parts
      if (part && 'value' in part) return part
      throw part && 'refusal' in part ? part.refusal : new Error('held')
    }
    const block = (more: Value = {}) => ({
      ...{ capacity: 10, phase: 'ALL', unit: 'KW', start_time: at(1), end_time: at(2) },
      ...more,
    })
    const down = (blocks: Value[], kept?: Value, changes = {}) =>
      only(
        messages
          .get('cable-capacity-forecast')!
          .toLegacy.translate(
            { group_id: 'G1', type: 'CONSUMPTION', forecasted_blocks: blocks },
            context(changes),
            kept,
          ),
      ).value as { ScheduleId: string; StationId: string; Period: Value[] }

    it('gives back the number of a schedule as it was written', () => {
      const up = only(
        messages.get('cable-capacity-forecast')!.toModern.translate(
          {
            ScheduleId: '0042',
            StationId: 'C1',
            Period: [{ StartDateTime: at(1), EndDateTime: at(2), Limit: '10', ChargingRateUnit: 'kW' }],
          },
          context(),
        ),
      )
      expect(up.kept).to.deep.equal({ forecastId: '0042' })
      expect(down([block()], up.kept).ScheduleId).to.equal('0042')
    })

    it('numbers a schedule whose name is no number, always by the same number', () => {
      const [first, again, other] = ['a1b2', 'a1b2', 'c3'].map(
        (name) => down([block()], { forecastId: name }).ScheduleId,
      )
      expect(first).to.match(/^[1-9]\d{0,14}$/)
      expect(again).to.equal(first)
      expect(other).not.to.equal(first)
      expect(down([block()]).ScheduleId).to.equal(undefined)
    })

    it('states every block in its own unit, energy as mean power, and one unit only where blocks overlap', () => {
      const own = down(
        [block({ unit: 'A', capacity: 16 }), block({ start_time: at(2), end_time: at(4), unit: 'WH' })],
        undefined,
        {
          ampereAllMeans: 'each',
        },
      )
      expect(own.Period.map((p) => `${p.Limit} ${p.ChargingRateUnit}`)).to.deep.equal(['16 A', '5 W'])
      const mixed = down([block({ capacity: 1 }), block({ unit: 'W', capacity: 900 })])
      expect(mixed.Period.map((p) => `${p.Limit} ${p.ChargingRateUnit}`)).to.deep.equal(['0.9 kW'])
    })

    const usage = (...readings: [string, string][]) => ({
      StationId: 'C1',
      Usage: readings.map(([MeterStart, MeterEnd], i) => ({
        ScheduleId: '1',
        StartDateTime: at(i),
        EndDateTime: at(i + 1),
        MeterStart,
        MeterEnd,
        MeterUnit: 'kWh',
        ChargePoints: { ChargePoint: ['CP1', 'CP2'] },
      })),
    })

    it('takes the difference of two readings for the energy, exactly', () => {
      const { value, receipt } = only(
        messages.get('aggregated-usage')!.toModern.translate(usage(['0.1', '0.3']), context()),
      )
      expect((value.measurements as Value[])[0]).to.include({
        value: 0.2,
        unit: 'KWH',
        direction: 'IMPORT',
        phase: 'ALL',
      })
      expect(receipt.entries.find((e) => e.path.includes('ChargePoints'))).to.include({ verb: 'dropped', count: 1 })
    })

    it('takes the readings themselves where the capacity provider wants those', () => {
      const part = only(
        messages
          .get('aggregated-usage')!
          .toModern.translate(usage(['5', '7'], ['7', '7.5']), context({ measurements: 'CONTINUOUS' })),
      )
      expect((part.value.measurements as Value[]).map((m) => m.value)).to.deep.equal([5, 7, 7.5])
    })

    it('refuses a meter that runs backwards, by its path', () => {
      const [part] = messages.get('aggregated-usage')!.toModern.translate(usage(['1', '2'], ['2', '1']), context())
      const refusal = part && 'refusal' in part ? part.refusal : expect.fail('should be refused')
      expect(refusal).to.be.instanceOf(Refusal)
      expect(refusal.path).to.equal('Usage[1].MeterEnd')
    })

    it('keeps a running total, so that readings go on from one message to the next', () => {
      const measured = (hour: number, value: number) => ({
        group_id: 'G1',
        measurements: [
          {
            ...{ value, phase: 'ALL', unit: 'KWH', direction: 'IMPORT' },
            ...{ initial_measure_time: at(hour), measure_time: at(hour + 1) },
          },
        ],
      })
      const send = (value: Value, meters: object = {}) =>
        only(
          messages.get('aggregated-usage')!.toLegacy.translate(value, context({ meters, forecastId: '9' } as object)),
        )
      const first = send(measured(1, 0.1))
      const second = send(measured(2, 0.2), first.kept.meters as object)
      const readings = [first, second].map(({ value }) => (value.Usage as Value[])[0]!)
      expect(readings.map((r) => [r.MeterStart, r.MeterEnd, r.ScheduleId])).to.deep.equal([
        ['0', '0.1', '9'],
        ['0.1', '0.3', '9'],
      ])
      const again = send(measured(2, 0.25), second.kept.meters as object)
      expect((again.value.Usage as Value[])[0]).to.include({ MeterStart: '0.1', MeterEnd: '0.35' })
    })

    it('holds a message of which nothing is left to say', () => {
      const register = {
        group_id: 'G1',
        measurements: [{ value: 5, phase: 'ALL', unit: 'KWH', direction: 'IMPORT', measure_time: at(1) }],
      }
      const [part] = messages.get('aggregated-usage')!.toLegacy.translate(register, context())
      expect(part).to.have.property('held')
    })
  })

  it('is described by SOAP 1.1 ports in one namespace, and says that it is the project’s own', () => {
    const folder = resolve(import.meta.dirname, '../../wsdl/schedule-1.0')
    const services = [
      ...readWsdl(`${folder}/ScheduleCspService.wsdl`, 'csp'),
      ...readWsdl(`${folder}/ScheduleDsoService.wsdl`, 'dso'),
    ]
    expect(new Set(services.map((s) => s.uri))).to.deep.equal(new Set(['urn:oscp-gateway:schedule-1.0']))
    for (const service of services) {
      expect(readFileSync(service.file, 'utf8')).to.match(/not the Open Charge Alliance's WSDL nor any vendor's/)
      expect(service.soapVersions).to.deep.equal(['1.1'])
      for (const { input, output, headers } of service.operations) {
        expect(headers).to.deep.equal([])
        for (const { path } of [...fieldPaths(input.type), ...fieldPaths(output.type)]) expect(path).to.match(/^[A-Z]/)
      }
    }
  })
})
