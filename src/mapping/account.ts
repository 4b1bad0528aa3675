/**
 * Accounts for every field of a module in both directions: each is consumed once, produced once, or named with a reason.
 * Limits: it reports, it does not stop; callers refuse to start when there is any finding.
 */
import { type Complex, type Field, type Finding, fieldPaths } from '../contract/model.ts'
import { codecFor, copyCodec } from './codecs/index.ts'
import type { Ends } from './compile.ts'
import type { Direction, MessageModule, Rule } from './define.ts'
import { shaperFor } from './shapers/index.ts'

interface Ledger {
  readonly consumed: Map<string, string[]>
  readonly produced: Map<string, string[]>
  /** Fields a guard looks at, and fields named absent on purpose. */
  readonly guarded: Set<string>
  readonly absent: Set<string>
}

/** Everything that is wrong with one module against the two contracts. */
export function accountMessage(file: string, module: MessageModule, request: Ends, answer: Ends): Finding[] {
  const findings: Finding[] = []
  const report = (rule: string, sentence: string) => findings.push({ file, rule, sentence })
  if (!module.why.trim()) report('why', 'is empty; say in a sentence what this message does')
  for (const direction of ['toModern', 'toLegacy'] as const) {
    new Accountant(direction, report, module.rules, request).run(`${module.name} ${arrow[direction]}`, true)
    new Accountant(direction, report, module.answer, answer).run(
      `${module.name} answer ${arrow[direction]}`,
      module.answered === 'peer',
    )
  }
  return findings
}

const arrow: Record<Direction, string> = { toModern: 'towards 2.0', toLegacy: 'towards 1.0' }

class Accountant {
  private readonly ledger: Ledger = { consumed: new Map(), produced: new Map(), guarded: new Set(), absent: new Set() }
  private readonly up: boolean
  private readonly fields: { legacy: Map<string, Field>; modern: Map<string, Field> }
  private readonly direction: Direction
  private readonly report: (rule: string, sentence: string) => void
  private readonly rules: readonly Rule[]
  private readonly ends: Ends

  constructor(
    direction: Direction,
    report: (rule: string, sentence: string) => void,
    rules: readonly Rule[],
    ends: Ends,
  ) {
    this.direction = direction
    this.report = report
    this.rules = rules
    this.ends = ends
    this.up = direction === 'toModern'
    this.fields = { legacy: index(ends.legacy), modern: index(ends.modern) }
  }

  /** `carried` is false for an answer the gateway gives itself: then nothing comes from, or goes to, the 2.0 side. */
  run(title: string, carried: boolean): void {
    const split = this.rules.find((rule) => rule.verb === 'split')
    let legacyAt = ''
    if (split) {
      legacyAt = `${split.legacy}[].`
      this.both(`${split.legacy}[]`, undefined, 'split')
      if (!this.fields.legacy.has(legacyAt + split.by)) this.unknown('split', legacyAt + split.by)
      this.reasoned('split', split.answers)
    }
    this.walk(
      this.rules.filter((rule) => rule !== split),
      legacyAt,
      '',
    )
    const [source, target] = this.up
      ? ([this.ends.legacy, this.ends.modern] as const)
      : ([this.ends.modern, this.ends.legacy] as const)
    if (carried || this.up) this.sources(title, source)
    if (carried || !this.up) this.targets(title, target)
  }

  private sources(title: string, type: Complex): void {
    for (const { path } of fieldPaths(type)) {
      const by = this.ledger.consumed.get(path) ?? []
      if (by.length > 1) this.report(title, `${path} is read by more than one rule: ${by.join(', ')}`)
      if (by.length === 0 && !this.ledger.guarded.has(path))
        this.report(title, `no rule accounts for the source field ${path}; map it, keep it, or drop it with a reason`)
    }
  }

  private targets(title: string, type: Complex): void {
    for (const { path, field } of fieldPaths(type)) {
      const by = this.ledger.produced.get(path) ?? []
      if (by.length > 1) this.report(title, `${path} is written by more than one rule: ${by.join(', ')}`)
      if (by.length > 0) continue
      const absent = this.ledger.absent.has(path)
      if (field.min > 0) this.report(title, `no rule produces the required field ${path}; map it or fill it`)
      else if (!absent) this.report(title, `no rule produces or names the optional field ${path}`)
    }
  }

  private walk(rules: readonly Rule[], legacyAt: string, modernAt: string): void {
    for (const rule of rules) {
      if (rule.direction !== undefined && rule.direction !== this.direction) {
        // A drop in the other direction is how a module says that this field has no home in this one.
        if (rule.verb === 'drop') this.absent(rule.path, legacyAt, modernAt)
        continue
      }
      this.rule(rule, legacyAt, modernAt)
    }
  }

