/** `draft`, and the walk of an integrator who holds a WSDL nobody here has seen: draft, read, edit, mount, check, speak. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { createClientAsync } from 'soap'
import { allCrossings, shippedCrossings } from '../../src/app.ts'
import { draft } from '../../src/cli/draft.ts'
import { FindingsError } from '../../src/contract/model.ts'
import type { Value } from '../../src/mapping/compile.ts'
import { context } from '../support/context.ts'
import { openGateway, tomorrow } from '../support/linked-gateway.ts'

const root = resolve(import.meta.dirname, '../..')
const gridflex = join(root, 'test/dialects/gridflex')
const at = (hour: number, minute = 0) => tomorrow(hour, minute).toISOString()

function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const { OSCP_GW_CONFIG: _, ...inherited } = process.env
  const command = [
    join(root, 'node_modules/tsx/dist/cli.mjs'),
    '--conditions=source',
    join(root, 'src/cli/main.ts'),
    ...args,
  ]
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      command,
      { env: { ...inherited, ...env }, timeout: 60_000 },
      (_error, out, err) => done({ code: child.exitCode, out, err }),
    )
  })
}

/** A line of the documentation, in a shell where `oscp-gateway` is this project's command. */
function shell(line: string, cwd: string): Promise<{ code: number | null; out: string; err: string }> {
  const main = `'${process.execPath}' '${join(root, 'node_modules/tsx/dist/cli.mjs')}' --conditions=source '${join(root, 'src/cli/main.ts')}'`
  const script = `oscp-gateway() { ${main} "$@"; }; ${line}`
  return new Promise((done) => {
    const child = execFile('bash', ['-c', script], { cwd, timeout: 60_000 }, (_error, out, err) =>
      done({ code: child.exitCode, out, err }),
    )
  })
}

const fresh = () => mkdtempSync(join(tmpdir(), 'draft-'))

