/** Laws of every translation: its result is what the target's contract says, its input stays as it was, and it is repeatable. */
import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import type { Part, Value } from '../../src/mapping/compile.ts'
import { worst } from '../../src/mapping/run.ts'
import { messageOf } from './arbitrary.ts'
import { problemsWith, readBack } from './conform.ts'
import { contexts } from './contexts.ts'
import { seeded, settings, timeout } from './settings.ts'
import { steer } from './steer.ts'
import { crossings, isTranslated, translateFrozen, type Way, waysOf } from './ways.ts'

/** Values as the wire's reader hands them on: mostly past the guards, some as they come. */
function sourcesOf(way: Way): fc.Arbitrary<Value> {
  return fc
    .tuple(messageOf(way.source.type, way.source.wire), fc.nat(9))
    .map(([value, n]) => (n === 0 ? value : steer(way.rules, value, way.source.type, way.direction)))
}

const isAlwaysHeld = (way: Way): boolean =>
  way.rules.some((rule) => rule.verb === 'hold' && rule.when.is === 'always' && rule.direction === way.direction)

describe('Every translation', () => {
  for (const way of waysOf(crossings)) {
    it(`of ${way.name} is what its contract says, repeatable, and leaves its input alone ${seeded()}`, () => {
      let [translated, all] = [0, 0]
      fc.assert(
        fc.property(sourcesOf(way), contexts, (value, context) => {
          const parts = translateFrozen(way.translator, value, context)
          const again = translateFrozen(way.translator, value, context)
          assert.equal(bytes(again), bytes(parts), 'twice gives other bytes')
          for (const part of parts) {
            all++
            if (isTranslated(part)) {
              translated++
              assert.deepEqual(problemsWith(part.value, way.target), [])
              assert.deepEqual(readBack(part.value, way.target), withoutNothing(part.value, way))
            }
            if ('receipt' in part) assertTrueReceipt(part)
            if ('refusal' in part) assertNamesAField(part.refusal.path, value)
          }
        }),
        settings(),
      )
      // A law that never translates anything proves nothing.
      if (!isAlwaysHeld(way)) assert.ok(translated > all / 10, `${translated} of ${all} were translated`)
    }).timeout(timeout)
  }

  for (const way of waysOf(crossings))
    for (const [path, values] of enumerations(way))
      it(`of ${way.name} decides every value of ${path}`, () => {
        const samples = fc.sample(sourcesOf(way), { seed: 1, numRuns: 20 })
        const [context] = fc.sample(contexts, { seed: 1, numRuns: 1 })
        for (const value of values) {
          const parts = samples.flatMap((sample) => {
            const changed = structuredClone(sample)
            if (setAll(changed, path.split('.'), value) === 0) return []
            return translateFrozen(way.translator, changed, context!)
          })
          assert.ok(parts.length > 0, `no sample has ${path}`)
        }
      })
})

const bytes = (parts: readonly Part[]): string =>
  JSON.stringify(
    parts.map((part) => ('refusal' in part ? [part.refusal.kind, part.refusal.path, part.refusal.message] : part)),
  )

/** A reader leaves out what is absent in JSON, and has it as undefined in XML; an empty list is none in XML. */
function withoutNothing(value: Value, way: Way): unknown {
  const prune = (at: unknown): unknown => {
    if (Array.isArray(at)) return at.map(prune)
    if (typeof at !== 'object' || at === null) return at
    const kept = Object.entries(at).filter(([, v]) => way.target.wire === 'soap' || v !== undefined)
    return Object.fromEntries(
      kept.map(([k, v]) => [
        k,
        Array.isArray(v) && v.length === 0 && way.target.wire === 'soap' ? undefined : prune(v),
      ]),
    )
  }
  return prune(value)
}

function assertTrueReceipt(part: Part & { receipt: unknown }): void {
  const { receipt } = part as Extract<Part, { receipt: unknown }>
  const said = receipt.entries.reduce<typeof receipt.fidelity>((sum, { fidelity }) => worst(sum, fidelity), 'exact')
  assert.equal(receipt.fidelity, said)
  for (const entry of receipt.entries) {
    assert.ok(entry.count > 0 && Number.isInteger(entry.count))
    assert.notEqual(entry.reason.trim(), '')
  }
}

/** A refusal's path leads to something in the message that was refused, with the position in every list on the way. */
function assertNamesAField(path: string, value: Value): void {
  const steps = path.replace(/\[\]$/, '').matchAll(/([^.[\]]+)(?:\[(\d*)\])?/g)
  let at: unknown = value
  for (const [step, name, index] of steps) {
    assert.ok(typeof at === 'object' && at !== null, `${path} leads nowhere at ${step}`)
    at = (at as Value)[name!]
    if (index === undefined) continue
    assert.ok(Array.isArray(at), `${path}: ${name} is no list`)
    // What only the items together are wrong about has no position.
    if (index === '') return
    assert.ok(Number(index) < at.length, `${path}: ${name} has ${at.length} items`)
    at = at[Number(index)]
  }
}

/** The enumerated fields of a way's source, by path without `[]`. */
function enumerations(way: Way): [string, readonly string[]][] {
  const found: [string, readonly string[]][] = []
  const visit = (type: Way['source']['type'], at: string): void => {
    for (const field of type.fields) {
      if (field.type.kind === 'complex') visit(field.type, `${at}${field.name}.`)
      else if (field.type.values) found.push([at + field.name, field.type.values])
    }
  }
  visit(way.source.type, '')
  return found
}

/** Sets a field wherever it is; how often that was. */
function setAll(at: unknown, [name, ...rest]: readonly string[], value: string): number {
  if (Array.isArray(at)) return at.reduce<number>((sum, item) => sum + setAll(item, [name!, ...rest], value), 0)
  if (typeof at !== 'object' || at === null) return 0
  if (rest.length > 0) return setAll((at as Value)[name!], rest, value)
  ;(at as Value)[name!] = value
  return 1
}
