/** What the page about the SOAP face shows is what the face says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { XMLBuilder, XMLParser } from 'fast-xml-parser'
import { GatewayError } from '../../src/errors.ts'
import { writeFault } from '../../src/soap/fault.ts'
import { root } from '../support/command.ts'

describe('docs/soap.md', () => {
  it('shows a fault of each version as it is sent, but for the blanks', () => {
    const page = readFileSync(join(root, 'docs', 'soap.md'), 'utf8')
    const shown = [...page.matchAll(/```xml\n(.*?)```/gs)].map(([, xml]) => xml!.trim())
    const sentence = 'cableCapacityForecast[0].capacityUnit is required and missing.'
    const problems = [{ path: 'cableCapacityForecast[0].capacityUnit', sentence: 'is required and missing' }]
    const error = new GatewayError('invalid-message', sentence, { problems })
    const options = { preserveOrder: true, ignoreAttributes: false, format: true, indentBy: '  ' }
    const sent = (['1.1', '1.2'] as const).map((version) => {
      const fault = writeFault(version, error, 'c14fd9d9-8231-48d6-b31c-b83bc5f6add0')
      return String(new XMLBuilder(options).build(new XMLParser(options).parse(fault))).trim()
    })
    expect(shown).to.deep.equal(sent)
  })
})
