/** What the two files of a mounted dialect say around their rules: `contract.yaml` and `mapping.yaml`, strictly. */
import { z } from 'zod'

const id = z
  .string('must be a name')
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ -')
const text = z.string('must be text').min(1, 'must not be empty')
const reasons = z.record(z.string(), text)
const strict = {
  error: (issue: { code?: string; keys?: string[] }) =>
    issue.code === 'unrecognized_keys' ? `does not know ${issue.keys?.join(', ')}` : undefined,
}

export const contractFile = z.strictObject(
  {
    id: id.describe('What a peer says in `contract:` to speak this dialect.'),
    title: text.describe('What it is, for people.'),
    wsdl: z
      .strictObject({ csp: text.optional(), dso: text.optional() }, strict)
      .refine(({ csp, dso }) => csp !== undefined || dso !== undefined, 'needs csp, dso or both')
      .describe('What each party hosts: a file of this folder, with #Service where it has several.'),
    headers: reasons
      .default({})
      .describe('Each SOAP header of the WSDL: identity for the one that names the operator, else why it is ignored.'),
  },
  strict,
)

const table = z.strictObject(
  {
    pairs: z.record(z.string(), z.string('must be text; quote it')),
    read: z.record(z.string(), z.string('must be text; quote it')).default({}),
    refusedLegacy: reasons.default({}),
    refusedModern: reasons.default({}),
  },
  strict,
)

const message = z.strictObject(
  {
    name: id,
    legacy: text,
    of: z.enum(['request', 'response']).default('request'),
    modern: text,
    why: text,
    rules: z.array(z.unknown(), 'must be a list of rules'),
    answered: z.enum(['peer', 'gateway', 'state']).default('peer'),
    answerAs: text.optional(),
    answer: z.array(z.unknown(), 'must be a list of rules').optional(),
  },
  strict,
)

export const mappingFile = z.strictObject(
  {
    id,
    legacy: id,
    modern: id.default('oscp-2.0'),
    extends: id.optional().describe('A shipped mapping whose other messages, reasons and tables hold here too.'),
    without: z.array(id).default([]).describe('Messages of it that do not.'),
    tables: z.record(z.string(), table).default({}),
    unsupported: reasons.default({}),
    messages: z.array(message, 'must be a list of messages'),
  },
  strict,
)

export type ContractFile = z.output<typeof contractFile>
export type MappingFile = z.output<typeof mappingFile>
export type MessageFile = MappingFile['messages'][number]
