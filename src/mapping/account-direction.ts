/**
 * Accounts for the fields of one list of rules in one direction: who reads each source field, who writes each target field.
 * Limits: where rules stand in their list is account-order.ts's business.
 */
import { type Complex, type Field, fieldPaths } from '../contract/model.ts'
import { indexOf, isBelow, leastOf, misfitOf, note, type Place, shaperPaths } from './account-fields.ts'
import { conditionMisfit, type Guard, unaccounted } from './account-guards.ts'
import { type Codec, codecFor, copyCodec } from './codecs/index.ts'
import type { Ends } from './compile.ts'
import type { Condition, Direction, Rule } from './rules.ts'
import { shaperFor } from './shapers/index.ts'
import { sourceMisfit } from './sources.ts'

export const arrow: Record<Direction, string> = { toModern: 'towards 2.0', toLegacy: 'towards 1.0' }

export type Report = (rule: string, sentence: string) => void

export class Accountant {
  private readonly consumed = new Map<string, string[]>()
  private readonly produced = new Map<string, string[]>()
  /** What guards ask of a source field, and the constants that the other direction fills in. */
  private readonly guarded = new Map<string, Condition[]>()
  private readonly implied = new Map<string, string>()
  /** Target fields named absent on purpose; source fields that a shaper or a guard makes sure of. */
  private readonly absent = new Set<string>()
  private readonly ensured = new Set<string>()
  /** Lists and objects that were dropped, kept or held whole, with all that is in them. */
  private readonly wholes = new Set<string>()
  /** A message that is never sent on is never translated, so nothing of its target is needed. */
  private neverSent = false
  private readonly up: boolean
  private readonly fields: { legacy: Map<string, Field>; modern: Map<string, Field> }
  private readonly direction: Direction
  private readonly report: Report
  private readonly rules: readonly Rule[]
  private readonly ends: Ends

  constructor(direction: Direction, report: Report, rules: readonly Rule[], ends: Ends) {
    this.direction = direction
    this.report = report
    this.rules = rules
    this.ends = ends
    this.up = direction === 'toModern'
    this.fields = { legacy: indexOf(ends.legacy), modern: indexOf(ends.modern) }
  }

  /** `carried` is false for an answer the gateway gives itself: then nothing comes from, or goes to, the 2.0 side. */
  run(title: string, carried: boolean): void {
    const at = this.rules.findIndex((rule) => rule.verb === 'split')
    const split = this.rules[at] as (Rule & { verb: 'split' }) | undefined
    const item = split ? this.listed('legacy', split.legacy) : ''
    if (split) this.split(split, item)
    // What stands before the split is about the message, what stands after it about the item.
    const places: [readonly Rule[], Place][] = [
      [this.rules.slice(0, Math.max(0, at)), { legacy: '', modern: '' }],
      [this.rules.slice(at + 1), { legacy: split ? `${item}.` : '', modern: '' }],
    ]
    for (const [rules, place] of places) this.ensure(rules, place)
    for (const [rules, place] of places) this.walk(rules, place)
    const { legacy, modern } = this.ends
    if (carried || this.up) this.sources(title, this.up ? legacy : modern)
    if ((carried || !this.up) && !this.neverSent) this.targets(title, this.up ? modern : legacy)
  }

  private split(rule: Rule & { verb: 'split' }, item: string): void {
    this.both(item, undefined, 'split')
    const by = this.fields.legacy.get(`${item}.${rule.by}`)
    if (!by) this.unknown('split', `${item}.${rule.by}`)
    else if (by.type.kind !== 'scalar' || by.max > 1 || by.min === 0)
      this.report('split', `${rule.by} must be a single value that every item has`)
    this.reasoned('split', rule.answers)
  }

  /** What shapers make sure of must be known before the cardinality of any rule is judged. */
  private ensure(rules: readonly Rule[], place: Place): void {
    for (const rule of rules) {
      if (rule.verb === 'shape' && !this.up)
        for (const name of shaperFor(rule.shaper).ensures) this.ensured.add(`${place.modern}${rule.modern}[].${name}`)
      const applies = rule.direction === undefined || rule.direction === this.direction
      if (rule.verb === 'refuse' && rule.when.is === 'absent' && applies)
        this.ensured.add(place[this.up ? 'legacy' : 'modern'] + rule.path)
    }
  }

  private sources(title: string, type: Complex): void {
    for (const { path, field } of fieldPaths(type)) {
      const by = this.consumed.get(path) ?? []
      if (by.length > 1) this.report(title, `${path} is read by more than one rule: ${by.join(', ')}`)
      if (by.length > 0 && isBelow(this.wholes, path))
        this.report(title, `${path} is read by ${by.join(', ')}, but what it stands in is forgotten as a whole`)
      if (by.length > 0 || this.isOpened(this.consumed, path, field)) continue
      const guards = this.guarded.get(path)
      const left = guards && unaccounted(field, guards, this.implied.get(path))
      if (left === undefined)
        this.report(title, `no rule accounts for the source field ${path}; map it, keep it, or drop it with a reason`)
      else if (left.length > 0)
        this.report(title, `${path} is only refused or held, and no rule accounts for it when it is ${left.join(', ')}`)
    }
  }

