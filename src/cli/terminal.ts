/**
 * Draws on a terminal: what it lays out fits the width, and colour appears only on a terminal whose user did not refuse it.
 * Limits: text is laid out first and coloured last, so that colour never counts as width; below 76 columns it is drawn for 76.
 */
import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** Colours a line that already has its place. */
export type Paint = (line: string) => string

/** One side of a comparison: what stands above it, its lines in rows that start level with the other side's, its colours. */
export interface Side {
  readonly head: string
  readonly rows: readonly (readonly string[])[]
  readonly paint: Paint
}

/** A closing tag makes XML lines longer than the same in JSON. */
const leftShare = 0.54
const leastSideBySide = 100

export class Terminal {
  readonly width: number
  private readonly stream: NodeJS.WriteStream

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream
    // A pipe has no columns, and a terminal of unknown size says 0.
    this.width = Math.max(76, stream.columns || 100)
    // Whoever reads through a pager may leave before the end; that is no failure.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }

  get isWide(): boolean {
    return this.width >= leastSideBySide
  }

  style(style: Style, text: string): string {
    // hasColors() is false for NO_COLOR and dumb terminals, so that the environment need not be read here.
    return this.stream.isTTY && this.stream.hasColors() ? styleText(style, text, { validateStream: false }) : text
  }

  print(...lines: readonly string[]): void {
    for (const line of lines) this.stream.write(`${line.trimEnd()}\n`)
  }

  /** Prose, or any line that may be long; what does not fit goes on `hang` columns further in. */
  paragraph(text: string, style?: Style, hang = 0): void {
    for (const line of wrap(` ${text}`, this.width, hang)) this.print(style ? this.style(style, line) : line)
  }

  heading(title: string): void {
    const rule = '━'.repeat(Math.max(0, this.width - title.length - 4))
    this.print('', `${this.style('dim', '━━')} ${this.style('bold', title)} ${this.style('dim', rule)}`, '')
  }

  /** Side by side on a wide terminal, one after the other on a narrow one. */
  compare(left: Side, right: Side): void {
    if (this.isWide) this.sideBySide(left, right)
    else for (const side of [left, right]) this.stacked(side)
  }

  /** Lines in colours of their own. */
  listing(lines: readonly string[], paint: Paint): void {
    for (const line of lines.flatMap((long) => wrap(long, this.width, 2))) this.print(paint(line))
    this.print('')
  }

  private stacked({ head, rows, paint }: Side): void {
    this.print(this.style('bold', head), this.style('dim', '─'.repeat(this.width)))
    this.listing(rows.flat(), paint)
  }

  private sideBySide(left: Side, right: Side): void {
    const leftWidth = Math.floor((this.width - 3) * leftShare)
    const rightWidth = this.width - 3 - leftWidth
    const bar = this.style('dim', '│')
    const draw = (l: string, r: string, paintLeft: Paint, paintRight: Paint) =>
      this.print(`${paintLeft(l)}${' '.repeat(leftWidth - l.length)} ${bar} ${paintRight(r)}`)
    const bold: Paint = (line) => this.style('bold', line)
    draw(left.head, right.head, bold, bold)
    this.print(this.style('dim', `${'─'.repeat(leftWidth + 1)}┼${'─'.repeat(rightWidth + 1)}`))
    for (let row = 0; row < Math.max(left.rows.length, right.rows.length); row++) {
      const l = (left.rows[row] ?? []).flatMap((line) => wrap(line, leftWidth, 2))
      const r = (right.rows[row] ?? []).flatMap((line) => wrap(line, rightWidth, 2))
      for (let i = 0; i < Math.max(l.length, r.length); i++) draw(l[i] ?? '', r[i] ?? '', left.paint, right.paint)
    }
    this.print('')
  }
}

/** Pieces no longer than `width`, broken at a space, else before a slash, else anywhere; all but the first go in by `hang`. */
function wrap(line: string, width: number, hang: number): string[] {
  const indent = line.length - line.trimStart().length + hang
  const pieces: string[] = []
  let rest = line
  while (rest.length > width) {
    const start = rest.length - rest.trimStart().length
    const space = rest.lastIndexOf(' ', width)
    const slash = rest.slice(0, width).search(/(?<=\w)\/\w[^/]*$/)
    const cut = space > start ? space : slash > start ? slash : width
    pieces.push(rest.slice(0, cut))
    rest = ' '.repeat(indent) + rest.slice(cut).trimStart()
  }
  return [...pieces, rest]
}
