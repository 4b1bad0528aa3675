/** Mounted dialects: a folder of data is spoken end to end, and whatever is wrong with one is said by file, line and rule. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { createClientAsync } from 'soap'
import { allCrossings } from '../../src/app.ts'
import { FindingsError } from '../../src/contract/model.ts'
import { openGateway, tomorrow } from '../support/linked-gateway.ts'

const gridflex = resolve(import.meta.dirname, '../dialects/gridflex')
const at = (hour: number, minute = 0) => tomorrow(hour, minute).toISOString()

/** A folder of dialects with a copy of GridFlex in which files were changed. */
function mounted(changes: Record<string, (text: string) => string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'dialects-'))
  cpSync(gridflex, join(folder, 'gridflex'), { recursive: true })
  for (const [name, change] of Object.entries(changes)) {
    const file = join(folder, 'gridflex', name)
    const text = readFileSync(file, 'utf8')
    const changed = change(text)
    expect(changed, `the change to ${name}`).not.to.equal(text)
    writeFileSync(file, changed)
  }
  return folder
}

async function findingsOf(folder: string): Promise<string[]> {
  try {
    await allCrossings(folder)
    return []
  } catch (error) {
    if (!(error instanceof FindingsError)) throw error
    return error.findings.map((f) => `${f.file.replace(`${folder}/`, '')}: ${f.rule}: ${f.sentence}`)
  }
}

const replace = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to)

