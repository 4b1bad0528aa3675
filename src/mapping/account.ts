/**
 * Accounts for every field of a module in both directions: each is consumed once, produced once, or named with a reason.
 * Limits: it reports, it does not stop; callers refuse to start when there is any finding.
 */
import { type Complex, type Field, type Finding, fieldPaths } from '../contract/model.ts'
import { indexOf, leastOf, note } from './account-fields.ts'
import { type Codec, codecFor, copyCodec } from './codecs/index.ts'
import type { Ends } from './compile.ts'
import type { MessageModule } from './define.ts'
import type { Direction, Rule } from './rules.ts'
import { shaperFor } from './shapers/index.ts'
import { sourceMisfit } from './sources.ts'

/** Everything that is wrong with one module against the two contracts. */
export function accountMessage(file: string, module: MessageModule, request: Ends, answer: Ends): Finding[] {
  const findings: Finding[] = []
  const report = (rule: string, sentence: string) => findings.push({ file, rule, sentence })
  if (!module.why.trim()) report('why', 'is empty; say in a sentence what this message does')
  for (const direction of ['toModern', 'toLegacy'] as const) {
    new Accountant(direction, report, module.rules, request).run(`${module.name} ${arrow[direction]}`, true)
    if (module.answerAs !== 'none')
      new Accountant(direction, report, module.answer, answer).run(
        `${module.name} answer ${arrow[direction]}`,
        module.answered !== 'gateway',
      )
  }
  return findings
}

const arrow: Record<Direction, string> = { toModern: 'towards 2.0', toLegacy: 'towards 1.0' }

type Report = (rule: string, sentence: string) => void

/** Where a rule stands: the path of the item it is relative to, on both sides. */
interface Place {
  readonly legacy: string
  readonly modern: string
}

