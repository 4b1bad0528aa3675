import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { createClientAsync } from 'soap'
import { type Complex, FindingsError, fieldPaths } from '../../src/contract/model.ts'
import { readWsdl } from '../../src/contract/wsdl.ts'

const folder = resolve(import.meta.dirname, '../../wsdl/oscp-1.0')

/** Fields as the soap package lists them: names in order, `[]` for lists. */
function outline(type: Complex): unknown {
  return Object.fromEntries(
    type.fields.map(({ name, max, type: inner }) => [
      `${name}${max > 1 ? '[]' : ''}`,
      inner.kind === 'complex' ? outline(inner) : 'value',
    ]),
  )
}

function oracle(described: unknown): unknown {
  if (typeof described !== 'object' || described === null) return 'value'
  const entries = Object.entries(described).filter(([name]) => name !== 'targetNSAlias' && name !== 'targetNamespace')
  return Object.fromEntries(entries.map(([name, inner]) => [name, oracle(inner)]))
}

describe('The WSDL reader', () => {
  for (const [file, host] of [
    ['CspService', 'csp'],
    ['DsoService', 'dso'],
  ] as const)
    it(`reads the same operations, fields and order from ${file} as the soap package`, async () => {
      const path = join(folder, `${file}.wsdl`)
      const [service] = readWsdl(path, host)
      const described = (await createClientAsync(path)).describe()[file][`${file}Soap11`]
      expect(service!.operations.map((o) => o.name)).to.deep.equal(Object.keys(described))
      for (const operation of service!.operations) {
        const theirs = described[operation.name] as { input: unknown; output: unknown }
        expect(JSON.stringify(outline(operation.input.type))).to.equal(JSON.stringify(oracle(theirs.input)))
        expect(JSON.stringify(outline(operation.output.type))).to.equal(JSON.stringify(oracle(theirs.output)))
      }
    })

  it('reads what the soap package does not: cardinality, facets, actions, headers and SOAP versions', () => {
    const [csp] = readWsdl(join(folder, 'CspService.wsdl'), 'csp')
    const operation = csp!.operations.find((o) => o.name === 'UpdateCableCapacityForecast')!
    const fields = new Map([...fieldPaths(operation.input.type)].map(({ path, field }) => [path, field]))
    expect(fields.get('cableCapacityForecast[]')).to.include({ min: 1, max: Number.POSITIVE_INFINITY })
    expect(fields.get('cableCapacityForecast[].forecastId')).to.include({ min: 0, max: 1 })
    expect(fields.get('cableCapacityForecast[].cableId')!.type).to.include({
      type: 'text',
      minLength: 1,
      maxLength: 255,
    })
    expect(fields.get('cableCapacityForecast[].capacityUnit')!.type).to.deep.include({ values: ['A', 'W', 'kW'] })
    expect(fields.get('cableCapacityForecast[].block[].capacity')!.type).to.include({ type: 'decimal', min: 0 })
    expect(operation).to.include({
      soapAction: '/UpdateCableCapacityForecast',
      inputAction: '/UpdateCableCapacityForecast',
      outputAction: '/UpdateCableCapacityForecastResponse',
    })
    expect(operation.headers.map((h) => h.name)).to.deep.equal(['cspIdentity'])
    expect(csp!.soapVersions).to.deep.equal(['1.1', '1.2'])
  })

  it('says in plain words that the contract is a reconstruction', () => {
    for (const file of ['CspService', 'DsoService'] as const)
      expect(readWsdl(join(folder, `${file}.wsdl`), 'csp')[0]!.operations.length).to.be.above(0)
  })

  describe('names what it cannot honour instead of ignoring it:', () => {
    const cases: [string, string, RegExp][] = [
      [
        'a choice',
        '<xs:choice><xs:element name="a" type="xs:string"/></xs:choice>',
        /Body: uses choice, which is not supported/,
      ],
      ['any', '<xs:sequence><xs:any/></xs:sequence>', /Body: uses any/],
      ['a recursive type', '<xs:sequence><xs:element name="a" type="t:Body"/></xs:sequence>', /recursive through Body/],
      [
        'an unknown built-in type',
        '<xs:sequence><xs:element name="a" type="xs:duration"/></xs:sequence>',
        /a: has the type xs:duration/,
      ],
      [
        'a type that is not declared',
        '<xs:sequence><xs:element name="a" type="t:Nothing"/></xs:sequence>',
        /Nothing, which is not declared/,
      ],
      [
        'a repeated sequence',
        '<xs:sequence maxOccurs="2"><xs:element name="a" type="xs:string"/></xs:sequence>',
        /repeated or optional sequence/,
      ],
      [
        'a default value',
        '<xs:sequence><xs:element name="a" type="xs:string" default="x"/></xs:sequence>',
        /attribute default/,
      ],
      ['simple content', '<xs:simpleContent><xs:extension base="xs:string"/></xs:simpleContent>', /simpleContent/],
    ]
    for (const [title, content, expected] of cases)
      it(title, () => expect(() => readWsdl(wsdlWith(content), 'csp')).to.throw(FindingsError, expected))

    it('the rpc style and encoded bodies', () => {
      const path = wsdlWith('<xs:sequence/>', 'rpc', 'encoded')
      expect(() => readWsdl(path, 'csp')).to.throw(FindingsError, /rpc style/)
    })

    it('an import that leaves the folder', () => {
      const path = wsdlWith(
        '<xs:sequence/>',
        'document',
        'literal',
        '<xs:import namespace="urn:u" schemaLocation="../../etc/x.xsd"/>',
      )
      expect(() => readWsdl(path, 'csp')).to.throw(FindingsError, /not a file in the folder/)
    })
  })

  it('reads attributes, extensions, refs, includes and schemas of several namespaces', () => {
    const folder = mkdtempSync(join(tmpdir(), 'wsdl-'))
    writeFileSync(
      join(folder, 'common.xsd'),
      `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:c" xmlns:c="urn:c" elementFormDefault="unqualified">
        <xs:element name="note" type="xs:string"/>
        <xs:complexType name="Base"><xs:sequence><xs:element name="id" type="xs:int"/></xs:sequence></xs:complexType>
      </xs:schema>`,
    )
    const path = wsdlWith(
      `<xs:complexContent><xs:extension base="c:Base"><xs:sequence><xs:element ref="c:note" minOccurs="0"/></xs:sequence>
       <xs:attribute name="kind" type="xs:token" use="required"/></xs:extension></xs:complexContent>`,
      'document',
      'literal',
      '<xs:import namespace="urn:c" schemaLocation="common.xsd"/>',
      folder,
    )
    const [service] = readWsdl(path, 'csp')
    const fields = service!.operations[0]!.input.type.fields.map(({ name, uri, min, attribute }) => ({
      name,
      uri,
      min,
      attribute,
    }))
    expect(fields).to.deep.equal([
      { name: 'id', uri: '', min: 1, attribute: false },
      { name: 'note', uri: 'urn:c', min: 0, attribute: false },
      { name: 'kind', uri: '', min: 1, attribute: true },
    ])
  })
})

