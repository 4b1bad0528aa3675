/**
 * XML as a tree that can be changed anywhere and written in all the ways that stacks write it.
 * Limits: names are written as they are, so that a change may make a document that is not well-formed.
 */
import type { Dice } from './dice.ts'
import { badIds, badNumbers, badTimes, canary, words } from './values.ts'

export interface Element {
  name: string
  /** undefined: in no namespace. */
  ns: string | undefined
  attributes: (readonly [name: string, value: string])[]
  children: (Element | string)[]
}

const xsi = 'http://www.w3.org/2001/XMLSchema-instance'

export function element(ns: string | undefined, name: string, ...children: (Element | string)[]): Element {
  return { ns, name, attributes: [], children }
}

export const copyOf = (root: Element): Element => structuredClone(root)

function elementsOf(root: Element): Element[] {
  return [root, ...root.children.flatMap((child) => (typeof child === 'string' ? [] : elementsOf(child)))]
}

const odd = [
  '__proto__',
  'constructor',
  'block',
  'cableId',
  'Envelope',
  'Body',
  'Header',
  'Fault',
  'x',
  'é',
  'toString',
  'Security',
]
const namespaces = [
  '',
  'urn:x',
  'urn:oscp-gateway:oscp-1.0:Csp',
  'urn:oscp-gateway:oscp-1.0:Dso',
  'http://www.w3.org/2005/08/addressing',
]

/** Changes one thing, somewhere. */
export function change(root: Element, dice: Dice): void {
  const all = elementsOf(root)
  const one = dice.pick(all)
  const at = dice.below(one.children.length + 1)
  const child = one.children[at]
  const kinds: (() => void)[] = [
    () => void one.children.splice(at, 1),
    () =>
      void (
        child !== undefined &&
        one.children.splice(at, 0, ...dice.times(1 + dice.below(40), () => structuredClone(child)))
      ),
    () => void one.children.splice(at, 0, structuredClone(dice.pick(all))),
    () => void one.children.reverse(),
    () => {
      one.name = dice.pick(odd)
    },
    () => {
      one.ns = dice.pick(namespaces)
    },
    () => {
      one.children = [dice.pick([...badTimes, ...badNumbers, ...badIds, ...words])]
    },
    () => {
      one.children = []
    },
    () => void one.children.splice(at, 0, dice.pick(['x', ' ', '\n', canary, '\u00a0', ']]', '0'])),
    () => void one.attributes.push(oddAttribute(dice)),
    () => {
      one.children = [nested(dice.pick([3, 30, 300]), one.ns, dice.pick(odd), one.children)]
    },
  ]
  dice.pick(kinds)()
}

function oddAttribute(dice: Dice): readonly [string, string] {
  return dice.pick([
    [`xmlns:xsi="${xsi}" xsi:nil`, dice.pick(['true', '1', 'false', canary])],
    [`xmlns:xsi="${xsi}" xsi:type`, dice.pick(['xs:string', 'x:y', canary])],
    ['x', canary],
    ['xmlns', dice.pick(namespaces)],
    ['xmlns:p', 'urn:p'],
    ['xml:lang', 'nl'],
    ['id', 'body'],
    ['encodingStyle', 'http://schemas.xmlsoap.org/soap/encoding/'],
    ['__proto__', 'x'],
  ] as const)
}

function nested(depth: number, ns: string | undefined, name: string, inner: (Element | string)[]): Element {
  let within = element(ns, name, ...inner)
  for (let i = 1; i < depth; i++) within = element(ns, name, within)
  return within
}

/** How one stack writes. */
interface Style {
  readonly prefixed: boolean
  readonly quote: string
  readonly indent: string
  readonly comments: number
  readonly cdata: number
  readonly references: number
}

export function write(root: Element, dice: Dice): string {
  const style: Style = {
    prefixed: dice.often(0.5),
    quote: dice.pick(['"', "'"]),
    indent: dice.pick(['', '', '\n  ', '\r\n\t']),
    comments: dice.pick([0, 0, 0.1]),
    cdata: dice.pick([0, 0, 0.3]),
    references: dice.pick([0, 0, 0.2]),
  }
  return writeElement(root, undefined, style, dice)
}

function writeElement(one: Element, outer: string | undefined, style: Style, dice: Dice): string {
  const { name, ns, attributes, children } = one
  const q = style.quote
  const prefix = ns !== undefined && ns !== '' && style.prefixed ? 'n:' : ''
  const scope = prefix === '' ? (ns ?? '') : outer
  const declared = prefix !== '' ? ` xmlns:n=${q}${ns}${q}` : (outer ?? '') === scope ? '' : ` xmlns=${q}${scope}${q}`
  const given = attributes.map(([key, value]) => ` ${key}=${q}${escaped(value, q)}${q}`).join('')
  if (children.length === 0 && dice.often(0.5)) return `<${prefix}${name}${declared}${given}/>`
  const inner = children.map((child) =>
    typeof child === 'string' ? writeText(child, style, dice) : style.indent + writeElement(child, scope, style, dice),
  )
  return `<${prefix}${name}${declared}${given}>${inner.join('')}</${prefix}${name}>`
}

function writeText(text: string, { comments, cdata, references }: Style, dice: Dice): string {
  const aside = dice.often(comments) ? '<!-- x -->' : ''
  if (dice.often(cdata) && !text.includes(']]>')) return `${aside}<![CDATA[${text}]]>`
  const half = aside && text.length > 1 ? Math.floor(text.length / 2) : 0
  const piece = (part: string) =>
    dice.often(references)
      ? [...part].map((c) => `&#${dice.often(0.5) ? c.codePointAt(0) : `x${c.codePointAt(0)!.toString(16)}`};`).join('')
      : escaped(part, '"')
  return piece(text.slice(0, half)) + aside + piece(text.slice(half))
}

function escaped(text: string, quote: string): string {
  return text.replace(/[&<>"']/g, (c) =>
    c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : c === quote ? (c === '"' ? '&quot;' : '&apos;') : c,
  )
}
