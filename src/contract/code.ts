/**
 * Writes JavaScript for what a contract has fixed, so that nothing of it is looked up again for each message: where closures
 * call each other through tables, V8 keeps none of the shapes it has seen, and takes five times as long.
 * Limits: names come in quoted, from contracts alone; nothing that a message says ever becomes code.
 */

/** A piece of a text that code makes: words as they are, or an expression. */
export type Piece = { readonly text: string } | { readonly code: string }

/** One expression for all of them; pieces of text that stand side by side are one. */
export function joined(pieces: readonly Piece[]): string {
  const terms = [`''`]
  let text = ''
  for (const piece of [...pieces, { code: '' }]) {
    if ('text' in piece) text += piece.text
    else {
      if (text !== '') terms.push(quoted(text))
      if (piece.code !== '') terms.push(piece.code)
      text = ''
    }
  }
  return terms.join(' + ')
}

/** Text as code that stands for it. */
export const quoted = (text: string): string => JSON.stringify(text)

/** Functions that call each other, and what they need from outside, by name. */
export class Functions {
  private readonly written: string[] = []
  private readonly outside: Readonly<Record<string, unknown>>

  constructor(outside: Readonly<Record<string, unknown>>) {
    this.outside = outside
  }

  /** Adds a function with this parameter and returns its name. */
  add(parameter: string, lines: readonly string[]): string {
    const name = `f${this.written.length}`
    this.written.push(`const ${name} = (${parameter}) => {\n${lines.join('\n')}\n}`)
    return name
  }

  /** The function of this name, ready to be called. */
  compiled(name: string): unknown {
    const code = `'use strict'\n${this.written.join('\n')}\nreturn ${name}`
    return new Function(...Object.keys(this.outside), code)(...Object.values(this.outside))
  }
}

/** One function by itself, ready to be called; `outside` is what it needs, by name. */
export function functionOf<Result>(
  parameters: string,
  lines: readonly string[],
  outside: Readonly<Record<string, unknown>> = {},
): Result {
  const functions = new Functions(outside)
  return functions.compiled(functions.add(parameters, lines)) as Result
}

type Value = Record<string, unknown>

interface Member {
  readonly name: string
  readonly isList: boolean
}

/** Makes objects of one hidden class with these members, in this order: each undefined, or an empty list. */
export function objectMaker(members: readonly Member[]): () => Value {
  let make: (() => Value) | undefined
  return () => {
    make ??= writtenMaker(members)
    return make()
  }
}

function writtenMaker(members: readonly Member[]): () => Value {
  const code = members.map(({ name, isList }) => {
    // By itself it would not be the name of a member.
    const key = name === '__proto__' ? '["__proto__"]' : quoted(name)
    return `${key}: ${isList ? '[]' : 'undefined'}`
  })
  return functionOf('', [`return { ${code.join(', ')} }`])
}
