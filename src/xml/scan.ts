/**
 * Reads XML 1.0 with namespaces, but without a DTD, into events; whatever is not well-formed is refused, as are DOCTYPE and
 * processing instructions, which SOAP forbids (SOAP 1.1 section 3).
 * Limits: one pass over a document that is there as a whole; work per element does not depend on its depth. It agrees with
 * saxes on what it accepts and on every event, which tests prove over generated, mutated and conformance documents.
 */
import { apostrophe, Cursor, equals, greater, quote, slash } from './cursor.ts'
import type { XmlAttribute, XmlHandler, XmlLimits } from './events.ts'
import { isDeclaration, isName } from './lexical.ts'
import type { Phrase, Tag } from './phrase.ts'
import { type Element, Scope } from './scope.ts'

/** An attribute as it stands there. */
interface Given {
  readonly name: string
  readonly value: string
  readonly at: number
}

const none: readonly XmlAttribute[] = []
const [exclamation, question, byteOrderMark] = [33, 63, 0xfeff]

/** Throws XmlProblem; passes on what `handler` throws. */
export function scanXml(document: string, handler: XmlHandler, limits: XmlLimits): void {
  new Scanner(document, handler, limits).run(document.length)
}

/** The same, `length` characters or a little more at a time. */
export function* scanInPieces(
  document: string,
  handler: XmlHandler,
  limits: XmlLimits,
  length: number,
): Generator<undefined, void> {
  const scanner = new Scanner(document, handler, limits)
  while (scanner.run(length)) yield
}

class Scanner extends Cursor {
  private readonly handler: XmlHandler
  private readonly limits: XmlLimits
  private readonly hasCdataEnd: boolean
  private readonly stack: Pick<Element, 'name' | 'outer'>[] = []
  private readonly names = new Set<string>()
  private scope = Scope.outermost()
  /** The phrase that the last text followed; undefined when it followed something else. */
  private phrase: Phrase | undefined
  /** The tags since the last text, and where the first of them is; -1 when there is something else among them. */
  private tags: Tag[] = []
  private tagsFrom = -1
  private sawRoot = false

  constructor(document: string, handler: XmlHandler, limits: XmlLimits) {
    super(document)
    this.handler = handler
    this.limits = limits
    this.hasCdataEnd = document.includes(']]>')
  }

  /** Reads on for so many characters, or a little more. False when all is read. */
  run(length: number): boolean {
    const { xml, stack } = this
    const until = this.at + length
    if (this.at === 0) this.begin()
    while (this.at < xml.length) {
      if (this.at >= until) return true
      const next = xml.indexOf('<', this.at)
      const end = next < 0 ? xml.length : next
      if (end > this.at) {
        this.learnPhrase()
        this.text(end)
        if (this.followPhrase()) continue
      }
      if (next < 0) break
      const kind = xml.charCodeAt(next + 1)
      if (kind === slash) this.endTag()
      else if (kind === exclamation) this.exclaimed()
      else if (kind === question) this.refuse('A processing instruction is not allowed')
      else {
        if (stack.length === 0 && this.sawRoot) this.refuse('The document has more than one root element')
        this.sawRoot = true
        this.startTag()
      }
    }
    if (!this.sawRoot) this.refuse('The document has no element')
    if (stack.length > 0) this.refuse('An element is not closed')
    return false
  }

  private begin(): void {
    if (this.xml.charCodeAt(0) === byteOrderMark) this.at = 1
    if (this.xml.startsWith('<?xml', this.at) && this.isSpace(this.at + 5)) this.declaration()
  }

  /** A text begins: what stood before it is a phrase. */
  private learnPhrase(): void {
    if (this.tagsFrom < 0) return
    const phrase = this.scope.phrases.of(this.xml.slice(this.tagsFrom, this.at), this.tags)
    if (this.phrase !== undefined) this.phrase.next = phrase
    this.phrase = phrase
    this.tagsFrom = -1
  }

  /** A text has ended: reads the phrase that came next last time, if it stands here; else it is to be learned. */
  private followPhrase(): boolean {
    const from = this.at
    const phrase = this.phrase?.next
    if (phrase === undefined || this.xml.slice(from, from + phrase.text.length) !== phrase.text) {
      this.tags = []
      this.tagsFrom = from
      return false
    }
    this.phrase = this.readTags(phrase.tags, from) ? phrase : undefined
    return true
  }

  /** Reads tags whose text is known to stand here, in the scope it was learned in. False, and at that tag, where one of them must be looked at more closely. */
  private readTags(tags: readonly Tag[], from: number): boolean {
    const { stack, handler, limits } = this
    for (const { element, opens, to } of tags) {
      const depth = stack.length
      if (opens) {
        if (depth === 0 || depth === limits.depth) return false
        stack.push(element)
        this.at = from + to
        handler.open(element.uri, element.local, none, this.at)
      } else {
        if (depth === 0 || stack[depth - 1] !== element) return false
        stack.pop()
        this.at = from + to
        if (this.closed()) return false
      }
    }
    return true
  }

  /** An element ends. True when the handler has read on by itself. */
  private closed(): boolean {
    const { handler, at } = this
    handler.close(at)
    this.at = handler.ahead?.(this.xml, at) ?? at
    return this.at > at
  }

  private noPhrase(): void {
    this.tagsFrom = -1
    this.phrase = undefined
  }

  private declaration(): void {
    const end = this.find('?>', this.at, 'The XML declaration is not closed')
    if (!isDeclaration(this.xml.slice(this.at + 5, end))) this.refuse('The XML declaration is not one of XML 1.0')
    this.at = end + 2
  }