  private rule(rule: Rule, legacyAt: string, modernAt: string): void {
    switch (rule.verb) {
      case 'same':
      case 'via': {
        const [legacy, modern] = [legacyAt + rule.legacy, modernAt + rule.modern]
        this.both(legacy, modern, rule.verb)
        this.fits(rule.verb, legacy, modern, rule.verb === 'via' ? codecFor(rule.codec) : copyCodec)
        return
      }
      case 'each': {
        const [legacy, modern] = [`${legacyAt}${rule.legacy}[]`, `${modernAt}${rule.modern}[]`]
        this.both(legacy, modern, 'each')
        this.cardinality('each', legacy, modern)
        this.walk(rule.rules, `${legacy}.`, `${modern}.`)
        return
      }
      case 'spread': {
        const [legacy, modern] = [legacyAt + rule.legacy, modernAt + rule.modern]
        this.both(legacy, modern, 'spread')
        this.fits('spread', legacy, modern, codecFor(rule.codec))
        this.reasoned('spread', rule.differ)
        return
      }
      case 'shape': {
        const list = `${modernAt}${rule.modern}[]`
        if (!this.fields.modern.has(list)) this.unknown('shape', list)
        for (const owned of shaperFor(rule.shaper).owns) {
          const path = `${list}.${owned}`
          if (!this.fields.modern.has(path)) this.unknown('shape', path)
          note(this.up ? this.ledger.produced : this.ledger.consumed, path, `shape ${rule.shaper.use}`)
        }
        return
      }
      case 'fill': {
        this.reasoned(`fill ${rule.path}`, rule.reason)
        const target = this.side(this.up ? 'modern' : 'legacy', rule.path, legacyAt, modernAt)
        if (target !== undefined) note(this.ledger.produced, target, 'fill')
        else if (this.side(this.up ? 'legacy' : 'modern', rule.path, legacyAt, modernAt) === undefined)
          this.unknown('fill', rule.path)
        return
      }
      case 'drop':
      case 'keep': {
        this.reasoned(`${rule.verb} ${rule.path}`, rule.reason)
        const source = this.side(this.up ? 'legacy' : 'modern', rule.path, legacyAt, modernAt)
        const target = this.side(this.up ? 'modern' : 'legacy', rule.path, legacyAt, modernAt)
        if (source !== undefined) note(this.ledger.consumed, source, rule.verb)
        if (target !== undefined && rule.verb === 'keep') note(this.ledger.produced, target, 'keep')
        if (target !== undefined && rule.verb === 'drop') this.ledger.absent.add(target)
        if (source === undefined && target === undefined) this.unknown(rule.verb, rule.path)
        return
      }
      case 'refuse': {
        this.reasoned(`refuse ${rule.path}`, rule.reason)
        const source = this.side(this.up ? 'legacy' : 'modern', rule.path, legacyAt, modernAt)
        if (source !== undefined) this.ledger.guarded.add(source)
        else if (this.side(this.up ? 'modern' : 'legacy', rule.path, legacyAt, modernAt) === undefined)
          this.unknown('refuse', rule.path)
        return
      }
      case 'split':
        this.report('split', 'must stand at the top of a message')
    }
  }

  private both(legacy: string, modern: string | undefined, verb: string): void {
    if (!this.fields.legacy.has(legacy)) this.unknown(verb, legacy)
    if (modern !== undefined && !this.fields.modern.has(modern)) this.unknown(verb, modern)
    const [source, target] = this.up ? [legacy, modern] : [modern, legacy]
    if (source !== undefined) note(this.ledger.consumed, source, verb)
    if (target !== undefined) note(this.ledger.produced, target, verb)
  }

  private fits(verb: string, legacyPath: string, modernPath: string, codec: ReturnType<typeof codecFor>): void {
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
    if (verb !== 'spread') this.cardinality(verb, legacyPath, modernPath)
  }

  private cardinality(verb: string, legacyPath: string, modernPath: string): void {
    const [legacy, modern] = [this.fields.legacy.get(legacyPath), this.fields.modern.get(modernPath)]
    if (!legacy || !modern) return
    const [source, target] = this.up ? [legacy, modern] : [modern, legacy]
    if (legacy.max > 1 !== modern.max > 1) this.report(`${verb} ${legacyPath}`, 'is a list on one side only')
    if (source.min < target.min)
      this.report(`${verb} ${legacyPath}`, `may be absent ${arrow[this.direction]}, where ${target.name} is required`)
  }

  private absent(path: string, legacyAt: string, modernAt: string): void {
    const target = this.side(this.up ? 'modern' : 'legacy', path, legacyAt, modernAt)
    if (target !== undefined) this.ledger.absent.add(target)
  }

  private side(side: 'legacy' | 'modern', path: string, legacyAt: string, modernAt: string): string | undefined {
    const full = (side === 'legacy' ? legacyAt : modernAt) + path
    return this.fields[side].has(full) ? full : undefined
  }

  private reasoned(rule: string, reason: string): void {
    if (!reason.trim()) this.report(rule, 'needs a reason')
  }

  private unknown(rule: string, path: string): void {
    this.report(`${rule} ${path}`, `names ${path}, which the contract does not have`)
  }
}

function index(type: Complex): Map<string, Field> {
  return new Map([...fieldPaths(type)].map(({ path, field }) => [path, field]))
}

function note(book: Map<string, string[]>, path: string, rule: string): void {
  const rules = book.get(path)
  if (rules) rules.push(rule)
  else book.set(path, [rule])
}