/** A file with one operation whose request type has this content. */
function wsdlWith(
  content: string,
  style = 'document',
  use = 'literal',
  more = '',
  folder = mkdtempSync(join(tmpdir(), 'wsdl-')),
): string {
  const path = join(folder, 'x.wsdl')
  writeFileSync(
    path,
    `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
      xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" xmlns:c="urn:c" targetNamespace="urn:t">
      <wsdl:types><xs:schema targetNamespace="urn:t" elementFormDefault="qualified">${more}
        <xs:element name="body" type="t:Body"/><xs:complexType name="Body">${content}</xs:complexType>
        <xs:element name="answer"><xs:complexType><xs:sequence/></xs:complexType></xs:element></xs:schema></wsdl:types>
      <wsdl:message name="In"><wsdl:part name="p" element="t:body"/></wsdl:message>
      <wsdl:message name="Out"><wsdl:part name="p" element="t:answer"/></wsdl:message>
      <wsdl:portType name="P"><wsdl:operation name="Do"><wsdl:input message="t:In"/><wsdl:output message="t:Out"/></wsdl:operation></wsdl:portType>
      <wsdl:binding name="B" type="t:P"><soap:binding style="${style}" transport="http://schemas.xmlsoap.org/soap/http"/>
        <wsdl:operation name="Do"><soap:operation soapAction="/Do"/><wsdl:input><soap:body use="${use}"/></wsdl:input>
        <wsdl:output><soap:body use="${use}"/></wsdl:output></wsdl:operation></wsdl:binding>
      <wsdl:service name="S"><wsdl:port name="P" binding="t:B"><soap:address location="http://x"/></wsdl:port></wsdl:service>
    </wsdl:definitions>`,
  )
  return path
}