  private text(end: number): void {
    const from = this.at
    const piece = this.xml.slice(from, end)
    if (this.stack.length === 0) {
      if (/[^ \t\r\n]/.test(piece)) this.refuse('Text stands outside the root element')
    } else {
      if (this.hasCdataEnd && piece.includes(']]>')) this.refuse('The text holds ]]>')
      this.handler.text(this.decoded(piece, from))
    }
    this.at = end
  }

  private startTag(): void {
    const { xml, stack, limits } = this
    const from = this.at + 1
    const after = this.nameEnd(from)
    const name = xml.slice(from, after)
    this.known(name)
    if (stack.length === limits.depth) this.refuse(`The XML is nested deeper than ${limits.depth} elements`)
    const outer = this.scope
    let attributes = none
    if (xml.charCodeAt(after) === greater) this.at = after + 1
    else {
      this.at = after
      this.noPhrase()
      attributes = this.attributes()
    }
    const { scope } = this
    const element = scope.element(name) ?? this.refuse('A namespace prefix is not declared')
    this.handler.open(element.uri, element.local, attributes, this.at)
    if (xml.charCodeAt(this.at - 2) === slash && this.at - 2 >= after) {
      this.scope = outer
      this.handler.close(this.at)
    } else {
      stack.push(scope === outer ? element : { name, outer })
      if (this.tagsFrom >= 0) this.tags.push({ element, opens: true, to: this.at - this.tagsFrom })
    }
  }

  /** Is this a name, and are there not too many of them? */
  private known(name: string): void {
    const { names, limits } = this
    if (names.has(name)) return
    if (!isName(name)) this.refuse('An element has no proper name')
    if (names.add(name).size > limits.distinctNames)
      this.refuse(`The XML has more than ${limits.distinctNames} different element names`)
  }

  private endTag(): void {
    const { xml } = this
    const open = this.stack.pop() ?? this.refuse('An end tag closes nothing')
    const from = this.at + 2
    let after = from + open.name.length
    if (xml.slice(from, after) !== open.name) this.refuse('An end tag does not close the element that is open')
    while (this.isSpace(after)) after++
    if (xml.charCodeAt(after) !== greater) this.refuse('An end tag does not close the element that is open')
    this.at = after + 1
    if (this.closed() || this.scope !== open.outer) this.noPhrase()
    this.scope = open.outer
    if (this.tagsFrom >= 0) this.tags.push({ element: open as Element, opens: false, to: this.at - this.tagsFrom })
  }

  /** From behind a start tag's name to behind its `>`; what it declares is in scope afterwards. */
  private attributes(): readonly XmlAttribute[] {
    const { xml, limits } = this
    const given: Given[] = []
    let declares = false
    for (;;) {
      const from = this.skipSpace()
      const code = xml.charCodeAt(this.at)
      if (code === greater) break
      if (code === slash && xml.charCodeAt(this.at + 1) === greater) {
        this.at++
        break
      }
      if (this.at === from) this.refuse('A tag is not well-formed')
      const attribute = this.attribute()
      if (given.push(attribute) > limits.attributesPerElement)
        this.refuse(`An element has more than ${limits.attributesPerElement} attributes`)
      declares ||= attribute.name.startsWith('xmlns')
    }
    this.at++
    if (given.length === 0) return none
    if (declares) this.scope = this.scope.declaring(given) ?? this.refuse('A namespace declaration is not allowed')
    return this.resolved(given)
  }

  private attribute(): Given {
    const { xml } = this
    const at = this.at
    const end = this.nameEnd(at)
    const name = xml.slice(at, end)
    if (!isName(name)) this.refuse('An attribute has no proper name')
    this.at = end
    this.skipSpace()
    if (xml.charCodeAt(this.at) !== equals) this.refuse('An attribute has no value')
    this.at++
    this.skipSpace()
    const mark = xml.charCodeAt(this.at)
    if (mark !== quote && mark !== apostrophe) this.refuse('An attribute value is not quoted')
    const from = this.at + 1
    const close = this.find(mark === quote ? '"' : "'", from, 'An attribute value is not closed')
    const raw = xml.slice(from, close)
    if (raw.includes('<')) this.refuse('An attribute value holds <')
    this.at = close + 1
    // Section 3.3.3: blanks become spaces, but not those that are written as references.
    const value = /[\t\r\n]/.test(raw) ? raw.replace(/\r\n|[\t\r\n]/g, ' ') : raw
    return { name, value: this.decoded(value, from), at }
  }

  private resolved(given: readonly Given[]): XmlAttribute[] {
    const seen = new Set<string>()
    return given.map(({ name, value, at }) => {
      const { uri, local } = this.scope.attribute(name) ?? this.refuse('A namespace prefix is not declared', at)
      const size = seen.size
      if (seen.add(`{${uri}}${local}`).size === size) this.refuse('An attribute stands twice', at)
      return { uri, local, value }
    })
  }

  /** Comment, CDATA section, or something that is not allowed. */
  private exclaimed(): void {
    const { xml, at } = this
    this.noPhrase()
    if (xml.startsWith('<!--', at)) {
      const end = this.find('--', at + 4, 'A comment is not closed')
      if (xml.charCodeAt(end + 2) !== greater) this.refuse('A comment holds --')
      this.lines(xml.slice(at, end), at)
      this.at = end + 3
    } else if (xml.startsWith('<![CDATA[', at)) {
      if (this.stack.length === 0) this.refuse('Text stands outside the root element')
      const end = this.find(']]>', at + 9, 'A CDATA section is not closed')
      if (end > at + 9) this.handler.text(this.lines(xml.slice(at + 9, end), at + 9))
      this.at = end + 3
    } else if (xml.startsWith('<!DOCTYPE', at)) this.refuse('A document type declaration is not allowed')
    else this.refuse('A tag is not well-formed')
  }
}
