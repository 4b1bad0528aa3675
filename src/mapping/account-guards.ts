/**
 * What guards (refuse, hold) leave of a field: a value that no guard stops and no other rule reads would be lost in silence,
 * unless the way back fills in that very value.
 * Limits: it knows enumerations and constants; of free values a guard accounts only for all of them at once.
 */
import type { Field } from '../contract/model.ts'
import type { Condition, Rule } from './rules.ts'

export type Guard = Rule & { readonly verb: 'refuse' | 'hold' }

/** Whether a guard's condition holds for this value of its field; undefined where that takes more than the value. */
function stops(when: Condition, value: string): boolean | undefined {
  if (when.is === 'always') return true
  if (when.is === 'absent') return false
  if (when.is === 'not') return value !== when.value
  return when.is === 'one of' ? when.values.includes(value) : undefined
}

/**
 * The values of a field that these guards let pass though nothing reads them; `implied` is what the way back fills in.
 * Empty when all are accounted for.
 */
export function unaccounted(field: Field, guards: readonly Condition[], implied: string | undefined): string[] {
  if (guards.some((when) => when.is === 'always')) return []
  const { values } = field.type.kind === 'scalar' ? field.type : { values: undefined }
  if (values) return values.filter((value) => value !== implied && !guards.some((when) => stops(when, value) === true))
  // Of free text only "anything but this" leaves a single value.
  const passing = guards.flatMap((when) => (when.is === 'not' ? [when.value] : []))
  return passing.length > 0 && passing.every((value) => value === implied) ? [] : ['some of its values']
}

/** What is wrong with a condition itself, on the fields of the item it stands in. */
export function conditionMisfit(
  { path, when }: Guard,
  fieldOf: (path: string) => Field | undefined,
): string | undefined {
  const field = fieldOf(path)
  const scalar = field?.type.kind === 'scalar' ? field.type : undefined
  if (when.is === 'always' || when.is === 'absent') return undefined
  if (scalar === undefined || field!.max > 1) return `asks about a value, and ${path} is not a single one`
  if (when.is === 'not after') {
    const other = fieldOf(when.other)
    if (other === undefined) return `compares with ${when.other}, which the contract does not have there`
    const isInstant = other.type.kind === 'scalar' && other.type.type === 'instant' && other.max <= 1
    return isInstant && scalar.type === 'instant' ? undefined : 'compares what are not two instants'
  }
  const asked = when.is === 'not' ? [when.value] : when.values
  const unknown = asked.filter((value) => scalar.values && !scalar.values.includes(value))
  if (asked.length === 0) return 'asks about no value'
  return unknown.length > 0 ? `asks about ${unknown.join(', ')}, which ${path} never is` : undefined
}
