/**
 * CPU per message of what happens between bytes and bytes, in turns within one process, as JSON: `up` SOAP → JSON of 96 and of
 * 960 blocks, `down` JSON → SOAP of 96, and what the npm package `soap` takes only to build that SOAP. Arguments: files with the
 * two envelopes and with the OSCP 2.0 forecast.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createClientAsync } from 'soap'
import { contextOf } from '../../../dist/src/exchange/peers.js'
import { readMessage } from '../../../dist/src/rest/reading.js'
import { compileEncoder } from '../../../dist/src/soap/encode.js'
import { compileService, readEnvelope, writeEnvelope } from '../../../dist/src/soap/envelope.js'
import { benchLink } from './link.mjs'

const [day, tenDays, modern] = process.argv.slice(2).map((file) => readFileSync(file))
const dso = await benchLink('dso')
const csp = await benchLink('csp')
const hostedByCsp = (link) => link.crossing.legacy.services.find(({ host }) => host === 'csp')
const operation = hostedByCsp(csp).operations.find(({ name }) => name === 'UpdateCableCapacityForecast')
const reader = compileService(hostedByCsp(dso))
const reading = { understands: () => false, onAddressing: () => undefined }
const encode = compileEncoder(operation.input)

const up = (bytes) => {
  const { value } = readEnvelope(bytes.toString(), '1.1', reader, reading)
  const [part] = dso.crossing.byLegacy
    .get(operation.name)
    .toModern.translate(value, contextOf(dso, Date.now(), 180_000))
  return Buffer.from(dso.crossing.modern.json.print('UpdateGroupCapacityForecast', part.value)).length
}
const down = () => {
  const now = Date.now()
  const rules = { strict: false }
  const value = readMessage(
    csp.crossing.modern.json ?? csp.crossing.modern,
    'UpdateGroupCapacityForecast',
    modern.toString(),
    rules,
    { now, mostItems: 10_000 },
  )
  const [part] = csp.crossing.byModern
    .get('UpdateGroupCapacityForecast')
    .toLegacy.translate(value, contextOf(csp, now, 180_000))
  return Buffer.from(writeEnvelope('1.1', encode(part.value))).length
}

const { wsdl } = await createClientAsync(
  fileURLToPath(new URL('../../../wsdl/oscp-1.0/CspService.wsdl', import.meta.url)),
)
const { group_id, forecasted_blocks } = JSON.parse(modern)
const block = forecasted_blocks.map(({ start_time, end_time, capacity }) => ({
  startTime: start_time,
  endTime: end_time,
  capacity,
}))
const message = { cableCapacityForecast: [{ cableId: group_id, capacityUnit: 'kW', block }] }
const { input } = wsdl.definitions.portTypes[Object.keys(wsdl.definitions.portTypes)[0]].methods[operation.name]
const builder = () => {
  const xml = wsdl.objectToDocumentXML(input.$name, message, input.targetNSAlias, input.targetNamespace, input.$type)
  return Buffer.from(xml).length
}

const works = { up: () => up(day), upTenDays: () => up(tenDays), down, builder }
const leastLength = { up: 10_000, upTenDays: 100_000, down: 10_000, builder: 10_000 }
const times = { up: 300, upTenDays: 30, down: 300, builder: 60 }
const rounds = Array.from({ length: 8 }, () =>
  Object.fromEntries(
    Object.entries(works).map(([name, work]) => {
      const before = process.cpuUsage()
      for (let i = 0; i < times[name]; i++)
        if (work() < leastLength[name]) throw new Error(`${name} makes less than it must`)
      const { user, system } = process.cpuUsage(before)
      return [name, (user + system) / times[name]]
    }),
  ),
)
console.log(JSON.stringify(rounds.slice(3)))
