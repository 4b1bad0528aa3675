/**
 * Turns the rules of one direction into the rows of a table: every field of both messages, what is done with it, and why.
 * Limits: it says what the rules say, not what one message met; that is the receipt's.
 */
import { type Complex, type Field, fieldPaths } from '../contract/model.ts'
import { codecFor, copyCodec } from './codecs/index.ts'
import type { Ends } from './compile.ts'
import { conditionTitle } from './conditions.ts'
import type { CodecRef, Direction, Fidelity, Rule, ShaperRef } from './rules.ts'
import { type Shaper, shaperFor } from './shapers/index.ts'
import { sourceTitle } from './sources.ts'

/** One line of the table; an absent path is a field that the rule does not touch on that side. */
export interface Row {
  readonly source?: string | undefined
  readonly target?: string | undefined
  readonly rule: string
  readonly reason: string
  /** Of what arrives; nothing arrives of a field that is dropped, held or refused. */
  readonly fidelity?: Fidelity | undefined
  readonly isGuard?: boolean
}

const leftOut = 'left out'

/** The least faithful that a shaper may be to a message; without one it leaves every message as it is. */
const leastFaithful: Record<ShaperRef['use'], Partial<Record<Direction, Fidelity>>> = {
  tightest: { toModern: 'safe', toLegacy: 'safe' },
  phases: { toModern: 'exact', toLegacy: 'approximate' },
  'one unit': { toLegacy: 'approximate' },
  'unit per block': { toLegacy: 'approximate' },
  grid: { toLegacy: 'safe' },
  usage: { toModern: 'exact', toLegacy: 'approximate' },
}

/** All rows of one direction, in the order of the source's fields, then of the target's. */
export function rowsOf(rules: readonly Rule[], ends: Ends, direction: Direction): Row[] {
  const walker = new RuleWalker(ends, direction)
  walker.walk(rules, { legacy: '', modern: '' })
  const [source, target] = direction === 'toModern' ? [ends.legacy, ends.modern] : ([ends.modern, ends.legacy] as const)
  const rows = [...walker.rows, ...passing(walker.rows)]
  rows.push(...remaining(source, 'source', walker.rows), ...remaining(target, 'target', walker.rows))
  const order = (row: Row) =>
    row.source === undefined ? 1e6 + position(target, row.target) : position(source, row.source)
  const sent = new Set(rows.flatMap((row) => (row.rule === leftOut ? [] : (row.target ?? []))))
  return rows
    .filter((row) => row.rule !== leftOut || !sent.has(row.target ?? ''))
    .toSorted((a, b) => order(a) - order(b))
}

/** What shapers among these rules may leave out of a list, by the shaper's name. */
export function omissionsOf(rules: readonly Rule[]): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const rule of rules) {
    if (rule.verb === 'each') for (const [use, reasons] of omissionsOf(rule.rules)) found.set(use, reasons)
    if (rule.verb !== 'shape') continue
    const reasons = Object.values(shaperFor(rule.shaper).drops)
    if (reasons.length > 0) found.set(rule.shaper.use, reasons)
  }
  return found
}

function position(type: Complex, path: string | undefined): number {
  return [...fieldPaths(type)].findIndex((found) => found.path === path)
}

/** Fields that are only looked at: unless held or refused, the message goes on, and its being so says what they said. */
function passing(rows: readonly Row[]): Row[] {
  const guarded = new Set(rows.filter((row) => row.isGuard).map((row) => row.source))
  return [...guarded].flatMap((source): Row[] => {
    const own = rows.filter((row) => row.source === source)
    if (!own.every((row) => row.isGuard) || own.some((row) => row.rule.endsWith(' always'))) return []
    const reason = 'That the other message is sent at all says it.'
    return [{ source, rule: 'otherwise the message goes on without it', reason }]
  })
}

/** Fields that no rule names by themselves: what holds named fields, and what goes with what holds it. */
function remaining(type: Complex, side: 'source' | 'target', rows: readonly Row[]): Row[] {
  const named = new Set(rows.flatMap((row) => row[side] ?? []))
  return [...fieldPaths(type)].flatMap(({ path }): Row[] => {
    if (named.has(path)) return []
    const owner = [...named].filter((other) => path.startsWith(`${other}.`)).toSorted((a, b) => b.length - a.length)[0]
    const holds = [...named].some((other) => other.startsWith(`${path}.`))
    if (!holds && owner === undefined) return []
    const rule = holds ? 'holds the fields below it' : `goes with \`${owner}\``
    return [{ [side]: path, rule, reason: '' }]
  })
}

interface Place {
  readonly legacy: string
  readonly modern: string
}

class RuleWalker {
  readonly rows: Row[] = []
  private readonly up: boolean
  private readonly direction: Direction
  private readonly fields: { readonly legacy: Map<string, Field>; readonly modern: Map<string, Field> }

  constructor(ends: Ends, direction: Direction) {
    this.direction = direction
    this.up = direction === 'toModern'
    const index = (type: Complex) => new Map([...fieldPaths(type)].map(({ path, field }) => [path, field]))
    this.fields = { legacy: index(ends.legacy), modern: index(ends.modern) }
  }

  walk(rules: readonly Rule[], start: Place): void {
    let place = start
    for (const rule of rules) {
      if (rule.direction !== undefined && rule.direction !== this.direction) {
        // A drop in the other direction says why this field has nothing to come from.
        if (rule.verb === 'drop') this.leaveOut(this.target(rule.path, place), rule.reason)
        continue
      }
      if (rule.verb === 'split') place = this.split(rule, place)
      else this.rule(rule, place)
    }
  }

