/**
 * Finds the elements that a signature refers to in one walk over the document: the library searches all of it several times
 * for every reference, which takes half a minute for a large message with sixteen of them (measured).
 * Limits: it stands in for a private method of xml-crypto and is kept to the rules of that; should the method go, messages
 * are verified as slowly as before, and a test says so.
 */
import { type Reference, SignedXml } from 'xml-crypto'
import { readBase64 } from './refusal.ts'

/** What is needed of a DOM node. */
interface DomNode {
  readonly nodeType: number
  readonly firstChild: DomNode | null
  readonly nextSibling: DomNode | null
  readonly parentNode: DomNode | null
  readonly attributes?: ArrayLike<{ readonly localName: string; readonly value: string }>
}

interface Internals {
  idAttributes: readonly string[]
  HashAlgorithms: SignedXml['HashAlgorithms']
  getCanonReferenceXml(document: DomNode, reference: Reference, element: DomNode): string
}

type Index = ReadonlyMap<string, readonly DomNode[]>

const elementNode = 1

export class IndexedSignedXml extends SignedXml {
  private readonly indexes = new WeakMap<DomNode, Index>()

  /** The canonical form of what is referred to; undefined when its digest is another. Throws when an id is missing or twice there. */
  validated(reference: Reference, document: DomNode): string | undefined {
    const internals = this as unknown as Internals
    let index = this.indexes.get(document)
    index ??= elementsById(document, internals.idAttributes)
    this.indexes.set(document, index)
    const [element, twin] = index.get(reference.uri.slice(1)) ?? []
    if (!element || twin) throw new Error('A reference names no element, or several.')
    reference.xpath = pathOf(element)
    const canonical = internals.getCanonReferenceXml(document, reference, element)
    const hash = new internals.HashAlgorithms[reference.digestAlgorithm]!()
    const [own, said] = [readBase64(hash.getHash(canonical)), readBase64(String(reference.digestValue))]
    return own && said?.equals(own) ? canonical : undefined
  }
}

Object.defineProperty(IndexedSignedXml.prototype, 'validateReference', { value: IndexedSignedXml.prototype.validated })

/** Every element by the value of every attribute that may be an id, whatever its namespace. */
function elementsById(document: DomNode, names: readonly string[]): Index {
  const found = new Map<string, DomNode[]>()
  let node: DomNode | null = document
  while (node) {
    if (node.nodeType === elementNode)
      for (const { localName, value } of Array.from(node.attributes ?? [])) {
        if (!names.includes(localName)) continue
        const same = found.get(value)
        if (same) same.push(node)
        else found.set(value, [node])
      }
    node = node.firstChild ?? following(node)
  }
  return found
}

function following(node: DomNode): DomNode | null {
  let at: DomNode | null = node
  while (at && !at.nextSibling) at = at.parentNode
  return at?.nextSibling ?? null
}

/** Where an element stands, as an XPath that needs no search. */
function pathOf(element: DomNode): string {
  const steps: string[] = []
  for (let at: DomNode | null = element; at && at.nodeType === elementNode; at = at.parentNode) {
    let position = 1
    for (
      let other: DomNode | null = at.parentNode?.firstChild ?? null;
      other && other !== at;
      other = other.nextSibling
    )
      if (other.nodeType === elementNode) position++
    steps.unshift(`*[${position}]`)
  }
  return `/${steps.join('/')}`
}
