/**
 * The messages of a JSON contract as its zod schemas have them: what is accepted, and the same schemas for publication.
 * Limits: JSON Schema says what we send; what is read beyond that is spelled out in words by whoever publishes it.
 */
import { z } from 'zod'
import { fieldPaths, type JsonContract, type Message } from './model.ts'
import { compilePrinter } from './print.ts'

export function jsonContract(
  messages: ReadonlyMap<string, Message>,
  schemas: Readonly<Record<string, z.ZodType>>,
): JsonContract {
  const printers = new Map([...messages].map(([name, { type }]) => [name, compilePrinter(type)]))
  const fields = [...messages.values()].flatMap(({ type }) => [...fieldPaths(type)])
  return {
    names: new Set(fields.map(({ field }) => field.name)),
    accept: (name, json) => messages.get(name)!.accept!(json),
    print: (name, value) => printers.get(name)!(value),
    schema(name) {
      const { $schema: _, ...rest } = z.toJSONSchema(schemas[name]!, { target: 'draft-2020-12', io: 'input' })
      return rest
    },
  }
}
