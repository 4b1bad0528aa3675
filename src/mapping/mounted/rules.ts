/**
 * Turns the rules of a mounted mapping into the vocabulary's own, each problem with its line and the rule it is in.
 * Limits: a rule that is wrong is left out after it was reported, so that all others are still judged.
 */
import type { z } from 'zod'
import { each, toLegacy, toModern } from '../define.ts'
import type { CodecRef, Rule } from '../rules.ts'
import { codecOf, eachBody, verbs } from './vocabulary.ts'

export type Keys = readonly PropertyKey[]
export type Report = (keys: Keys, rule: string, sentence: string) => void

const known = [...Object.keys(verbs), 'each', 'toModern', 'toLegacy']

export class RuleReader {
  private readonly tables: ReadonlyMap<string, CodecRef>
  private readonly report: Report

  constructor(tables: ReadonlyMap<string, CodecRef>, report: Report) {
    this.tables = tables
    this.report = report
  }

  /** Lists in lists are read as one, so that a list can be written once and used with an alias. */
  list(said: readonly unknown[], keys: Keys, within: string): Rule[] {
    return said.flatMap((item, i) => {
      const at = [...keys, i]
      return Array.isArray(item) ? this.list(item, at, within) : this.rule(item, at, within)
    })
  }

  private rule(said: unknown, keys: Keys, within: string): Rule[] {
    const names = typeof said === 'object' && said !== null ? Object.keys(said) : []
    const [verb] = names
    if (verb === undefined || names.length > 1 || !known.includes(verb)) {
      this.report(keys, within, `is ${names.join(' with ') || 'no rule'}, where one of ${known.join(', ')} is expected`)
      return []
    }
    const body = (said as Record<string, unknown>)[verb]
    const at = [...keys, verb]
    const title = `${within} ${verb} ${titleOf(body)}`.trim()
    if (verb === 'toModern' || verb === 'toLegacy') {
      const rules = Array.isArray(body) ? this.list(body, at, within) : this.rule(body, at, within)
      return rules.map(verb === 'toModern' ? toModern : toLegacy)
    }
    if (verb === 'each') {
      const parsed = eachBody.safeParse(body)
      if (!parsed.success) return this.issues(parsed.error.issues, at, title)
      const { legacy, modern, rules } = parsed.data
      return [each(legacy, modern, this.list(rules, [...at, 'rules'], within))]
    }
    const read = verbs[verb as keyof typeof verbs].read(body, (codec) => {
      if (typeof codec === 'string' || !('table' in codec)) return codecOf(codec)
      const found = this.tables.get(codec.table)
      if (!found) this.report([...at, 'codec'], title, `names the table ${codec.table}, which is not in this file`)
      return found
    })
    if ('issues' in read) return this.issues(read.issues, at, title)
    return read.rule ? [read.rule] : []
  }

  private issues(issues: readonly z.core.$ZodIssue[], at: Keys, title: string): Rule[] {
    for (const { path, message } of issues)
      this.report([...at, ...path], title, path.length > 0 ? `${path.join('.')} ${message}` : message)
    return []
  }
}

/** The message and the rule that these keys lead to, for people. */
export function titleAt(document: unknown, keys: Keys): string {
  let [here, message, rule] = [document, '', '']
  for (const key of keys) {
    if (typeof here !== 'object' || here === null) break
    const { name } = here as Record<string, unknown>
    if (typeof name === 'string') message = name
    const verb = known.find((one) => Object.hasOwn(here as object, one))
    if (verb !== undefined) rule = `${verb} ${titleOf((here as Record<string, unknown>)[verb])}`.trim()
    here = (here as Record<PropertyKey, unknown>)[key]
  }
  return [message, rule].filter((part) => part !== '').join(' ') || String(keys[0] ?? 'file')
}

/** What a rule is about, for people. */
function titleOf(body: unknown): string {
  if (typeof body !== 'object' || body === null) return ''
  const { legacy, path } = body as Record<string, unknown>
  return typeof legacy === 'string' ? legacy : typeof path === 'string' ? path : ''
}
