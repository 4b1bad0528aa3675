/**
 * Finds, for the fields of a base message, the likeliest fields of a vendor's: list by list, then value by value, each used once.
 * Limits: a list stands for a list; a value may stand deeper or higher, through objects that occur once.
 */
import type { Complex, Field } from '../../contract/model.ts'
import { likeness, nameLikeness } from './similar.ts'

export interface Leaf {
  /** Relative to its scope, `[]` after a list. */
  readonly path: string
  readonly field: Field
  /** How alike, from 0 to 1; 1 for what was not guessed. */
  readonly score: number
  /** Whether it is there whenever its scope is. */
  readonly required: boolean
}

/** A vendor's message or list item, and what in it stands for the fields of the base's. */
export interface Scope {
  readonly type: Complex
  readonly leaves: Map<string, Leaf>
  readonly lists: Map<string, { readonly leaf: Leaf; readonly scope: Scope }>
  /** The base's list that has no list here: the vendor's message is its one item. */
  readonly self?: string
  readonly score: number
}

const least = 0.5

/** `alone` names the base's list whose item may be the message itself. */
export function match(vendor: Complex, base: Complex, alone?: string): Scope {
  const listed = matchLists(vendor, base)
  const item = alone === undefined ? undefined : base.fields.find((field) => field.name === alone)
  if (item?.type.kind !== 'complex') return listed
  const single = match(vendor, item.type)
  return single.score > listed.score ? { ...single, self: item.name } : listed
}

function matchLists(vendor: Complex, base: Complex): Scope {
  const reach = [...reachable(vendor)]
  const lists = new Map<string, { leaf: Leaf; scope: Scope }>()
  let score = 0
  for (const field of base.fields) {
    if (field.type.kind !== 'complex') continue
    const inner = field.type
    const found = reach
      .filter((leaf) => leaf.field.type.kind === 'complex' && leaf.field.max > 1 === field.max > 1)
      .map((leaf) => ({ leaf, scope: match(leaf.field.type as Complex, inner) }))
      .map((one) => ({ ...one, worth: one.scope.score + 0.2 * nameLikeness(one.leaf.field.name, field.name) }))
      .sort((a, b) => b.worth - a.worth)[0]
    if (!found || found.scope.score < 1) continue
    const { leaf, scope } = found
    lists.set(field.name, { leaf: { ...leaf, score: Math.min(1, scope.score / scope.leaves.size) }, scope })
    score += scope.score
  }
  const leaves = assign(reach, base.fields)
  for (const { score: one } of leaves.values()) score += one
  return { type: vendor, leaves, lists, score }
}

/** The best pairs first, each field once. */
export function assign(reach: readonly Leaf[], fields: readonly Field[]): Map<string, Leaf> {
  const pairs = fields.flatMap((base) => reach.map((leaf) => ({ base, leaf, score: likeness(leaf.field, base) })))
  const taken = new Map<string, Leaf>()
  const used = new Set<string>()
  for (const { base, leaf, score } of pairs.sort((a, b) => b.score - a.score)) {
    if (score < least || taken.has(base.name) || used.has(leaf.path)) continue
    taken.set(base.name, { ...leaf, score })
    used.add(leaf.path)
  }
  return taken
}

/** Every field of a message or item, and of the objects in it that stand once; what is in its lists is theirs. */
export function* reachable(type: Complex, prefix = '', required = true): Generator<Leaf> {
  for (const field of type.fields) {
    const path = `${prefix}${field.name}${field.max > 1 ? '[]' : ''}`
    const always = required && field.min > 0
    yield { path, field, score: 1, required: always }
    if (field.type.kind === 'complex' && field.max <= 1) yield* reachable(field.type, `${path}.`, always)
  }
}