describe('A mounted dialect', () => {
  it('is accounted for beside what ships, and is gone when its folder is', async () => {
    const folder = mounted()
    expect((await allCrossings(folder)).map((c) => c.id)).to.include('gridflex-2019--oscp-2.0')
    rmSync(join(folder, 'gridflex'), { recursive: true })
    expect((await allCrossings(folder)).map((c) => c.id)).not.to.include('gridflex-2019--oscp-2.0')
  })

  it('is spoken end to end by a client made from the WSDL and the schema that the gateway publishes', async () => {
    const world = await openGateway('gridflex-2019', { NL007: 'FEEDER-1' }, await allCrossings(mounted()))
    try {
      const client = await createClientAsync(`${world.url}?wsdl`, { disableCache: true })
      expect(client.describe()).to.have.property('OperatorService')
      const imported = /schemaLocation="([^"]+)"/.exec(await (await fetch(`${world.url}?wsdl`)).text())![1]!
      expect(imported).to.equal(`${world.url}?xsd=types%2Fcommon.xsd`)
      expect(await (await fetch(imported)).text()).to.include('FeederPlan')
      expect((await fetch(`${world.url}?xsd=mapping.yaml`)).status).to.equal(404)

      const slot = (from: string, until: string, power: string) =>
        `<Slot from="${from}" until="${until}"><MaxPower>${power}</MaxPower></Slot>`
      const answer = await fetch(world.url, {
        method: 'POST',
        headers: {
          'Content-Type': 'text/xml; charset=utf-8',
          SOAPAction: '"http://gridflex.example/2019/ws/PublishCapacityPlan"',
        },
        body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
          <PublishCapacityPlan version="1" xmlns="http://gridflex.example/2019/ws">
            <Header><sender xmlns="">grid</sender><sentAt xmlns="">2026-03-02T22:00:00+01:00</sentAt></Header>
            <Plans><Plan planNumber="7"><feederCode xmlns="">NL007</feederCode><Uom>KILOWATT</Uom>
              <Slots>${slot(at(10), at(10, 15), '12.500')}${slot(at(10, 15), at(10, 30), '9')}</Slots>
              <OperatorNote xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>
            </Plan></Plans>
          </PublishCapacityPlan></s:Body></s:Envelope>`,
      })
      expect(await answer.text()).to.match(
        /<n1:PublishCapacityPlanResponse xmlns:n1="http:\/\/gridflex.example\/2019\/ws"><n1:PublishCapacityPlanResult><n1:Code>OK<\/n1:Code>/,
      )
      const block = (start: string, end: string, capacity: number) => ({
        ...{ capacity, phase: 'ALL', unit: 'KW' },
        ...{ start_time: start, end_time: end },
      })
      expect(world.cpo.received[0]?.body).to.deep.equal({
        group_id: 'FEEDER-1',
        type: 'CONSUMPTION',
        forecasted_blocks: [block(at(10), at(10, 15), 12.5), block(at(10, 15), at(10, 30), 9)],
      })
    } finally {
      await world.stop()
    }
  })

  it('translates towards its own wire, and refuses by path what its types cannot carry', async () => {
    const crossing = (await allCrossings(mounted())).find((c) => c.id === 'gridflex-2019--oscp-2.0')!
    const { toLegacy } = crossing.byModern.get('UpdateGroupCapacityForecast')!
    const context = {
      ...(await import('../support/context.ts')).context(),
      groups: { toModern: (id: string) => id, toLegacy: (id: string) => id },
    }
    const forecast = (group: string, capacity: number) => ({
      group_id: group,
      type: 'CONSUMPTION',
      forecasted_blocks: [{ capacity, phase: 'ALL', unit: 'W', start_time: at(1), end_time: at(2) }],
    })
    const [part] = toLegacy.translate(forecast('NL007', 1.5), context, { forecastId: 'abc' })
    const value = part && 'value' in part ? part.value : expect.fail('should be translated')
    expect(value).to.deep.include({
      version: '1',
      Header: { sender: 'oscp-gateway', sentAt: '2026-03-02T22:00:00.000Z' },
    })
    const [plan] = (value.Plans as { Plan: Record<string, unknown>[] }).Plan
    expect(plan).to.deep.include({ feederCode: 'NL007', Uom: 'WATT' })
    expect(plan!.Slots).to.deep.equal({ Slot: [{ from: at(1), until: at(2), MaxPower: '1.5' }] })
    expect(Number(plan!.planNumber)).to.be.within(1, 2_147_483_647)
    for (const [group, capacity, path] of [
      ['feeder', 1, 'group_id'],
      ['NL007', 1.0005, 'forecasted_blocks[0].capacity'],
    ] as const) {
      const [refused] = toLegacy.translate(forecast(group, capacity), context)
      expect(refused && 'refusal' in refused && refused.refusal.path).to.equal(path)
    }
  })

  it('takes JSON for YAML, and what it extends for what it does not say', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dialects-'))
    const own = join(folder, 'near')
    mkdirSync(own)
    for (const name of ['CspService', 'DsoService'])
      cpSync(resolve(import.meta.dirname, `../../wsdl/oscp-1.0/${name}.wsdl`), join(own, `${name}.wsdl`))
    const contract = {
      id: 'near-1.0',
      title: 'Nearly the base',
      wsdl: { csp: 'CspService.wsdl', dso: 'DsoService.wsdl' },
      headers: { cspIdentity: 'identity' },
    }
    writeFileSync(join(own, 'contract.json'), JSON.stringify(contract))
    const mapping = { id: 'near-1.0--oscp-2.0', legacy: 'near-1.0', extends: 'oscp-1.0--oscp-2.0', messages: [] }
    writeFileSync(join(own, 'mapping.json'), JSON.stringify(mapping))
    const near = (await allCrossings(folder)).find((c) => c.id === 'near-1.0--oscp-2.0')!
    expect(near.messages.map((m) => m.module.name)).to.include('update-cable-capacity-forecast')
    expect(near.legacy.services[0]?.identity).to.equal('cspIdentity')
    writeFileSync(join(own, 'contract.json'), JSON.stringify({ ...contract, headers: {} }))
    expect((await findingsOf(folder)).join()).to.match(
      /near\/CspService\.wsdl: header cspIdentity: is declared; say under/,
    )
    writeFileSync(join(own, 'contract.json'), JSON.stringify(contract))
    writeFileSync(join(own, 'mapping.json'), JSON.stringify({ ...mapping, without: ['heartbeat'] }))
    expect(await findingsOf(folder)).to.deep.equal([
      'near/mapping.json: Heartbeat: is neither mapped nor named unsupported with a reason',
    ])
  })

  describe('that is wrong is refused by file, line, rule and sentence:', () => {
    const rule = (text: string) => replace(/ {6}- via: \{ legacy: feederCode.*\n/, text)
    const cases: [string, Record<string, (text: string) => string>, RegExp][] = [
      [
        'a rule taken out',
        { 'mapping.yaml': rule('') },
        /mapping\.yaml:\d+: publish-capacity-plan .*source field Plans\.Plan\[\]\.feederCode/,
      ],
      [
        'a verb that does not exist',
        { 'mapping.yaml': rule('      - copy: { legacy: a, modern: b }\n') },
        /mapping\.yaml:\d+: publish-capacity-plan: is copy, where one of same, via/,
      ],
      [
        'two verbs in one rule',
        { 'mapping.yaml': rule('      - { drop: { path: a, reason: b }, keep: { path: a, reason: b } }\n') },
        /is drop with keep/,
      ],
      [
        'a codec that does not exist',
        { 'mapping.yaml': rule('      - via: { legacy: feederCode, modern: group_id, codec: magic }\n') },
        /via feederCode: codec must be instant, decimal, whole, groups/,
      ],
      [
        'a table that is not there',
        { 'mapping.yaml': replace('{ table: power unit }', '{ table: power units }') },
        /spread Uom: names the table power units/,
      ],
      [
        'a shaper that does not exist',
        { 'mapping.yaml': replace('shaper: tightest', 'shaper: loosest') },
        /shape Slots\.Slot: shaper must be tightest, phases/,
      ],
      [
        'a condition that does not exist',
        { 'mapping.yaml': replace('when: { not: CONSUMPTION }', 'when: sometimes') },
        /refuse type: when must be always, absent/,
      ],
      [
        'a source that does not exist',
        { 'mapping.yaml': replace('from: offline deadline', 'from: the moon') },
        /fill offline_mode_at: from must be now, offline deadline/,
      ],
      [
        'a flow that does not exist',
        { 'mapping.yaml': rule('      - toLegacy: { hold: { path: type, when: always, flow: away, reason: x } }\n') },
        /hold type: flow /,
      ],
      [
        'a word that a rule does not know',
        { 'mapping.yaml': replace('as: forecastId,', 'az: forecastId,') },
        /keep planNumber: does not know az/,
      ],
      [
        'a rule without a reason',
        { 'mapping.yaml': replace('reason: It is always 1.', "reason: ''") },
        /drop version: reason must be a sentence/,
      ],
      [
        'a field that no contract has',
        { 'mapping.yaml': replace('path: OperatorNote', 'path: OperatorNotes') },
        /drop OperatorNotes: names OperatorNotes/,
      ],
      [
        'a value that a table misses',
        { 'mapping.yaml': replace('KILOWATT: KW, ', '') },
        /has no entry for the legacy value KILOWATT/,
      ],
      [
        'two values for one',
        {
          'mapping.yaml': replace(
            /REFUSED \}\n {4}read: \{ OK_WITH_REMARKS: ACCEPTED \}/,
            'REFUSED, OK_WITH_REMARKS: ACCEPTED }',
          ),
        },
        /table code: ACCEPTED stands twice/,
      ],
      [
        'a constant that does not fit its field',
        { 'mapping.yaml': replace('Header.sentAt, from: now', 'Header.sentAt, constant: soon') },
        /fill Header\.sentAt: must be an xs:dateTime/,
      ],
      [
        'a message that is neither mapped nor named',
        { 'mapping.yaml': replace(/ {2}AdjustGroupCapacityForecast:.*\n/, '') },
        /AdjustGroupCapacityForecast: is neither mapped/,
      ],
      [
        'a proposal that nobody confirmed',
        {
          'mapping.yaml': rule(
            '      - via: { legacy: feederCode, modern: group_id, codec: groups }\n        confirm: true\n',
          ),
        },
        /mapping\.yaml:\d+: publish-capacity-plan .*: is a proposal that nobody has confirmed/,
      ],
      [
        'a reason that says TODO',
        { 'mapping.yaml': replace('It is always 1.', "'TODO: say why'") },
        /publish-capacity-plan drop version: still says TODO/,
      ],
      [
        'another mapping of the same id',
        { 'mapping.yaml': replace('id: gridflex-2019--oscp-2.0', 'id: oscp-1.0--oscp-2.0') },
        /mapping\.yaml:1: id: oscp-1\.0--oscp-2\.0 is the id of another mapping/,
      ],
      [
        'a contract that ships',
        {
          'contract.yaml': replace('gridflex-2019', 'oscp-1.0'),
          'mapping.yaml': replace('legacy: gridflex-2019', 'legacy: oscp-1.0'),
        },
        /contract\.yaml:1: id: oscp-1\.0 is the id of another contract/,
      ],
      [
        'a WSDL outside its folder',
        { 'contract.yaml': replace('GridFlex.wsdl#Op', '../../../etc/passwd#Op') },
        /contract\.yaml:4: wsdl\.csp: .* is not a file in the folder/,
      ],
      [
        'a service that the WSDL does not have',
        { 'contract.yaml': replace('#GridService', '#GritService') },
        /GridFlex\.wsdl: wsdl: has no service GritService, but OperatorService, GridService/,
      ],
      [
        'a WSDL of several services, of which none is named',
        { 'contract.yaml': replace('#GridService', '') },
        /wsdl\.dso: has the services OperatorService, GridService; say which the dso hosts, as GridFlex\.wsdl#OperatorService/,
      ],
      [
        'a WSDL that cannot be honoured',
        {
          'GridFlex.wsdl': replace(
            '<s:element name="MaxPower" type="c:Amount"/>',
            '<s:choice><s:element name="MaxPower" type="c:Amount"/></s:choice>',
          ),
        },
        /GridFlex\.wsdl: Slot: uses choice, which is not supported/,
      ],
      [
        'a WSDL that is no XML',
        { 'GridFlex.wsdl': replace('</wsdl:definitions>', '') },
        /GridFlex\.wsdl: wsdl: GridFlex\.wsdl: An element is not closed \(line \d+, column \d+\)/,
      ],
      ['YAML that is none', { 'mapping.yaml': replace('id: gridflex', 'id: [gridflex') }, /mapping\.yaml:\d+: yaml: /],
      [
        'a key said twice',
        { 'contract.yaml': replace('title:', 'id: x\ntitle:') },
        /contract\.yaml:2: yaml: Map keys must be unique/,
      ],
      [
        'a setting that does not exist',
        { 'contract.yaml': replace('title:', 'color: red\ntitle:') },
        /contract\.yaml:\d+: .*does not know color/,
      ],
      [
        'something unknown to extend',
        { 'mapping.yaml': replace('modern: oscp-2.0\n', 'extends: oscp-9\n') },
        /mapping\.yaml:3: extends: oscp-9 is none of oscp-1\.0--oscp-2\.0/,
      ],
      [
        'a modern contract that does not ship',
        { 'mapping.yaml': replace('modern: oscp-2.0\n', 'modern: oscp-3.0\n') },
        /mapping\.yaml:3: modern: oscp-3\.0 is none of oscp-2\.0/,
      ],
    ]
    for (const [title, changes, expected] of cases)
      it(title, async () => {
        const found = await findingsOf(mounted(changes))
        expect(found.join('\n')).to.match(expected)
      })

    it('a folder without its files, and a folder that is none', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'dialects-'))
      mkdirSync(join(folder, 'empty'))
      expect(await findingsOf(folder)).to.deep.equal([
        'empty: contract: is not in this folder (as .yaml or .json)',
        'empty: mapping: is not in this folder (as .yaml or .json)',
      ])
      expect((await findingsOf(join(folder, 'nowhere'))).join()).to.match(/nowhere: dialects: is not a folder$/)
    })

    it('aliases without end, and links to nothing', async () => {
      const folder = mounted({ 'mapping.yaml': replace('legacy: gridflex-2019', 'legacy: &a [*a, *a]') })
      symlinkSync('/nowhere', join(folder, 'gone'))
      expect((await findingsOf(folder)).join()).to.match(/mapping\.yaml:2: legacy: is an alias of what it stands in/)
    })

    it('a file that a link leads out of the folder', async () => {
      const folder = mounted()
      renameSync(join(folder, 'gridflex/mapping.yaml'), join(folder, 'elsewhere.yaml'))
      symlinkSync(join(folder, 'elsewhere.yaml'), join(folder, 'gridflex/mapping.yaml'))
      expect((await findingsOf(folder)).join()).to.include('mapping: leads out of the folder of this dialect')
    })

    it('all at once: every problem of every dialect', async () => {
      const folder = mounted({
        'contract.yaml': replace('#GridService', '#GritService'),
        'mapping.yaml': (text) => text.replace('codec: decimal', 'codec: magic').replace('shaper: grid', 'shaper: net'),
      })
      cpSync(
        join(
          mounted({
            'mapping.yaml': (text) =>
              text.replace('It is always 1.', 'TODO').replace('feederCode, modern', 'feeder, modern'),
          }),
          'gridflex',
        ),
        join(folder, 'other'),
        { recursive: true },
      )
      const found = (await findingsOf(folder)).join('\n')
      expect(found)
        .to.match(/gridflex\/.*codec must be/)
        .and.match(/gridflex\/.*shaper must be/)
        .and.match(/GritService/)
      expect(found)
        .to.match(/other\/.*TODO/)
        .and.match(/other\/.*names Plans\.Plan\[\]\.feeder,/)
    })
  })
})
