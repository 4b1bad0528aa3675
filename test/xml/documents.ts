/**
 * Documents to try readers on: generated ones that are mostly well-formed, and the same with a few characters gone wrong.
 * Limits: the same seed gives the same documents; the size of each is bounded.
 */

/** A source of numbers in [0, 1) that a seed determines (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const names = ['a', 'b', 'block', 'Envelope', 'x-1', '_', 'é', 'a.b', '𐀀', '__proto__', 'constructor', 'xmlns', 'xml']
const prefixes = ['', '', '', 'p:', 'q:', 'xml:', 'xmlns:', 'soap:']
const uris = ['urn:a', 'urn:b', ' urn:a ', '', 'http://www.w3.org/2000/xmlns/', 'http://www.w3.org/XML/1998/namespace']
const texts = [
  '',
  ' ',
  'x',
  '12.50',
  '\r\n',
  '\t',
  'é',
  '😀',
  '&lt;',
  '&#65;',
  '&#x1F600;',
  '&#13;',
  '&amp;amp;',
  '>',
  "'",
  '"',
  ']]',
  'ÿ',
]
const oddTexts = [
  '&nbsp;',
  '&#0;',
  '&#xD800;',
  '&',
  '&;',
  ']]>',
  '<',
  '\u0000',
  '\uFFFE',
  '\uD800',
  '&#x110000;',
  '&lt',
  '&#;',
  '&__proto__;',
]
const asides = ['<!-- c -->', '<!---->', '<![CDATA[<&]]>', '<![CDATA[]]>', '<!-- - -->', '<![CDATA[]]]]>']
const oddAsides = [
  '<!-- -- -->',
  '<!--->',
  '<!DOCTYPE a>',
  '<?pi?>',
  '<![CDATA[',
  '<!-- ',
  '<!ELEMENT a>',
  '<![cdata[]]>',
  '<!>',
]
const heads = [
  '',
  '',
  '',
  '\uFEFF',
  '<?xml version="1.0"?>',
  "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\r\n",
]
const oddHeads = [
  ' <?xml version="1.0"?>',
  '<?xml version="1.1"?>',
  '<?xml?>',
  '<?xml encoding="a"?>',
  '<?xml version="1.0" standalone="maybe"?>',
  '<?xml version="1.0"encoding="a"?>',
  '\uFEFF\uFEFF',
]
const fragments = [
  '<',
  '>',
  '/',
  '"',
  "'",
  '=',
  ' ',
  ':',
  '&',
  ';',
  '-',
  '!',
  '?',
  'xmlns',
  ']]>',
  '--',
  '\r',
  '\n',
  '\u0001',
  '\uD83D',
  '</a>',
  '<a',
  'x',
]

/** `odd` is how often, of 1, something is written that is probably not well-formed. */
export function generated(random: () => number, odd = 0.02): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const text = () => (random() < odd ? pick(oddTexts) : pick(texts))
  const aside = () => (random() < odd ? pick(oddAsides) : pick(asides))
  const blank = () => pick(['', '', '', ' ', '\n', '\t '])
  const name = (known: readonly string[]) => {
    const prefix = random() < odd ? pick(prefixes) : pick(known)
    return prefix + pick(names.slice(0, random() < odd ? names.length : 8))
  }
  const attribute = (known: readonly string[]) => {
    const mark = pick(['"', "'"])
    const value = `${text()}${text()}`.replaceAll(mark, '')
    return ` ${blank()}${name(known)}${blank()}=${blank()}${mark}${random() < odd ? value : value.replaceAll('<', '')}${mark}`
  }
  const element = (depth: number, above: readonly string[]): string => {
    let known = above
    let attributes = ''
    for (let n = Math.floor(random() * 3); n > 0; n--) {
      if (random() < 0.4) {
        const prefix = pick(['p', 'q', 'soap'])
        known = [...known, `${prefix}:`]
        attributes += ` xmlns:${prefix}="${pick(uris.slice(0, random() < odd ? uris.length : 3))}"`
      } else if (random() < 0.3) attributes += ` xmlns="${pick(uris.slice(0, 4))}"`
      else attributes += attribute(known)
    }
    const own = name(known)
    if (random() < 0.15) return `<${own}${attributes}${blank()}/>`
    let content = ''
    for (let n = Math.floor(random() * 4); n > 0; n--) {
      const kind = random()
      if (kind < 0.45 && depth < 6) {
        const child = element(depth + 1, known)
        content += random() < 0.3 ? child + child : child
      } else content += kind < 0.85 ? text() : aside()
    }
    return `<${own}${attributes}${blank()}>${content}</${random() < odd ? name(known) : own}${blank()}>`
  }
  const head = random() < odd ? pick(oddHeads) : pick(heads)
  const misc = () => (random() < 0.1 ? pick(['<!-- c -->', '\n', ' ']) : '')
  return `${head}${misc()}${element(0, [''])}${misc()}${random() < odd ? pick(['x', '<b/>', '&lt;', '<![CDATA[]]>']) : ''}`
}

const shapes = ['a', 'p:a', 'b', 'p:b', 'a.b']
const tweaks = [
  '<b/>',
  '<a></a>',
  '<!-- c -->',
  ' ',
  '\n',
  '</a>',
  '<a>',
  '<p:a xmlns:p="urn:b">x</p:a>',
  '</b><b>',
  '<a x="">y</a>',
]

/** Items that repeat themselves, as those of messages do, some of them not quite. */
export function repetitive(random: () => number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const item = (depth: number): string => {
    const name = pick(shapes)
    const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      depth < 2 && random() < 0.5 ? item(depth + 1) : '#',
    )
    const declares = random() < 0.1 ? ` xmlns${pick(['', ':p'])}="${pick(uris.slice(0, 2))}"` : ''
    return `<${name}${declares}>${parts.join(pick(['', '', '\n ']))}</${name}>`
  }
  const items = [item(0), item(0)]
  const written = Array.from({ length: 4 + Math.floor(random() * 8) }, () => {
    const whole = (random() < 0.8 ? items[0]! : items[1]!).replaceAll('#', () => pick(texts.slice(0, 9)))
    if (random() < 0.9) return whole
    const at = whole.indexOf(pick(['<', '>']), Math.floor(random() * whole.length)) + Math.round(random())
    return whole.slice(0, at) + pick(tweaks) + whole.slice(at)
  })
  return `<r xmlns:p="urn:a">${written.join(pick(['', '\n']))}</r>`
}

/** The document with one to three small accidents. */
export function mutated(document: string, random: () => number): string {
  let text = document
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
    const at = Math.floor(random() * (text.length + 1))
    const to = Math.min(text.length, at + Math.floor(random() * 4))
    const kind = random()
    if (kind < 0.35) text = text.slice(0, at) + text.slice(to)
    else if (kind < 0.8) text = text.slice(0, at) + fragments[Math.floor(random() * fragments.length)]! + text.slice(at)
    else text = text.slice(0, to) + text.slice(at)
  }
  return text
}
