/**
 * Prints messages for people: indented, long lists of blocks cut short with a note of how many were left out.
 * Limits: for looking only, off every message path: this is where fast-xml-parser may be used, and it guesses no values here.
 */
import { basename, dirname } from 'node:path/posix'
import { XMLBuilder, XMLParser } from 'fast-xml-parser'
import type { Received } from '../../test/peers/cpo.ts'
import type { GroupForecast } from './demo-facts.ts'
import { dsoName } from './demo-world.ts'
import type { Paint, Terminal } from './terminal.ts'

/** Whether a block is shown, by its position and the number of blocks. */
export type Keep = (index: number, length: number) => boolean

export const firstAndLast =
  (first: number): Keep =>
  (index, length) =>
    index < first || index === length - 1

/** An element in the order-preserving form: its name, its children, and its attributes under ':@'. */
type Node = Readonly<Record<string, unknown>>

const reading = {
  preserveOrder: true,
  ignoreAttributes: false,
  commentPropName: '#comment',
  // Everything stays as it was written: no numbers, no entities.
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
}
const parser = new XMLParser(reading)

/** The lines of a document; `keep` says what is shown of each list of `block` elements, in document order. */
export function xmlLines(xml: string, indent: string, ...keep: readonly Keep[]): string[] {
  const lists = keep.values()
  const shorten = (nodes: readonly Node[]): Node[] => {
    const inner = nodes.map(
      (node): Node =>
        Object.fromEntries(
          Object.entries(node).map(([name, value]) => [name, Array.isArray(value) ? shorten(value) : value]),
        ),
    )
    const first = inner.findIndex((node) => 'block' in node)
    const shown = first < 0 ? undefined : lists.next().value
    if (!shown) return inner
    const note = (text: string): Node => ({ '#comment': [{ '#text': text }] })
    return [...inner.slice(0, first), ...excerpt(inner.slice(first), shown, note)]
  }
  const { preserveOrder, ignoreAttributes, commentPropName, processEntities } = reading
  const builder = new XMLBuilder({
    ...{ preserveOrder, ignoreAttributes, commentPropName, processEntities },
    format: true,
    indentBy: indent,
  })
  const printed: string = builder.build(shorten(parser.parse(xml) as Node[]))
  return printed
    .trim()
    .replace(/<!--(… .* …)-->/g, '$1')
    .split('\n')
}

function jsonLines(message: GroupForecast, indent: string, keep: Keep): string[] {
  const shown = { ...message, forecasted_blocks: excerpt<unknown>(message.forecasted_blocks, keep, (text) => text) }
  return JSON.stringify(shown, undefined, indent)
    .replace(/"(… .* …)",?/g, '$1')
    .split('\n')
}

function excerpt<T>(items: readonly T[], keep: Keep, note: (text: string) => T): T[] {
  const shown = items.flatMap((_, index) => (keep(index, items.length) ? [index] : []))
  return [...shown, items.length].flatMap((index, i) => {
    const left = index - (shown[i - 1] ?? -1) - 1
    const gap = left > 0 ? [note(`… ${left} more block${left === 1 ? '' : 's'} …`)] : []
    return [...gap, ...items.slice(index, index + 1)]
  })
}

/** Names in one colour on both wires, so that the eye finds the values. */
export function xmlPaint(terminal: Terminal): Paint {
  return (line) =>
    line.trimStart().startsWith('…')
      ? terminal.style('yellow', line)
      : line.replace(/<[^>]*>?|^[^<]*>|^[^<>]+$/g, (tag) => terminal.style('cyan', tag))
}

function jsonPaint(terminal: Terminal): Paint {
  return (line) =>
    line.trimStart().startsWith('…')
      ? terminal.style('yellow', line)
      : line.replace(/^(\s*)("\w+":|[\w-]+:|POST)/, (_, space, name) => space + terminal.style('cyan', name))
}

/** What is shown of the lists of blocks: one choice per cable, everything where there is none. */
export interface Excerpts {
  readonly xml: readonly Keep[]
  readonly json: readonly Keep[]
}

/** The SOAP message beside the JSON messages it became, one per cable. */
export function compareMessages(
  terminal: Terminal,
  requestXml: string,
  received: readonly Received[],
  show: Excerpts,
): void {
  const indent = terminal.isWide && terminal.width < 110 ? ' ' : '  '
  const xml = xmlLines(requestXml, indent, ...show.xml)
  const starts = xml.flatMap((line, i) => (line.trim() === '<cableCapacityForecast>' ? [i] : []))
  // Each cable stands level with its own message; the envelope's head goes with the first.
  const rows = starts.map((start, i) => xml.slice(i === 0 ? 0 : start, starts[i + 1]))
  const messages = received.map(({ path, headers, body }, i) => [
    ...(i > 0 ? [''] : []),
    `POST ${basename(path)}`,
    `X-Request-ID: ${headers['x-request-id']}`,
    ...jsonLines(body as GroupForecast, indent, show.json[i] ?? (() => true)),
  ])
  terminal.compare(
    { head: `From the DSO: OSCP 1.0, POST /oscp/1.0/${dsoName}`, rows, paint: xmlPaint(terminal) },
    {
      head: `To the CPO: OSCP 2.0 at ${dirname(received[0]?.path ?? '')}/`,
      rows: messages,
      paint: jsonPaint(terminal),
    },
  )
}
