/**
 * What saxes makes of a document, under the rules this gateway adds: the second opinion on our own scanner.
 * Limits: text and CDATA that stand side by side count as one piece, however either reader cuts them.
 */
import { SaxesParser } from 'saxes'
import type { XmlAttribute, XmlHandler } from '../../src/xml/events.ts'
import { XmlProblem } from '../../src/xml/problem.ts'
import { scanInPieces, scanXml } from '../../src/xml/scan.ts'

export type Event =
  | { readonly open: string; readonly attributes: readonly string[]; readonly from: number }
  | { text: string }
  | { readonly to: number }

/** Wide enough never to be the reason: limits are tested by themselves. */
const unlimited = { depth: 1_000, attributesPerElement: 10_000, distinctNames: 100_000 }

/** The events of a document by our scanner; undefined when it refuses it. */
export function scanned(document: string): Event[] | undefined {
  const events: Event[] = []
  try {
    scanXml(document, recorder(events), unlimited)
  } catch (error) {
    if (error instanceof XmlProblem) return undefined
    throw error
  }
  return events
}

/** The same, read in pieces of so many characters, and how many those were. */
export function scannedInPieces(document: string, length: number): { events: Event[] | undefined; pieces: number } {
  const events: Event[] = []
  let pieces = 1
  try {
    for (const _ of scanInPieces(document, recorder(events), unlimited, length)) pieces++
  } catch (error) {
    if (error instanceof XmlProblem) return { events: undefined, pieces }
    throw error
  }
  return { events, pieces }
}

/** The events of a document by saxes; undefined when it, or a rule of ours that is not its own, refuses it. */
export function oracle(document: string): Event[] | undefined {
  // No decoded bytes have half a surrogate pair; saxes reads some of those as characters.
  if (/\p{Surrogate}/u.test(document)) return undefined
  class Refused extends Error {}
  const refuse = (): never => {
    throw new Refused()
  }
  const events: Event[] = []
  const record = recorder(events)
  const parser = new SaxesParser({ xmlns: true })
  parser.on('error', refuse)
  parser.on('doctype', refuse)
  parser.on('processinginstruction', refuse)
  parser.on('xmldecl', ({ version }) => version === '1.0' || refuse())
  parser.on('opentag', ({ uri, local, attributes }) =>
    record.open(uri, local, Object.values(attributes), parser.position),
  )
  parser.on('text', (piece) => events.length > 0 && record.text(piece))
  parser.on('cdata', (piece) => record.text(piece))
  parser.on('closetag', () => record.close(parser.position))
  try {
    parser.write(document).close()
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
  return withoutOutsideText(events)
}

/** saxes reports the blanks around the root, which mean nothing. */
function withoutOutsideText(events: readonly Event[]): Event[] {
  let depth = 0
  return events.filter((event) => {
    if ('to' in event) depth--
    else if ('open' in event) depth++
    else return depth > 0
    return true
  })
}

function recorder(events: Event[]): XmlHandler {
  return {
    open: (uri, local, attributes, from) =>
      void events.push({ open: `{${uri}}${local}`, attributes: attributes.map(written), from }),
    text: (piece) => {
      const last = events.at(-1)
      if (piece === '') return
      if (last && 'text' in last) last.text += piece
      else events.push({ text: piece })
    },
    close: (to) => void events.push({ to }),
  }
}

function written({ uri, local, value }: XmlAttribute): string {
  return `{${uri}}${local}=${value}`
}
