/**
 * Laws of the way there and back: a value comes back saying the same, up to what the rules declare and the receipts name.
 * Limits: a message that a shaper changed (the receipt says so) has laws of its own, in limits.test.ts and energy.test.ts.
 */
import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import type { Part, Value } from '../../src/mapping/compile.ts'
import type { Receipt, ReceiptEntry } from '../../src/mapping/run.ts'
import { shaperFor } from '../../src/mapping/shapers/index.ts'
import { messageOf } from './arbitrary.ts'
import { plainContexts } from './contexts.ts'
import { declaredBy, sayingOf } from './same.ts'
import { casesOf, seeded, settings, timeout } from './settings.ts'
import { read, steer } from './steer.ts'
import { crossings, isTranslated, translateFrozen, type Way, waysOf } from './ways.ts'

/** What a list may lose without saying another thing: the readings that 1.0 states beside the energy. */
const harmless = new Set(
  Object.values(shaperFor({ use: 'usage', inside: '', meters: { start: '', end: '', energy: 'stated' } }).drops).filter(
    (why) => why.startsWith('The 2.0 party takes the energy of intervals'),
  ),
)

/** Whether an entry says that a list now says something else. */
function changesAList(entry: ReceiptEntry, lists: readonly string[], isCalm: boolean): boolean {
  if (entry.verb !== 'converted' && entry.verb !== 'dropped') return false
  // Items of one kind, one after the other, come back as they were where the figures are exact.
  if (entry.verb === 'converted' && entry.fidelity === 'exact' && isCalm) return false
  return lists.some((list) => entry.path === list) && !harmless.has(entry.reason)
}

/** The lists that shapers reshape, as receipts of a way name them. */
function shapedLists(way: Way): string[] {
  const up = way.direction === 'toModern'
  const found: string[] = []
  const visit = (rules: Way['rules'], at: string): void => {
    for (const rule of rules) {
      if (rule.verb === 'split' && up)
        return visit(rules.slice(rules.indexOf(rule) + 1), `${rule.legacy}${listOf(way, rule.legacy)}.`)
      if (rule.verb === 'shape') found.push(`${at}${up ? rule.legacy : rule.modern}[]`)
      if (rule.verb === 'each') visit(rule.rules, `${at}${up ? rule.legacy : rule.modern}${'[]'}.`)
    }
  }
  visit(way.rules, '')
  return found.flatMap((path) => [path, path.replace(/^([^.]+)\[\]\./, '$1.')])
}

const listOf = (way: Way, name: string): string =>
  (way.source.type.fields.find((f) => f.name === name)?.max ?? 1) > 1 ? '[]' : ''

const pathsOf = (receipt: Receipt, verb: ReceiptEntry['verb']): string[] =>
  receipt.entries.filter((entry) => entry.verb === verb).map((entry) => entry.path.replaceAll('[]', ''))

function returnable(way: Way): boolean {
  return (
    !way.rules.some((rule) => rule.verb === 'hold' && rule.when.is === 'always') &&
    way.compiled.module.answered !== 'gateway'
  )
}

describe('There and back', () => {
  for (const way of waysOf(crossings).filter(returnable)) {
    const lists = shapedLists(way)
    const backLists = shapedLists({
      ...way,
      direction: way.direction === 'toModern' ? 'toLegacy' : 'toModern',
      source: way.target,
    })
    const sources = fc
      .tuple(
        messageOf(way.source.type, way.source.wire),
        fc.constantFrom('calm' as const, 'calm' as const, 'past guards' as const),
      )
      .map(([value, how]) => ({ how, value: steer(way.rules, value, way.source.type, way.direction, how) }))
    it(`${way.name} says the same ${seeded()}`, () => {
      let compared = 0
      fc.assert(
        fc.property(sources, plainContexts, ({ value, how }, context) => {
          const parts = translateFrozen(way.translator, value, context)
          const items = itemsOf(way, value, parts)
          for (const [i, part] of parts.entries()) {
            if (!isTranslated(part)) continue
            const [back] = translateFrozen(way.back, part.value, context, part.kept) as [Part]
            if (!isTranslated(back)) {
              assertMayStay(back)
              continue
            }
            const entries = [...part.receipt.entries, ...back.receipt.entries]
            if (entries.some((entry) => changesAList(entry, [...lists, ...backLists], how === 'calm'))) continue
            compared++
            const declared = declaredBy(way.rules, way.source.type, way.direction)
            // What was approximated item by item, or said by us where nothing was, comes back as that.
            const forgotten = new Set([
              ...declared.forgotten,
              ...pathsOf(part.receipt, 'converted'),
              ...pathsOf(back.receipt, 'converted'),
              ...pathsOf(back.receipt, 'filled').filter((path) => declared.forgotten.has(path)),
            ])
            const say = (v: Value) => sayingOf(v, way.source.type, { ...declared, forgotten }, context.zone)
            assert.deepEqual(say(back.value), say(items[i]!))
          }
        }),
        settings(),
      )
      assert.ok(compared > casesOf(300) / 60, `only ${compared} were compared`)
    }).timeout(timeout)
  }
})

/** The value that each part came from: the whole message, or one item of it in the message. */
function itemsOf(way: Way, value: Value, parts: readonly Part[]): Value[] {
  const split = way.rules.find((rule) => rule.verb === 'split')
  if (way.direction === 'toLegacy' || split?.verb !== 'split') return [value]
  const found = read(value, split.legacy)
  if (!Array.isArray(found)) return [value]
  assert.equal(parts.length, found.length)
  return found.map((item) => ({ ...value, [split.legacy]: [item] }))
}

/** What came by one wire goes back by it, except numbers that only a double can hold. */
function assertMayStay(part: Part): void {
  assert.ok('refusal' in part, 'it was held on its way back')
  assert.match(
    part.refusal.message,
    /significant digits|range of a double-precision/,
    `${part.refusal.path} ${part.refusal.message}`,
  )
}
