/** The tables of a drafted dialect: for each enumeration of the vendor's, what the base's table says, as far as it can be told. */
import type { Field } from '../../contract/model.ts'
import type { CodecRef } from '../rules.ts'
import { counterpart } from './similar.ts'

export interface DraftTable {
  readonly pairs: Record<string, string>
  readonly refusedLegacy: Record<string, string>
  readonly refusedModern: Readonly<Record<string, string>>
}

const undecided = 'TODO: pair it, read it as another, or say why it is refused'

export class Tables {
  readonly all = new Map<string, DraftTable>()

  /** The name of the table for this field: one per enumeration. */
  for(ref: CodecRef & { use: 'enum' }, { type }: Field): string {
    const table = type.kind === 'scalar' ? draft(ref, type.values) : draft(ref, undefined)
    const same = [...this.all].find(([, other]) => JSON.stringify(other) === JSON.stringify(table))
    if (same) return same[0]
    let name = ref.name
    for (let i = 2; this.all.has(name); i++) name = `${ref.name} ${i}`
    this.all.set(name, table)
    return name
  }
}

function draft(ref: CodecRef & { use: 'enum' }, values: readonly string[] | undefined): DraftTable {
  const pairs: Record<string, string> = {}
  const refusedModern: Record<string, string> = { ...ref.refusedModern }
  for (const [legacy, modern] of ref.pairs) {
    const own = values ? counterpart(legacy, values) : legacy
    if (own === undefined) refusedModern[modern] = undecided
    else pairs[own] = modern
  }
  const open = (values ?? []).filter((value) => !(value in pairs))
  return { pairs, refusedLegacy: Object.fromEntries(open.map((value) => [value, undecided])), refusedModern }
}
