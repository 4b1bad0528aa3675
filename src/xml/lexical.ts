/** What XML 1.0 counts as a character, a name, a reference and a declaration. */

const start =
  ':A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}-\\u{200D}\\u{2070}-\\u{218F}' +
  '\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'
/** XML 1.0 section 2.3, and Namespaces section 4: one colon at most, and something on either side of it. */
const name = new RegExp(`^(?!:)[${start}][${start}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}-\\u{2040}]*(?<!:)$`, 'u')
const simple = /^[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?$/

/** Whether this is a name that may have one prefix. What follows the colon need not be a name by itself: saxes agrees. */
export function isName(text: string): boolean {
  if (simple.test(text)) return true
  return name.test(text) && text.indexOf(':') === text.lastIndexOf(':')
}

// What is not one character is named, because that is looked for faster than what is none of the others.
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids exactly these
const odd = /[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/
const forbidden = /[^\t\r\n\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

/** Where the first character is that XML 1.0 does not allow; -1 when there is none. */
export function unfit(text: string): number {
  // Surrogates are rare: without them the check needs no pairs, and is twice as fast.
  return odd.test(text) ? text.search(forbidden) : -1
}

const known: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' }

/** The text with its references decoded; undefined when one is not one of the five, or names no character of XML. */
export function references(text: string): string | undefined {
  let decoded = ''
  let at = 0
  for (let next = text.indexOf('&'); next >= 0; next = text.indexOf('&', at)) {
    const end = text.indexOf(';', next)
    const character = end < 0 ? undefined : reference(text.slice(next + 1, end))
    if (character === undefined) return undefined
    decoded += text.slice(at, next) + character
    at = end + 1
  }
  return decoded + text.slice(at)
}

function reference(body: string): string | undefined {
  if (body.charCodeAt(0) !== 35) return Object.hasOwn(known, body) ? known[body] : undefined
  const digits = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(body)
  if (!digits) return undefined
  const code = digits[1] === undefined ? Number.parseInt(digits[2]!, 10) : Number.parseInt(digits[1], 16)
  if (!(code <= 0x10ffff)) return undefined
  const character = String.fromCodePoint(code)
  return unfit(character) < 0 ? character : undefined
}

const declaration =
  /^[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"[A-Za-z][A-Za-z0-9._-]*"|'[A-Za-z][A-Za-z0-9._-]*'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*$/

/** Whether what stands between `<?xml` and `?>` is a declaration of XML 1.0. */
export function isDeclaration(text: string): boolean {
  return declaration.test(text)
}