  private split(rule: Rule & { verb: 'split' }, place: Place): Place {
    const list = this.path('legacy', rule.legacy, place) ?? rule.legacy
    if (this.up) this.add({ source: list, rule: 'split: each item becomes a message of its own', reason: rule.answers })
    else this.add({ target: list, rule: 'the message becomes the one item', reason: rule.answers })
    return { ...place, legacy: `${list}.` }
  }

  private rule(rule: Exclude<Rule, { verb: 'split' }>, place: Place): void {
    switch (rule.verb) {
      case 'same':
      case 'via':
        return this.value(rule, rule.verb === 'via' ? codecFor(rule.codec) : copyCodec, place)
      case 'each': {
        const [legacy, modern] = this.pair(rule, place)
        this.add({ ...this.sides(legacy, modern), rule: 'item by item', reason: '' })
        return this.walk(rule.rules, { legacy: `${legacy}.`, modern: `${modern}.` })
      }
      case 'spread':
        return this.spread(rule, place)
      case 'shape':
        return this.shape(rule, shaperFor(rule.shaper), place)
      case 'fill': {
        const target = this.target(rule.path, place)
        if (target !== undefined) this.add({ target, rule: sourceTitle(rule.source), reason: rule.reason })
        return
      }
      case 'drop': {
        const source = this.source(rule.path, place)
        if (source !== undefined) this.add({ source, rule: 'dropped, and counted', reason: rule.reason })
        else this.leaveOut(this.target(rule.path, place), rule.reason)
        return
      }
      case 'keep': {
        const [source, target] = [this.source(rule.path, place), this.target(rule.path, place)]
        const { reason } = rule
        if (source !== undefined) this.add({ source, rule: `kept until ${rule.lifetime.until}`, reason })
        else if (target !== undefined) this.add({ target, rule: 'restored from what was kept', reason })
        return
      }
      default: {
        const source = this.source(rule.path, place)
        if (source === undefined) return
        const what = rule.verb === 'hold' ? `held for the flow "${rule.flow}"` : `refused (${rule.error})`
        this.add({ source, rule: `${what} ${conditionTitle(rule.when)}`, reason: rule.reason, isGuard: true })
      }
    }
  }

  private value(rule: Rule & { verb: 'same' | 'via' }, codec: ReturnType<typeof codecFor>, place: Place): void {
    const [legacy, modern] = this.pair(rule, place)
    const absent = this.up && codec.absent !== undefined ? `; "${codec.absent}" where it is absent` : ''
    this.add({ ...this.sides(legacy, modern), rule: codec.title + absent, reason: '', fidelity: codec.fidelity })
  }

  private spread(rule: Rule & { verb: 'spread'; codec: CodecRef }, place: Place): void {
    const [legacy, modern] = this.pair(rule, place)
    const codec = codecFor(rule.codec)
    const how = this.up ? 'the same on every item' : 'the one value that all items have'
    const { fidelity } = codec
    this.add({ ...this.sides(legacy, modern), rule: `${how}; ${codec.title}`, reason: rule.differ, fidelity })
  }

  /** What only a shaper reads or writes are fields of its list; without any, the row is about the list itself. */
  private shape(rule: Rule & { verb: 'shape' }, shaper: Shaper, place: Place): void {
    const [legacy, modern] = this.pair(rule, place)
    const { use } = rule.shaper
    const fidelity = leastFaithful[use][this.direction]
    if (fidelity === undefined) return
    this.add({ ...this.sides(legacy, modern), rule: `${use}: ${shaper.title}`, reason: shaper.reason, fidelity })
    const within = `by ${use}`
    const own = shaper.owns.map((name) => `${modern}.${name}`)
    const read = shaper.reads.map((name) => `${legacy}.${name}`).filter((path) => this.fields.legacy.has(path))
    for (const path of own)
      this.add({ [this.up ? 'target' : 'source']: path, rule: `${this.up ? 'written' : 'read'} ${within}`, reason: '' })
    for (const path of read) {
      const name = path.slice(legacy.length + 1)
      if (this.up) this.add({ source: path, rule: `read ${within}`, reason: '' })
      else if (name in shaper.writes) this.add({ target: path, rule: `written ${within}`, reason: '' })
      else this.leaveOut(path, '')
    }
  }

  private leaveOut(target: string | undefined, reason: string): void {
    if (target !== undefined) this.add({ target, rule: leftOut, reason })
  }

  private add(row: Row): void {
    const isSent = row.target !== undefined && row.rule !== leftOut
    this.rows.push({ ...(isSent ? { fidelity: 'exact' } : {}), ...row })
  }

  private sides(legacy: string, modern: string): Pick<Row, 'source' | 'target'> {
    return this.up ? { source: legacy, target: modern } : { source: modern, target: legacy }
  }

  private pair(rule: { readonly legacy: string; readonly modern: string }, place: Place): [string, string] {
    return [
      this.path('legacy', rule.legacy, place) ?? place.legacy + rule.legacy,
      this.path('modern', rule.modern, place) ?? place.modern + rule.modern,
    ]
  }

  private source(path: string, place: Place): string | undefined {
    return this.path(this.up ? 'legacy' : 'modern', path, place)
  }

  private target(path: string, place: Place): string | undefined {
    return this.path(this.up ? 'modern' : 'legacy', path, place)
  }

  /** The full path as contracts write it, `[]` on every list. */
  private path(side: 'legacy' | 'modern', path: string, place: Place): string | undefined {
    const full = place[side] + path
    return [full, `${full}[]`].find((name) => this.fields[side].has(name))
  }
}
