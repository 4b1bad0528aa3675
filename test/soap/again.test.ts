/** Items that are read by the wording of the one before, against the same items read by their events. */
import { expect } from 'chai'
import { mutated, randomFrom } from '../xml/documents.ts'
import { forecasts, read, readWithBreaks } from './wordings.ts'

let skipped = 0
const byWording = (document: string) => read(document, () => skipped++)
const byEvents = (document: string) => read(document)

const cable = (content: string, attributes = '') =>
  `<P:cableCapacityForecast${attributes}><P:cableId>7</P:cableId><P:capacityUnit>kW</P:capacityUnit>${content}</P:cableCapacityForecast>`
const request = (content: string) =>
  `<P:updateCableCapacityForecastRequest xmlns:P="urn:oscp-gateway:oscp-1.0:Csp" xmlns:Q="urn:oscp-gateway:oscp-1.0:Csp">${content}</P:updateCableCapacityForecastRequest>`
const block = (prefix = 'P', minute = '00') =>
  `<${prefix}:block><${prefix}:startTime>2026-03-02T23:${minute}:00Z</${prefix}:startTime>` +
  `<${prefix}:endTime>2026-03-03T00:00:00Z</${prefix}:endTime><${prefix}:capacity>1</${prefix}:capacity></${prefix}:block>`

describe('Items that repeat the wording of the one before', () => {
  it('say what they say to those who read each event: 6,000 messages and as many broken ones', () => {
    const random = randomFrom(20_151_016)
    let valid = 0
    skipped = 0
    for (let n = 0; n < 6_000; n++) {
      const whole = forecasts(random)
      for (const document of [whole, mutated(whole, random)]) {
        const found = byWording(document)
        expect(found, JSON.stringify(document)).to.deep.equal(byEvents(document))
        if ('value' in found) valid++
      }
    }
    // Both answers must occur often, and the wording must have been of use, or the agreement would say little.
    expect(valid).to.be.within(1_200, 10_800)
    expect(skipped).to.be.greaterThan(3_000)
  }).timeout(120_000)

  const learned = request(cable(block() + block() + block()))
  for (const [what, content, kind] of [
    [
      'whose prefix means something else there',
      cable(block('Q') + block('P'), ' xmlns:P="urn:other"'),
      'invalid-message',
    ],
    ['whose prefix means nothing there', cable(block() + block('R')), 'malformed-message'],
    [
      'with an element in between that must stand once',
      cable(`${block()}<P:cableId>7</P:cableId>${block()}`),
      'invalid-message',
    ],
    ['with text in between', cable(`${block() + block()}text${block()}`), 'invalid-message'],
    ['with a value that is none', cable(block() + block('P', 'xx')), 'invalid-message'],
    ['that do not end', cable(block() + block()).slice(0, -60), 'malformed-message'],
  ] as const)
    it(`are refused ${what}, by the same words as ever`, () => {
      expect(byWording(learned)).to.have.property('value')
      const document = request(content)
      expect(byWording(document)).to.deep.equal(byEvents(document)).and.to.have.property('kind', kind)
    })

  it('say the same in a long message that is read while shorter ones are', async () => {
    const blocks = Array.from({ length: 300 }, (_, n) => block('P', String(n % 60).padStart(2, '0'))).join('')
    const long = request(cable(blocks).repeat(9))
    for (const document of [long, long.replace('>7<', '>Wrocław<'), long.replace('>1<', '>ı<')]) {
      let breaks = 0
      skipped = 0
      const found = await readWithBreaks(
        document,
        () => skipped++,
        () => {
          breaks++
          byWording(request(cable(block('Q', '07') + block('Q', '08').repeat(50))))
        },
      )
      expect(found).to.deep.equal(byEvents(document))
      expect(breaks).to.be.greaterThan(2)
      expect(skipped).to.be.greaterThan(0)
    }
  })

  it('keep their places: the problem of a later item is told with its index', () => {
    const content = cable(block() + block() + block() + block().replace('>1<', '>x<') + block())
    expect(byWording(request(content))).to.have.deep.nested.property(
      'problems[0].path',
      'cableCapacityForecast[0].block[3].capacity',
    )
  })
})
