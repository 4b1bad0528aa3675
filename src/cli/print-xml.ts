/**
 * Prints XML for people: one element a line, indented, every value as it was written.
 * Limits: for looking only, off every message path; documents without mixed content.
 */
import { XMLBuilder, XMLParser } from 'fast-xml-parser'

const asWritten = {
  preserveOrder: true,
  ignoreAttributes: false,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  // A blank at the edge of an identifier belongs to it.
  trimValues: false,
}

export function printXml(xml: string): string {
  const { preserveOrder, ignoreAttributes, processEntities } = asWritten
  const builder = new XMLBuilder({ preserveOrder, ignoreAttributes, processEntities, format: true, indentBy: '  ' })
  const printed: string = builder.build(new XMLParser(asWritten).parse(xml))
  return `${printed.trim()}\n`
}
