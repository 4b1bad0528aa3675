/**
 * HTML by template literals: every value is escaped unless it is HTML made by this same function.
 * Limits: for text and for attribute values in double quotes; nothing is ever put into a script, a style or an unquoted attribute.
 */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

export type Part = Html | string | number | undefined | false | null | readonly Part[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What HTML does not allow at all is shown as the character that says so. */
export function escapeHtml(text: string): string {
  // Most values are plain, and a page has thousands of them.
  if (/^[ !#-%(-;=?-~]*$/.test(text)) return text
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are to be found
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"']/g, (character) => entities[character]!)
  )
}

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, i) => text + textOf(parts[i - 1]) + string))
}

export function joined(parts: readonly Part[], between: Part = ''): Html {
  return new Html(parts.map(textOf).join(textOf(between)))
}

function textOf(part: Part): string {
  if (part === undefined || part === null || part === false) return ''
  if (part instanceof Html) return part.text
  if (Array.isArray(part)) return part.map(textOf).join('')
  return escapeHtml(String(part))
}