  private targets(title: string, type: Complex): void {
    for (const { path, field } of fieldPaths(type)) {
      const by = this.produced.get(path) ?? []
      if (by.length > 1) this.report(title, `${path} is written by more than one rule: ${by.join(', ')}`)
      if (by.length > 0 || this.isOpened(this.produced, path, field) || isBelow(this.absent, path)) continue
      // Only what may be absent can be named absent.
      if (field.min === 0 && this.absent.has(path)) continue
      if (field.min > 0) this.report(title, `no rule produces the required field ${path}; map it or fill it`)
      else this.report(title, `no rule produces or names the optional field ${path}`)
    }
  }

  /** An object that stands once needs no rule of its own where rules name what is in it. */
  private isOpened(book: Map<string, string[]>, path: string, field: Field): boolean {
    if (book === this.consumed && isBelow(this.wholes, path)) return true
    if (field.type.kind === 'scalar' || field.max > 1) return false
    return [...book.keys()].some((other) => other.startsWith(`${path}.`))
  }

  private walk(rules: readonly Rule[], place: Place): void {
    for (const rule of rules) {
      const applies = rule.direction === undefined || rule.direction === this.direction
      if (applies) this.rule(rule, place)
      // A drop in the other direction is how a module says that this field has no home in this one.
      else if (rule.verb === 'drop') this.nameAbsent(rule.path, place)
      if (rule.verb === 'fill' && rule.source.from === 'constant' && rule.direction !== this.direction) {
        const source = this.at('source', rule.path, place)
        if (source !== undefined) this.implied.set(source, String(rule.source.value))
      }
    }
  }

  private rule(rule: Rule, place: Place): void {
    switch (rule.verb) {
      case 'same':
      case 'via': {
        const [legacy, modern] = [place.legacy + rule.legacy, place.modern + rule.modern]
        this.both(legacy, modern, rule.verb)
        return this.fits(rule.verb, legacy, modern, place, rule.verb === 'via' ? codecFor(rule.codec) : copyCodec)
      }
      case 'each':
        return this.each(rule, place)
      case 'spread': {
        const [legacy, modern] = [place.legacy + rule.legacy, place.modern + rule.modern]
        this.both(legacy, modern, 'spread')
        this.fits('spread', legacy, modern, place, codecFor(rule.codec))
        return this.reasoned('spread', rule.differ)
      }
      case 'shape':
        return this.shape(rule, place)
      case 'fill': {
        this.reasoned(`fill ${rule.path}`, rule.reason)
        const target = this.at('target', rule.path, place)
        if (target !== undefined) {
          note(this.produced, target, 'fill')
          const misfit = sourceMisfit(
            rule.source,
            this.fields[this.up ? 'modern' : 'legacy'].get(target)!,
            this.direction,
          )
          if (misfit !== undefined) this.report(`fill ${rule.path}`, misfit)
        } else if (this.at('source', rule.path, place) === undefined) this.unknown('fill', rule.path)
        return
      }
      case 'drop':
      case 'keep':
        return this.forget(rule, place)
      case 'refuse':
      case 'hold':
        return this.guard(rule, place)
      case 'split':
        this.report('split', 'must stand at the top of a message, once')
    }
  }

  private guard(rule: Guard, place: Place): void {
    const title = `${rule.verb} ${rule.path}`
    this.reasoned(title, rule.reason)
    const source = this.at('source', rule.path, place)
    if (source === undefined) {
      if (this.at('target', rule.path, place) === undefined) this.unknown(rule.verb, rule.path)
      return
    }
    const [side, within] = this.up ? (['legacy', place.legacy] as const) : (['modern', place.modern] as const)
    const misfit = conditionMisfit(rule, (path) => this.fields[side].get(within + path))
    if (misfit !== undefined) this.report(title, misfit)
    // A guard against absence says nothing about a value that is there.
    if (rule.when.is === 'absent') return
    this.guarded.set(source, [...(this.guarded.get(source) ?? []), rule.when])
    if (rule.when.is !== 'always') return
    this.wholes.add(source)
    if (leastOf(this.fields[side], source, '') > 0) this.neverSent = true
  }

  private each(rule: Rule & { verb: 'each' }, place: Place): void {
    const [legacy, modern] = [
      this.listed('legacy', place.legacy + rule.legacy),
      this.listed('modern', place.modern + rule.modern),
    ]
    this.both(legacy, modern, 'each')
    this.cardinality('each', legacy, modern, place)
    const below = { legacy: `${legacy}.`, modern: `${modern}.` }
    this.ensure(rule.rules, below)
    this.walk(rule.rules, below)
  }