/** What a person who agrees with every proposal, and has a reason for the rest, makes of a draft. */
function agree(folder: string, change: (text: string) => string = (text) => text): void {
  for (const name of ['contract.yaml', 'mapping.yaml']) {
    const file = join(folder, name)
    const text = change(readFileSync(file, 'utf8'))
    writeFileSync(file, text.replace(/^ *confirm: true.*\n/gm, '').replace(/TODO: [^',}]*/g, 'Nobody here needs it.'))
  }
}

async function refusalsOf(folder: string): Promise<string> {
  try {
    await allCrossings(folder)
    return ''
  } catch (error) {
    if (error instanceof FindingsError) return error.message
    throw error
  }
}

/** What the command would print, in this process. */
const problemsOf = (files: string[], out: string): Promise<string> =>
  draft(files, { out }).then(
    () => '',
    (error: unknown) => (error instanceof FindingsError ? error.message : Promise.reject(error)),
  )

/** A document/literal WSDL with one operation, in SOAP 1.2, from the content of its request and response elements. */
function wsdl(
  request: string,
  response: string,
  more: { style?: string; use?: string; types?: string; name?: string } = {},
): string {
  const { style = 'document', use = 'literal', types = '', name = 'SendPlan' } = more
  const folder = fresh()
  const file = join(folder, 'vendor.wsdl')
  const element = (local: string, content: string) =>
    `<xs:element name="${local}"><xs:complexType><xs:sequence>${content}</xs:sequence></xs:complexType></xs:element>`
  writeFileSync(
    file,
    `<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap12/"
      xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:v" targetNamespace="urn:v">
      <w:types><xs:schema targetNamespace="urn:v" elementFormDefault="unqualified">${types}
        ${element('Req', request)}${element('Res', response)}</xs:schema></w:types>
      <w:message name="I"><w:part name="p" element="t:Req"/></w:message><w:message name="O"><w:part name="p" element="t:Res"/></w:message>
      <w:portType name="P"><w:operation name="${name}"><w:input message="t:I"/><w:output message="t:O"/></w:operation></w:portType>
      <w:binding name="B" type="t:P"><s:binding style="${style}" transport="http://schemas.xmlsoap.org/soap/http"/>
        <w:operation name="${name}"><s:operation soapAction=""/><w:input><s:body use="${use}"/></w:input><w:output><s:body use="${use}"/></w:output></w:operation></w:binding>
      <w:service name="V"><w:port name="P" binding="t:B"><s:address location="http://v"/></w:port></w:service>
    </w:definitions>`,
  )
  return file
}

const block =
  '<xs:element name="q" maxOccurs="96"><xs:complexType><xs:attribute name="begin" type="xs:dateTime" use="required"/>' +
  '<xs:attribute name="stop" type="xs:dateTime" use="required"/><xs:attribute name="limitWatts" type="xs:int" use="required"/></xs:complexType></xs:element>'
const plan = `<xs:element name="location" type="xs:int"/>${block}`
const result = '<xs:element name="ok" type="xs:string"/>'

describe('The draft of a dialect', function () {
  this.timeout(60_000)

  it('is an afternoon’s walk: draft, edit, mount, check, and a forecast arrives end to end', async () => {
    // The commands are those of docs/dialects.md, run where the vendor's files lie.
    const [draftLine, checkLine, translateLine] = readFileSync(join(root, 'docs/dialects.md'), 'utf8').match(
      /^.*oscp-gateway (?:draft|check|translate) .*$|^OSCP.*oscp-gateway check$/gm,
    ) as [string, string, string]
    const desk = fresh()
    for (const name of ['GridFlex.wsdl', 'types', 'plan.xml'])
      cpSync(join(gridflex, name), join(desk, name), { recursive: true })
    const dialects = join(desk, 'dialects')
    const out = join(dialects, 'gridflex')
    const drafted = await shell(draftLine, desk)
    expect(drafted.code, drafted.err).to.equal(0)
    expect(drafted.out)
      .to.include('PublishCapacityPlan is taken for UpdateCableCapacityForecast')
      .and.match(/\d+ proposals to confirm, \d+ places that say TODO/)
      .and.include(`OSCP_GW_DIALECTS=${dialects} oscp-gateway check`)
    expect(readFileSync(join(out, 'GridFlex.wsdl'))).to.deep.equal(readFileSync(join(gridflex, 'GridFlex.wsdl')))
    expect(existsSync(join(out, 'types/common.xsd'))).to.equal(true)

    // As it is, nothing of it is used: every proposal and every TODO is named by line.
    const before = await shell(checkLine, desk)
    expect(before.code).to.equal(78)
    expect(before.err)
      .to.match(/mapping\.yaml:\d+: publish-capacity-plan via feederCode: is a proposal that nobody has confirmed/)
      .and.match(/mapping\.yaml:\d+: publish-capacity-plan drop OperatorNote: still says TODO/)
      .and.match(/mapping\.yaml:\d+: table.*|unsupported/)

    agree(out, (text) =>
      text
        .replace(/refusedLegacy: \{ OK_WITH_REMARKS.*\n/, 'read: { OK_WITH_REMARKS: ACCEPTED }\n')
        .replaceAll('path: version, constant: TODO', "path: version, constant: '1'")
        .replaceAll('path: Header.sender, constant: TODO', 'path: Header.sender, constant: oscp-gateway'),
    )
    const after = await shell(checkLine, desk)
    expect(after.code, after.err).to.equal(0)
    expect(after.out).to.match(/mapping gridflex-2019--oscp-2\.0 \([0-9a-f]{16}\): \d+ messages accounted for/)
    const translated = await shell(translateLine, desk)
    expect(translated.code, translated.err).to.equal(0)
    expect(translated.out)
      .to.match(/"capacity": 12\.5/)
      .and.match(/"group_id": "NL007"/)

    const world = await openGateway('gridflex-2019', { NL007: 'FEEDER-1' }, await allCrossings(dialects))
    try {
      const client = await createClientAsync(`${world.url}?wsdl`, { disableCache: true })
      // Written out, because the soap package puts the unqualified elements of an imported schema into its namespace.
      const slot = (from: string, until: string, power: string) =>
        `<Slot from="${from}" until="${until}"><MaxPower>${power}</MaxPower></Slot>`
      const [answer] = await client.PublishCapacityPlanAsync({
        _xml: `<PublishCapacityPlan version="1" xmlns="http://gridflex.example/2019/ws">
          <Header><sender xmlns="">grid</sender><sentAt xmlns="">2026-03-02T22:00:00Z</sentAt></Header>
          <Plans><Plan planNumber="7"><feederCode xmlns="">NL007</feederCode><Uom>KILOWATT</Uom>
            <Slots>${slot(at(10), at(10, 15), '12.500')}${slot(at(10, 15), at(10, 30), '9')}</Slots></Plan></Plans>
          </PublishCapacityPlan>`,
      })
      expect(answer).to.deep.equal({ PublishCapacityPlanResult: { Code: 'OK' } })
      expect(world.cpo.received[0]?.body).to.deep.include({ group_id: 'FEEDER-1', type: 'CONSUMPTION' })
      const { forecasted_blocks: blocks } = world.cpo.received[0]!.body as { forecasted_blocks: Value[] }
      expect(blocks.map((b) => [b.capacity, b.unit, b.start_time])).to.deep.equal([
        [12.5, 'KW', at(10)],
        [9, 'KW', at(10, 15)],
      ])
    } finally {
      await world.stop()
    }
  })

  it('of the base dialect is the base mapping: every proposal is right', async () => {
    const dialects = fresh()
    const wsdls = ['CspService', 'DsoService'].map((name) => join(root, 'wsdl/oscp-1.0', `${name}.wsdl`))
    const { code, out } = await run(['draft', ...wsdls, '--out', join(dialects, 'base'), '--id', 'again'])
    expect(code).to.equal(0)
    expect(out).to.include('0 places that say TODO')
    agree(join(dialects, 'base'))
    const crossings = await allCrossings(dialects)
    const again = crossings.find((c) => c.id === 'again--oscp-2.0')!
    const base = (await shippedCrossings()).find((c) => c.id === 'oscp-1.0--oscp-2.0')!
    const legacy = {
      cableCapacityForecast: [
        {
          ...{ cableId: 'C1', forecastId: 'F', capacityUnit: 'A' },
          block: [{ startTime: at(1), endTime: at(2), capacity: '1.5', remainingCapacity: '2' }],
        },
      ],
    }
    const [mine, theirs] = [again, base].map((c) => {
      const [part] = c.byLegacy.get('UpdateCableCapacityForecast')!.toModern.translate(legacy, context())
      return part && 'value' in part ? [part.value, part.kept] : part
    })
    expect(mine).to.deep.equal(theirs)
  })

  it('finds a unit in the blocks, meter readings in place of energy, and limits that are whole numbers', async () => {
    const dialects = fresh()
    const wsdls = ['ScheduleCspService', 'ScheduleDsoService'].map((n) => join(root, 'wsdl/schedule-1.0', `${n}.wsdl`))
    expect((await run(['draft', ...wsdls, '--out', join(dialects, 's'), '--id', 's'])).code).to.equal(0)
    const mapping = readFileSync(join(dialects, 's/mapping.yaml'), 'utf8')
    expect(mapping)
      .to.include('shaper: unit per block')
      .and.include('usage: { start: MeterStart, end: MeterEnd, energy: difference }')
    expect(readFileSync(join(dialects, 's/contract.yaml'), 'utf8')).to.match(
      /csp: ScheduleCspService\.wsdl.*\n.*dso: ScheduleDso/,
    )

    const file = wsdl(plan, result)
    expect((await run(['draft', file, '--out', join(dialects, 'v'), '--id', 'v'])).code).to.equal(0)
    const other = readFileSync(join(dialects, 'v/mapping.yaml'), 'utf8')
    expect(other)
      .to.include('via: { legacy: limitWatts, modern: capacity, codec: whole }')
      .and.include('via: { legacy: location, modern: group_id, codec: groups }')
      .and.match(/fill: \{ path: unit, constant: TODO, reason: 'TODO: say why' \}/)
    expect(readFileSync(join(dialects, 'v/contract.yaml'), 'utf8')).to.include(
      '# dso: nothing here seems to be hosted by',
    )
  })

  it('mounts for one party alone, and says so where the other is configured', async () => {
    const dialects = fresh()
    const out = join(dialects, 'v')
    await run(['draft', wsdl(plan, result), '--out', out, '--id', 'v'])
    agree(out, (text) =>
      text
        .replaceAll('path: verdict, constant: TODO', 'path: verdict, constant: ACCEPTED')
        .replaceAll('constant: TODO', 'constant: W'),
    )
    const { code, err } = await run(['check'], { OSCP_GW_DIALECTS: dialects })
    expect(code, err).to.equal(0)
    const file = join(dialects, 'gateway.yaml')
    const peers = '{ a: { role: csp, contract: v }, b: { role: cp, url: "http://127.0.0.1:1", token: t } }'
    writeFileSync(file, `dialects: ${dialects}\npeers: ${peers}\nlinks: { l: { legacy: a, modern: b } }\n`)
    const refused = await run(['check', '--config', file])
    expect(refused.code).to.equal(78)
    expect(refused.err).to.include('peers.a.contract: v does not say what a dso hosts, so a csp has nothing to call')
  })

  it('is never used unread: the loader refuses every kind of draft as it is', async () => {
    for (const file of [
      wsdl(plan, result),
      wsdl('<xs:element name="colour" type="xs:string"/>', result, { name: 'Paint' }),
    ]) {
      const dialects = fresh()
      expect((await run(['draft', file, '--out', join(dialects, 'v')])).code).to.equal(0)
      expect(await refusalsOf(dialects)).to.match(/TODO/)
    }
  })

  it('does not overwrite a folder unless forced, and then only its own files', async () => {
    const out = join(fresh(), 'v')
    const file = wsdl(plan, result)
    await run(['draft', file, '--out', out])
    writeFileSync(join(out, 'mapping.yaml'), 'mine')
    writeFileSync(join(out, 'notes.txt'), 'mine')
    const again = await run(['draft', file, '--out', out])
    expect(again.code).to.equal(69)
    expect(again.err).to.include('exists; nothing was written')
    expect(readFileSync(join(out, 'mapping.yaml'), 'utf8')).to.equal('mine')
    expect((await run(['draft', file, '--out', out, '--force'])).code).to.equal(0)
    expect(readFileSync(join(out, 'mapping.yaml'), 'utf8')).to.include('legacy: vendor')
    expect(readFileSync(join(out, 'notes.txt'), 'utf8')).to.equal('mine')
  })

  describe('refuses by name, and writes nothing of, a WSDL with', () => {
    const cases: [string, () => string, RegExp][] = [
      ['a choice', () => wsdl(`<xs:choice>${plan}</xs:choice>`, result), /Req: uses choice, which is not supported/],
      ['rpc style', () => wsdl(plan, result, { style: 'rpc' }), /operation SendPlan: uses the rpc style/],
      ['encoded bodies', () => wsdl(plan, result, { use: 'encoded' }), /operation SendPlan: uses encoded/],
      ['any element', () => wsdl('<xs:any/>', result), /uses any, which is not supported/],
      [
        'a type nobody can convert',
        () => wsdl('<xs:element name="d" type="xs:duration"/>', result),
        /d: has the type xs:duration/,
      ],
      [
        'an import that is not there',
        () => wsdl(plan, result, { types: '<xs:import namespace="urn:x" schemaLocation="x.xsd"/>' }),
        /import: "x\.xsd" is not a file in the folder/,
      ],
      ['no XML', () => join(root, 'package.json'), /Text stands outside the root element/],
      ['no WSDL', () => join(gridflex, 'types/common.xsd'), /has no service/],
    ]
    for (const [title, file, expected] of cases)
      it(title, async () => {
        const out = join(fresh(), 'v')
        expect(await problemsOf([file()], out)).to.match(expected)
        expect(existsSync(out)).to.equal(false)
      })

    it('several of these, all at once, with exit 78', async () => {
      const { code, err } = await run(['draft', wsdl(`<xs:any/>${plan}`, '<xs:element name="d" type="xs:duration"/>')])
      expect(code).to.equal(78)
      expect(err)
        .to.match(/uses any/)
        .and.match(/xs:duration/)
        .and.match(/2 problems; nothing was started/)
    })

    it('files in different folders, or none', async () => {
      const folder = fresh()
      cpSync(gridflex, folder, { recursive: true })
      const files = [join(folder, 'GridFlex.wsdl'), wsdl(plan, result), join(folder, 'no.wsdl')]
      expect(await problemsOf(files, join(fresh(), 'v')))
        .to.match(/is not in the folder of/)
        .and.match(/no\.wsdl: file: cannot be read/)
    })
  })
})
