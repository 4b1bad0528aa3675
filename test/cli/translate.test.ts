import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text as allOf } from 'node:stream/consumers'
import { expect } from 'chai'
import { shippedCrossings } from '../../src/app.ts'
import { InputError } from '../../src/cli/exit.ts'
import { printXml } from '../../src/cli/print-xml.ts'
import { type Streams, type TranslateOptions, translate } from '../../src/cli/translate.ts'
import { type Choice, NotCarried, recognise } from '../../src/cli/translate-recognise.ts'
import type { Crossing } from '../../src/mapping/crossings.ts'
import { root, runCommand } from '../support/command.ts'

const scratch = mkdtempSync(join(tmpdir(), 'translate-'))

function file(name: string, text: string): string {
  const path = join(scratch, name)
  writeFileSync(path, text)
  return path
}

const input = join(scratch, 'input')
const example = (name: string) => readFileSync(join(root, 'examples', name), 'utf8')

const csp = 'urn:oscp-gateway:oscp-1.0:Csp'

function envelope(body: string, version = 'http://schemas.xmlsoap.org/soap/envelope/'): string {
  return `<e:Envelope xmlns:e="${version}" xmlns:o="${csp}"><e:Body>${body}</e:Body></e:Envelope>`
}

const cable = (id: string, capacity = '5') =>
  `<o:cableCapacityForecast><o:cableId>${id}</o:cableId><o:capacityUnit>kW</o:capacityUnit><o:block>` +
  '<o:startTime>2026-03-03T09:00:00Z</o:startTime><o:endTime>2026-03-03T09:15:00Z</o:endTime>' +
  `<o:capacity>${capacity}</o:capacity></o:block></o:cableCapacityForecast>`
const request = (...cables: string[]) =>
  envelope(`<o:updateCableCapacityForecastRequest>${cables.join('')}</o:updateCableCapacityForecastRequest>`)

/** The command in this process: much faster than in one of its own. */
async function run(text: string, options: Partial<TranslateOptions> = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const code = await translate(file('input', text), { receipt: 'table', ...options }, {
    stdout,
    stderr,
  } as unknown as Streams).catch((error: InputError) => {
    stderr.write(error.message)
    return error.exitCode
  })
  stdout.end()
  stderr.end()
  return { code, out: await allOf(stdout), err: await allOf(stderr) }
}