  private shape(rule: Rule & { verb: 'shape' }, place: Place): void {
    const by = `shape ${rule.shaper.use}`
    const { needed, owned, read, written } = shaperPaths(rule, place)
    for (const path of needed.modern) if (!this.fields.modern.has(path)) this.unknown('shape', path)
    for (const path of needed.legacy) if (!this.fields.legacy.has(path)) this.unknown('shape', path)
    for (const path of owned) note(this.up ? this.produced : this.consumed, path, by)
    // A dialect need not have what a shaper would read.
    for (const path of read.filter((one) => this.fields.legacy.has(one)))
      if (this.up) note(this.consumed, path, by)
      else this.absent.add(path)
    if (!this.up) for (const path of written) note(this.produced, path, by)
  }

  private forget(rule: Rule & { verb: 'drop' | 'keep' }, place: Place): void {
    this.reasoned(`${rule.verb} ${rule.path}`, rule.reason)
    if (rule.verb === 'keep') this.keepable(rule.path, place)
    const [source, target] = [this.at('source', rule.path, place), this.at('target', rule.path, place)]
    if (source !== undefined) {
      note(this.consumed, source, rule.verb)
      this.wholes.add(source)
    }
    if (target !== undefined && rule.verb === 'keep') note(this.produced, target, 'keep')
    if (target !== undefined && rule.verb === 'drop') this.absent.add(target)
    if (source === undefined && target === undefined) this.unknown(rule.verb, rule.path)
  }

  private keepable(path: string, place: Place): void {
    const field = this.fields.legacy.get(place.legacy + path) ?? this.fields.modern.get(place.modern + path)
    if (field && (field.type.kind !== 'scalar' || field.max > 1)) this.report(`keep ${path}`, 'is not a single value')
  }

  private both(legacy: string, modern: string | undefined, verb: string): void {
    if (!this.fields.legacy.has(legacy)) this.unknown(verb, legacy)
    if (modern !== undefined && !this.fields.modern.has(modern)) this.unknown(verb, modern)
    const [source, target] = this.up ? [legacy, modern] : [modern, legacy]
    if (source !== undefined) note(this.consumed, source, verb)
    if (target !== undefined) note(this.produced, target, verb)
  }

  private fits(verb: string, legacyPath: string, modernPath: string, place: Place, codec: Codec): void {
    const [legacy, modern] = [this.fields.legacy.get(legacyPath), this.fields.modern.get(modernPath)]
    if (!legacy || !modern) return
    const misfit = misfitOf(legacy, modern, legacyPath, modernPath, codec)
    if (misfit !== undefined) this.report(`${verb} ${legacyPath}`, misfit)
    if (verb !== 'spread') this.cardinality(verb, legacyPath, modernPath, place, codec.absent)
    else if ((this.up ? legacy : modern).min < (this.up ? modern : legacy).min)
      this.report(`spread ${legacyPath}`, `may be absent ${arrow[this.direction]}, where the other side requires it`)
  }

  private cardinality(verb: string, legacyPath: string, modernPath: string, place: Place, absent?: string): void {
    const [source, target, sourceAt, targetAt, within] = this.up
      ? (['legacy', 'modern', legacyPath, modernPath, place.legacy] as const)
      : (['modern', 'legacy', modernPath, legacyPath, place.modern] as const)
    const [from, to] = [this.fields[source].get(sourceAt), this.fields[target].get(targetAt)]
    if (!from || !to) return
    if (from.max > 1 !== to.max > 1) this.report(`${verb} ${legacyPath}`, 'is a list on one side only')
    const covered = this.ensured.has(sourceAt) || (this.up && absent !== undefined)
    if (leastOf(this.fields[source], sourceAt, within) < to.min && !covered)
      this.report(`${verb} ${legacyPath}`, `may be absent ${arrow[this.direction]}, where ${to.name} is required`)
  }

  private nameAbsent(path: string, place: Place): void {
    const target = this.at('target', path, place)
    if (target !== undefined) this.absent.add(target)
  }

  private at(end: 'source' | 'target', path: string, place: Place): string | undefined {
    const side = (end === 'source') === this.up ? 'legacy' : 'modern'
    const full = place[side] + path
    return this.fields[side].has(full) ? full : undefined
  }

  private listed(side: 'legacy' | 'modern', path: string): string {
    return this.fields[side].has(path) ? path : `${path}[]`
  }

  private reasoned(rule: string, reason: string): void {
    if (!reason.trim()) this.report(rule, 'needs a reason')
  }

  private unknown(rule: string, path: string): void {
    this.report(`${rule} ${path}`, `names ${path}, which the contract does not have`)
  }
}