class Accountant {
  private readonly consumed = new Map<string, string[]>()
  private readonly produced = new Map<string, string[]>()
  /** Source fields that a guard looks at, target fields named absent on purpose, source fields that a shaper makes sure of. */
  private readonly guarded = new Set<string>()
  private readonly absent = new Set<string>()
  private readonly ensured = new Set<string>()
  /** A message that is always held is never translated, so nothing of its target is needed. */
  private heldAlways = false
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
    if ((carried || !this.up) && !this.heldAlways) this.targets(title, this.up ? modern : legacy)
  }

  private split(rule: Rule & { verb: 'split' }, item: string): void {
    this.both(item, undefined, 'split')
    if (!this.fields.legacy.has(`${item}.${rule.by}`)) this.unknown('split', `${item}.${rule.by}`)
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
      if (by.length > 0 || this.guarded.has(path) || this.isOpened(this.consumed, path, field)) continue
      this.report(title, `no rule accounts for the source field ${path}; map it, keep it, or drop it with a reason`)
    }
  }

  private targets(title: string, type: Complex): void {
    for (const { path, field } of fieldPaths(type)) {
      const by = this.produced.get(path) ?? []
      if (by.length > 1) this.report(title, `${path} is written by more than one rule: ${by.join(', ')}`)
      if (by.length > 0 || this.isOpened(this.produced, path, field) || this.isBelow(this.absent, path)) continue
      // Only what may be absent can be named absent.
      if (field.min === 0 && this.absent.has(path)) continue
      if (field.min > 0) this.report(title, `no rule produces the required field ${path}; map it or fill it`)
      else this.report(title, `no rule produces or names the optional field ${path}`)
    }
  }

  /** An object that stands once needs no rule of its own where rules name what is in it. */
  private isOpened(book: Map<string, string[]>, path: string, field: Field): boolean {
    if (field.type.kind === 'scalar' || field.max > 1)
      return this.isBelow(new Set(this.wholes.keys()), path) && book === this.consumed
    const opened = [...book.keys()].some((other) => other.startsWith(`${path}.`))
    return opened || (book === this.consumed && this.isBelow(new Set(this.wholes.keys()), path))
  }

  /** Lists and objects that were dropped or kept whole, with all that is in them. */
  private readonly wholes = new Map<string, string>()

  private isBelow(owners: ReadonlySet<string>, path: string): boolean {
    return [...owners].some((owner) => path.startsWith(`${owner}.`))
  }

  private walk(rules: readonly Rule[], place: Place): void {
    for (const rule of rules) {
      const applies = rule.direction === undefined || rule.direction === this.direction
      if (applies) this.rule(rule, place)
      // A drop in the other direction is how a module says that this field has no home in this one.
      else if (rule.verb === 'drop') this.nameAbsent(rule.path, place)
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
      case 'hold': {
        this.reasoned(`${rule.verb} ${rule.path}`, rule.reason)
        const source = this.at('source', rule.path, place)
        if (source === undefined) {
          if (this.at('target', rule.path, place) === undefined) this.unknown(rule.verb, rule.path)
          return
        }
        // A guard against absence says nothing about a value that is there.
        if (rule.when.is === 'absent') return
        this.guarded.add(source)
        this.wholes.set(source, rule.verb)
        if (rule.verb === 'hold' && rule.when.is === 'always') this.heldAlways = true
        return
      }
      case 'split':
        this.report('split', 'must stand at the top of a message, once')
    }
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
    const shaper = shaperFor(rule.shaper)
    const [legacy, modern] = [`${place.legacy}${rule.legacy}[]`, `${place.modern}${rule.modern}[]`]
    if (!this.fields.modern.has(modern)) this.unknown('shape', modern)
    if (!this.fields.legacy.has(legacy)) this.unknown('shape', legacy)
    for (const owned of shaper.owns) {
      const path = `${modern}.${owned}`
      if (!this.fields.modern.has(path)) this.unknown('shape', path)
      note(this.up ? this.produced : this.consumed, path, `shape ${rule.shaper.use}`)
    }
    // A dialect need not have what a shaper would read.
    for (const read of shaper.reads.map((name) => `${legacy}.${name}`).filter((path) => this.fields.legacy.has(path))) {
      if (this.up) note(this.consumed, read, `shape ${rule.shaper.use}`)
      else this.absent.add(read)
    }
    for (const written of Object.keys(shaper.writes).map((name) => `${legacy}.${name}`)) {
      if (!this.fields.legacy.has(written)) this.unknown('shape', written)
      else if (!this.up) note(this.produced, written, `shape ${rule.shaper.use}`)
    }
  }

  private forget(rule: Rule & { verb: 'drop' | 'keep' }, place: Place): void {
    this.reasoned(`${rule.verb} ${rule.path}`, rule.reason)
    const [source, target] = [this.at('source', rule.path, place), this.at('target', rule.path, place)]
    if (source !== undefined) {
      note(this.consumed, source, rule.verb)
      this.wholes.set(source, rule.verb)
    }
    if (target !== undefined && rule.verb === 'keep') note(this.produced, target, 'keep')
    if (target !== undefined && rule.verb === 'drop') this.absent.add(target)
    if (source === undefined && target === undefined) this.unknown(rule.verb, rule.path)
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
    const rule = `${verb} ${legacyPath}`
    if (legacy.type.kind !== 'scalar' || modern.type.kind !== 'scalar')
      return this.report(
        rule,
        `${legacy.type.kind === 'scalar' ? modernPath : legacyPath} is not a single value; use each`,
      )
    const misfit = codec.misfit(legacy.type, modern.type)
    if (misfit !== undefined) this.report(rule, `${legacyPath} ↔ ${modernPath} ${misfit}`)
    if (verb !== 'spread') this.cardinality(verb, legacyPath, modernPath, place, codec.absent)
  }

  private cardinality(verb: string, legacyPath: string, modernPath: string, place: Place, absent?: string): void {
    const [legacy, modern] = [this.fields.legacy.get(legacyPath), this.fields.modern.get(modernPath)]
    if (!legacy || !modern) return
    const [target, sourcePath] = this.up ? [modern, legacyPath] : [legacy, modernPath]
    if (legacy.max > 1 !== modern.max > 1) this.report(`${verb} ${legacyPath}`, 'is a list on one side only')
    const covered = this.ensured.has(sourcePath) || (this.up && absent !== undefined)
    const least = leastOf(this.fields[this.up ? 'legacy' : 'modern'], sourcePath, this.up ? place.legacy : place.modern)
    if (least < target.min && !covered)
      this.report(`${verb} ${legacyPath}`, `may be absent ${arrow[this.direction]}, where ${target.name} is required`)
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
