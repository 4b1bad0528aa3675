/** Decoder and encoder of contracts from elsewhere: attributes, several namespaces, unqualified children, extension, wrappers. */
import { resolve } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Complex, Field, Message } from '../../src/contract/model.ts'
import { readWsdl } from '../../src/contract/wsdl.ts'
import { GatewayError } from '../../src/errors.ts'
import { ElementDecoder } from '../../src/soap/decode.ts'
import { compileEncoder } from '../../src/soap/encode.ts'
import { compileElement } from '../../src/soap/slots.ts'
import { readXml } from '../../src/xml.ts'

const file = resolve(import.meta.dirname, '../dialects/gridflex/GridFlex.wsdl')
const messages = ['OperatorService', 'GridService'].flatMap((name) =>
  readWsdl(file, 'csp', file, name).flatMap(({ operations }) =>
    operations.flatMap(({ input, output }) => [input, output]),
  ),
)
const plan = messages[0]!

function decode(message: Message, xml: string): unknown {
  const decoder = new ElementDecoder(compileElement(message))
  readXml(xml, decoder)
  return decoder.value()
}

function problems(xml: string): string[] {
  try {
    decode(plan, xml)
    return []
  } catch (error) {
    if (error instanceof GatewayError) return error.problems.map(({ path, sentence }) => `${path} ${sentence}`)
    throw error
  }
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

/** Any value of a message, as the decoder would make it. */
function anyOf(type: Complex): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(type.fields.map((field) => [field.name, anyField(field)])))
}

function anyField(field: Field): fc.Arbitrary<unknown> {
  const { type } = field
  const one: fc.Arbitrary<unknown> =
    type.kind === 'complex'
      ? anyOf(type)
      : type.values
        ? fc.constantFrom(...type.values)
        : type.pattern
          ? fc.constantFrom('NL001', 'BE999')
          : type.type === 'instant'
            ? fc.constantFrom('2026-03-02T22:00:00Z', '2026-03-02T22:00:00.1234567+01:00')
            : type.type === 'text'
              ? fc.string({
                  maxLength: 20,
                  unit: fc.constantFrom('a', '<', '&', '"', "'", '\n', '\t', '\r', 'é', '😀', ' '),
                })
              : fc.constantFrom('0', '1', '12')
  if (field.max > 1)
    return fc.array(one, { minLength: field.min, maxLength: 3 }).map((list) => (list.length > 0 ? list : undefined))
  return field.min === 0 ? fc.option(one, { nil: undefined }) : one
}

describe('The codec of a vendor’s messages', () => {
  for (const message of messages)
    it(`gives back every ${message.name} as it was`, () =>
      fc.assert(
        fc.property(anyOf(message.type), (value) => {
          const xml = compileEncoder(message)(value)
          expect(plain(decode(message, xml))).to.deep.equal(plain(value))
        }),
        { seed: 7, numRuns: 200 },
      ))

  it('writes attributes, namespaces and unqualified children where the schema has them, base fields first', () => {
    const xml = compileEncoder(plan)({
      version: '1',
      Header: { sender: 'a', sentAt: '2026-03-02T22:00:00Z' },
      Plans: { Plan: [{ feederCode: 'NL001', Uom: 'WATT', planNumber: '7', Slots: { Slot: [] } }] },
    })
    expect(xml).to.equal(
      '<n1:PublishCapacityPlan xmlns:n1="http://gridflex.example/2019/ws" version="1"><n1:Header><sender>a</sender>' +
        '<sentAt>2026-03-02T22:00:00Z</sentAt></n1:Header><n1:Plans><n1:Plan planNumber="7"><feederCode>NL001</feederCode>' +
        '<n1:Uom>WATT</n1:Uom><n1:Slots></n1:Slots></n1:Plan></n1:Plans></n1:PublishCapacityPlan>',
    )
  })

  it('names what stands in the wrong namespace, is missing, or is no attribute of it', () => {
    const uri = 'http://gridflex.example/2019/ws'
    const found = problems(
      `<PublishCapacityPlan xmlns="${uri}" xmlns:x="urn:x" x:version="1" colour="red"><Header><sender>a</sender>
       <sentAt xmlns="">2026-03-02</sentAt></Header></PublishCapacityPlan>`,
    )
    expect(found).to.include.members([
      '.PublishCapacityPlan@version is not an attribute that may stand here'.slice(1),
      'PublishCapacityPlan@colour is not an attribute that may stand here',
      'Header.sender must be in no namespace',
      'version is required and missing',
    ])
    expect(found.join()).to.match(/Header\.sentAt must be an xs:dateTime/)
  })

  it('checks facets of attributes and of imported types', () => {
    const slot = (attributes: string, power: string) =>
      `<PublishCapacityPlan version="1" xmlns="http://gridflex.example/2019/ws"><Header><sender xmlns="">a</sender>
       <sentAt xmlns="">2026-03-02T22:00:00Z</sentAt></Header><Plans><Plan planNumber="2147483648"><feederCode xmlns="">nl1</feederCode>
       <Uom>WATT</Uom><Slots><Slot ${attributes}><MaxPower>${power}</MaxPower></Slot></Slots></Plan></Plans></PublishCapacityPlan>`
    const found = problems(slot('from="now" until="2026-03-02T22:00:00Z"', '1.0005')).join('\n')
    expect(found)
      .to.match(/Plans\.Plan\[0\]@planNumber must not be more than 2147483647/)
      .and.match(/Plans\.Plan\[0\]\.feederCode must match the pattern/)
      .and.match(/Slot\[0\]@from must be an xs:dateTime/)
      .and.match(/MaxPower must have at most 3 digits after the point/)
    expect(problems(slot('from="2026-03-02T21:00:00Z" until="2026-03-02T22:00:00Z"', '1.500')).join()).not.to.match(
      /MaxPower|Slot/,
    )
  })
})
