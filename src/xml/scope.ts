/**
 * Which namespace each prefix stands for at one place of a document, with the names resolved there so far.
 * Limits: a scope is made only where something is declared; it holds all that is declared around it, so a look is one step.
 */
import { Phrases } from './phrase.ts'

export const xmlnsUri = 'http://www.w3.org/2000/xmlns/'
const xmlUri = 'http://www.w3.org/XML/1998/namespace'

export interface QName {
  readonly uri: string
  readonly local: string
}

/** An element as its tags name it; what opens it leaves the scope as it is. */
export interface Element extends QName {
  readonly name: string
  /** The scope that its tags stand in. */
  readonly outer: Scope
}

export class Scope {
  private readonly prefixes: ReadonlyMap<string, string>
  private readonly names = new Map<string, Element>()
  readonly phrases = new Phrases()

  private constructor(prefixes: ReadonlyMap<string, string>) {
    this.prefixes = prefixes
  }

  static outermost(): Scope {
    return new Scope(
      new Map([
        ['xml', xmlUri],
        ['xmlns', xmlnsUri],
      ]),
    )
  }

  /** The scope inside a tag with these attributes; undefined when one of them declares what must not be declared. */
  declaring(attributes: readonly { readonly name: string; readonly value: string }[]): Scope | undefined {
    const prefixes = new Map(this.prefixes)
    for (const { name, value } of attributes) {
      // Blanks around a namespace name mean nothing to anybody.
      const uri = value.trim()
      if (name === 'xmlns') {
        if (uri === xmlUri || uri === xmlnsUri) return undefined
        prefixes.set('', uri)
      } else if (name.startsWith('xmlns:')) {
        const prefix = name.slice(6)
        if (uri === '' || uri === xmlnsUri || prefix === 'xmlns') return undefined
        if ((prefix === 'xml') !== (uri === xmlUri)) return undefined
        prefixes.set(prefix, uri)
      }
    }
    return new Scope(prefixes)
  }

  /** An element's name resolved; undefined when its prefix is not declared. */
  element(name: string): Element | undefined {
    const known = this.names.get(name)
    if (known !== undefined) return known
    const colon = name.indexOf(':')
    const uri = this.prefixes.get(colon < 0 ? '' : name.slice(0, colon)) ?? ''
    if (colon >= 0 && (uri === '' || uri === xmlnsUri)) return undefined
    const element = { name, uri, local: name.slice(colon + 1), outer: this }
    this.names.set(name, element)
    return element
  }

  /** An attribute's name resolved; the default namespace does not concern it. */
  attribute(name: string): QName | undefined {
    const colon = name.indexOf(':')
    if (colon < 0) return { uri: name === 'xmlns' ? xmlnsUri : '', local: name }
    const uri = this.prefixes.get(name.slice(0, colon))
    return uri === undefined || uri === '' ? undefined : { uri, local: name.slice(colon + 1) }
  }
}