describe('The command translate', function () {
  this.timeout(30_000)
  const now = ['--now', '2026-03-02T22:00:00Z']

  it('shows a newcomer the JSON of a heartbeat and what was done to it', async () => {
    const { code, out, err } = await runCommand(['translate', 'examples/heartbeat.xml', ...now])
    expect(JSON.parse(out)).to.deep.equal({ offline_mode_at: '2026-03-02T22:03:00.000Z' })
    expect(err).to.match(/Receipt of heartbeat \(oscp-1\.0 → oscp-2\.0\): exact/)
    expect(err).to.include('OSCP 1.0 does not say when silence means offline.')
    expect(code).to.equal(0)
  })

  it('exits 10 when a rule was safe, with the XML on standard output and nothing else', async () => {
    const { code, out, err } = await run(example('forecast.json'), { soap: '1.2' })
    expect(out).to.match(/^<\?xml .*\n<soap:Envelope xmlns:soap="http:\/\/www\.w3\.org\/2003\/05\/soap-envelope">\n/)
    expect(out).to.match(/<n1:capacity>63<\/n1:capacity>[\s\S]*<\/soap:Envelope>\n$/)
    expect(err).to.include('safe').and.include('request-adjusted-capacity; say so with --message')
    expect(code).to.equal(10)
  })

  it('reads standard input, and brings back what it wrote', async () => {
    const up = await run(example('forecast.xml'))
    const down = await run(up.out)
    const again = await runCommand(['translate', '-', '--receipt', 'none'], down.out)
    expect(JSON.parse(again.out)).to.deep.equal(JSON.parse(up.out))
    expect(again.err).to.equal('')
  })

  it('prints several messages as a list, and the receipt as JSON when asked', async () => {
    const { code, out, err } = await run(request(cable('007'), cable('8')), { receipt: 'json' })
    expect(JSON.parse(out).map((m: { group_id: string }) => m.group_id)).to.deep.equal(['007', '8'])
    expect(JSON.parse(err).map((o: { item: string; outcome: string }) => [o.item, o.outcome])).to.deep.equal([
      ['007', 'translated'],
      ['8', 'translated'],
    ])
    expect(code).to.equal(0)
  })

  it("takes a link's names and settings, and exits 20 for a cable that the link does not cover", async () => {
    const config = file(
      'gateway.yaml',
      'peers:\n  dso: { role: dso, zone: Europe/Amsterdam }\n  cpo: { role: fp, url: "http://127.0.0.1:1", token: t }\n' +
        'links: { north: { legacy: dso, modern: cpo, groups: { C1: G1 } } }\n',
    )
    const naive = request(cable('C1'), cable('C2')).replaceAll(':00Z', ':00')
    const { code, out, err } = await run(naive, { config, link: 'north' })
    expect(JSON.parse(out)).to.deep.include({ group_id: 'G1' })
    expect(out).to.include('2026-03-03T08:00:00.000Z')
    expect(err).to.include('C2: refused').and.include('cableCapacityForecast[1].cableId: is not known on this link')
    expect(code).to.equal(20)
    const wrong = await run(naive, { config, link: 'south' })
    expect([wrong.code, wrong.err]).to.deep.equal([64, 'the configuration has no link south; it has north'])
  })

  it('prints nothing of a message of which one value is refused, as the gateway faults it whole', async () => {
    const { code, out, err } = await run(request(cable('1'), cable('2', '1.0000000000000001')))
    expect([code, out]).to.deep.equal([20, ''])
    expect(err).to.include('cableCapacityForecast[1].block[0].capacity: must not have more than 15 significant digits')
  })

  it('exits 20 for what is held and for what does not cross, with the reason', async () => {
    const held = await run(example('forecast.json').replace('CONSUMPTION', 'GENERATION'))
    expect([held.code, held.out]).to.deep.equal([20, ''])
    expect(held.err).to.include('held for the flow "shown"')
    const uncarried = await run('{"token":"t","version_url":[{"version":"2.0","base_url":"http://a"}]}')
    expect([uncarried.code, uncarried.out]).to.deep.equal([20, ''])
    expect(uncarried.err).to.match(/: Register is not carried: .*\n$/)
  })

  it('says in one line each what is wrong with an input, and exits 65', async () => {
    const broken = await run(request(cable('1', 'five')).replace('>kW<', '>MW<'))
    expect(broken.code).to.equal(65)
    expect(broken.err.trim().split('\n')).to.deep.equal([
      `${input}: cableCapacityForecast[0].capacityUnit must be one of A, W, kW`,
      `${input}: cableCapacityForecast[0].block[0].capacity must be a decimal number without exponent`,
    ])
    const missing = await runCommand(['translate', join(scratch, 'nothing.xml')])
    expect([missing.code, missing.err]).to.deep.equal([66, `${join(scratch, 'nothing.xml')} cannot be read\n`])
    const settings = file('settings.json', '{"grid":"quarter"}')
    const unset = await run(example('heartbeat.xml'), { settings })
    expect([unset.code, unset.err]).to.deep.equal([65, `${settings}: grid: must be minutes such as 15m`])
  })
})

