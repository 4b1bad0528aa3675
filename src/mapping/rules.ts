/** What a rule is: plain data, with every codec, shaper, source and condition named from a closed set. */

export type Direction = 'toModern' | 'toLegacy'

/** How true a rule is to the value: exact, safe (a limit never comes out higher) or approximate. */
export type Fidelity = 'exact' | 'safe' | 'approximate'

export type Reasons = Readonly<Record<string, string>>

/** A named converter of one value: `use` picks it from the closed set in codecs/, the rest are its settings. */
export type CodecRef =
  | { readonly use: 'instant' }
  | { readonly use: 'decimal' }
  | { readonly use: 'whole' }
  | { readonly use: 'text'; readonly maxLength: number; readonly absent?: string }
  | {
      readonly use: 'enum'
      readonly name: string
      readonly pairs: readonly (readonly [legacy: string, modern: string])[]
      /** Legacy values that are read as these modern ones too, and never written. */
      readonly read?: readonly (readonly [legacy: string, modern: string])[]
      readonly refusedLegacy: Reasons
      readonly refusedModern: Reasons
    }
  | { readonly use: 'ids'; readonly table: 'groups' }

/** Where a filled value comes from. */
export type Source =
  | { readonly from: 'constant'; readonly value: string | number | boolean }
  | { readonly from: 'clock'; readonly what: 'now' }
  | { readonly from: 'config'; readonly what: 'offline deadline' | 'combined asset' }
  | { readonly from: 'state'; readonly what: 'forecast id' }

/** A closed set of conditions on one field, used by refuse and hold. */
export type Condition =
  | { readonly is: 'always' }
  | { readonly is: 'absent' }
  | { readonly is: 'not'; readonly value: string }
  | { readonly is: 'one of'; readonly values: readonly string[] }
  | { readonly is: 'not after'; readonly other: string }

export type ShaperRef =
  | { readonly use: 'tightest' | 'phases' | 'one unit' | 'unit per block' | 'grid' }
  | { readonly use: 'usage'; readonly inside: string; readonly meters: MeterFields }

/** What a 1.0 contract calls the readings of its register, and whether they are all it says of the energy. */
export interface MeterFields {
  readonly start: string
  readonly end: string
  readonly energy: 'stated' | 'difference'
}

/** How long a kept value must live. */
export type Lifetime = { readonly until: 'last block + 7 days' }

export type Rule = (
  | { readonly verb: 'same'; readonly legacy: string; readonly modern: string }
  | { readonly verb: 'via'; readonly legacy: string; readonly modern: string; readonly codec: CodecRef }
  | { readonly verb: 'each'; readonly legacy: string; readonly modern: string; readonly rules: readonly Rule[] }
  | {
      readonly verb: 'spread'
      readonly legacy: string
      readonly modern: string
      readonly codec: CodecRef
      readonly differ: string
    }
  | { readonly verb: 'split'; readonly legacy: string; readonly by: string; readonly answers: string }
  | { readonly verb: 'shape'; readonly legacy: string; readonly modern: string; readonly shaper: ShaperRef }
  | { readonly verb: 'fill'; readonly path: string; readonly source: Source; readonly reason: string }
  | { readonly verb: 'drop'; readonly path: string; readonly reason: string }
  | {
      readonly verb: 'keep'
      readonly path: string
      readonly lifetime: Lifetime
      readonly reason: string
      /** What it is called in state, where a dialect calls it otherwise. */
      readonly as?: string
    }
  | {
      readonly verb: 'hold'
      readonly path: string
      readonly when: Condition
      readonly flow: string
      readonly reason: string
    }
  | {
      readonly verb: 'refuse'
      readonly path: string
      readonly when: Condition
      readonly error: 'untranslatable' | 'invalid-message'
      readonly reason: string
    }
) & { readonly direction?: Direction }

export type Verb = Rule['verb']