describe('Recognition', () => {
  let crossings: Crossing[]
  before(async () => {
    crossings = await shippedCrossings()
  })
  const nameOf = (text: string, choice: Choice = {}) => {
    const { compiled, part, direction } = recognise(text, crossings, choice)
    return `${compiled.module.name} ${part} ${direction}`
  }
  const response = envelope(
    '<o:updateCableCapacityForecastResponse><o:status>Rejected</o:status></o:updateCableCapacityForecastResponse>',
    'http://www.w3.org/2003/05/soap-envelope',
  )

  it('knows SOAP requests and responses by their body element, in any shipped dialect', () => {
    expect(nameOf(request(cable('1')))).to.equal('update-cable-capacity-forecast request toModern')
    expect(nameOf(response)).to.equal('update-cable-capacity-forecast answer toModern')
    expect(nameOf(response, { message: 'GroupCapacityComplianceError' })).to.equal(
      'group-capacity-compliance-error request toModern',
    )
    for (const { legacy, id } of crossings)
      for (const { input } of legacy.services.flatMap((s) => s.operations)) {
        if (input.type.fields.some((field) => field.min > 0)) continue
        const empty = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><x:${input.name} xmlns:x="${input.uri}"/></e:Body></e:Envelope>`
        expect(recognise(empty, crossings, {}).crossing.id).to.equal(id)
      }
  })

  it('knows JSON messages by their members, and asks where only answers fit', () => {
    const block = { capacity: 1, unit: 'KW', start_time: '2026-03-03T09:00:00Z', end_time: '2026-03-03T10:00:00Z' }
    const energy = { value: 1, unit: 'WH', direction: 'IMPORT', measure_time: '2026-03-03T10:00:00Z' }
    const messages: [object, string][] = [
      [{ offline_mode_at: '2026-03-03T10:00:00Z' }, 'heartbeat request'],
      [{ group_id: 'g', type: 'CONSUMPTION', forecasted_blocks: [block] }, 'update-cable-capacity-forecast request'],
      [{ message: 'no' }, 'group-capacity-compliance-error request'],
      [{ message: 'no', forecasted_blocks: [block] }, 'group-capacity-compliance-error request'],
      [{ group_id: 'g', measurements: [energy] }, 'update-aggregated-usage request'],
      [
        { group_id: 'g', measurements: [{ asset_id: 'a', asset_category: 'CHARGING', energy_measurement: energy }] },
        'update-asset-measurements request',
      ],
      [{ group_id: ['g'] }, 'get-capacity-forecast request'],
      [{ verdict: 'ACCEPTED', forecasts: [] }, 'get-capacity-forecast answer'],
    ]
    for (const [json, name] of messages)
      expect(nameOf(JSON.stringify(json), { to: 'oscp-1.0' })).to.equal(`${name} toLegacy`)
    const answer = '{"verdict":"REFUSED","message":"no"}'
    expect(() => nameOf(answer)).to.throw(InputError, /several messages are answered like this/)
    expect(nameOf(answer, { message: 'UpdateAggregatedUsage' })).to.equal('update-aggregated-usage answer toLegacy')
  })

  it('follows --from and --to, and says which contracts there are', () => {
    const text = '{"offline_mode_at":"2026-03-03T10:00:00Z"}'
    for (const { legacy } of crossings)
      expect(recognise(text, crossings, { to: legacy.id }).crossing.legacy.id).to.equal(legacy.id)
    expect(() => nameOf(text, { from: 'oscp-1.0' })).to.throw(InputError, /no mapping leads from oscp-1\.0; there is/)
  })

  const unusable: [string, string, RegExp][] = [
    ['prose', 'hello', /neither XML nor JSON/],
    ['a list', '[{"offline_mode_at":1}]', /one message at a time/],
    ['a number', '7', /not an object/],
    ['foreign members', '{"a":1,"b":2}', /members are those of no message/],
    ['XML that is no envelope', '<a/>', /not a SOAP 1\.1 or 1\.2 envelope/],
    ['an empty body', envelope(''), /the Body is empty/],
    ['a fault', envelope('<e:Fault><faultcode>e:Client</faultcode></e:Fault>'), /a SOAP fault is no message/],
    ['an unknown element', envelope('<o:fly/>'), /an element that no contract has/],
    ['a foreign namespace', envelope('<heartbeatRequest xmlns="urn:x"/>'), /must be in the namespace urn:oscp-gateway/],
  ]
  for (const [what, text, sentence] of unusable)
    it(`refuses ${what} in a sentence`, () => expect(() => nameOf(text)).to.throw(InputError, sentence))

  it('says why a message does not cross', () => {
    expect(() => nameOf('{"required_behaviour":{"measurement_configuration":[]}}')).to.throw(
      NotCarried,
      /The gateway ends it/,
    )
  })
})

describe('Printed XML', () => {
  it('keeps every value as it was written', () => {
    const printed = printXml('<a xmlns:n="u"><n:b x="1"> 007 &amp; &#13;</n:b><c></c></a>')
    expect(printed).to.equal('<a xmlns:n="u">\n  <n:b x="1"> 007 &amp; &#13;</n:b>\n  <c></c>\n</a>\n')
  })
})
