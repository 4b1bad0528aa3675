/**
 * What one translation may know besides the message: a link of a configuration, a settings file laid over it, else defaults.
 * Limits: the settings file is JSON, for trying and for golden files; a gateway in service is configured by its own file.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { linkNamed } from '../app.ts'
import type { Config } from '../config.ts'
import type { LegacyRole } from '../contract/model.ts'
import { contextOf } from '../exchange/peers.ts'
import type { Value } from '../mapping/compile.ts'
import type { Crossing } from '../mapping/crossings.ts'
import type { Context } from '../mapping/run.ts'
import { exitCodes, InputError } from './exit.ts'

/** Everything a translation is given besides the message. */
export interface Settings {
  readonly context: Context
  /** What an earlier message the other way left to be restored. */
  readonly kept: Value | undefined
  /** The role of the OSCP 1.0 party, when a link says it: it decides whose service a SOAP message belongs to. */
  readonly role: LegacyRole | undefined
}

const instant = z.union([z.number(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))])
const minutes = z
  .string()
  .regex(/^\d+m$/, 'must be minutes such as 15m')
  .transform((text) => Number.parseInt(text, 10) * 60_000)
const phase = z.enum(['ONE', 'TWO', 'THREE', 'UNKNOWN'])
const energyUnit = z.enum(['WH', 'KWH'])

const settingsFile = z.strictObject({
  groups: z.record(z.string(), z.string()).optional().describe('Cable id → group id; identity without it.'),
  zone: z.string().optional(),
  amperePhases: z.array(phase).min(1).exactOptional(),
  ampereAllMeans: z.enum(['sum', 'each']).exactOptional(),
  phaseBalance: z.enum(['assumed', 'strict']).exactOptional(),
  voltage: z.strictObject({ low: z.number().positive(), high: z.number().positive() }).optional(),
  legacyUnit: z.enum(['A', 'W', 'KW']).optional(),
  grid: minutes.optional(),
  oddBlocks: z.boolean().optional(),
  fallback: z
    .array(
      z.strictObject({
        start: instant,
        end: instant,
        capacity: z.number().min(0),
        unit: z.string(),
        phase: z.string().optional(),
      }),
    )
    .optional(),
  measurements: z.enum(['INTERMITTENT', 'CONTINUOUS']).optional(),
  energyType: z.enum(['FLEXIBLE', 'NONFLEXIBLE', 'TOTAL']).optional(),
  usageGrid: minutes.optional(),
  meters: z
    .record(
      z.string(),
      z.strictObject({
        source: z.enum(['register', 'intervals']),
        register: z.string().exactOptional(),
        reading: z.number(),
        at: instant,
        unit: energyUnit,
        intervals: z.record(z.string(), z.number()).default({}),
        base: z.number().default(0),
      }),
    )
    .optional()
    .describe(
      'What earlier messages left in the meters: towards 2.0 by cable, towards 1.0 by asset; empty is the group.',
    ),
  forecastId: z.string().optional(),
  combinedAsset: z.string().optional(),
  kept: z.record(z.string(), z.unknown()).optional().describe('What an earlier message the other way left.'),
})

export interface SettingsOptions {
  readonly now: number
  readonly config?: Config | undefined
  readonly link?: string | undefined
  readonly settings?: string | undefined
}

/** As configuration has it by default. */
const offlineAfter = 180_000

/** Throws FindingsError for a configuration, InputError for a link or a settings file that cannot be used. */
export function readSettings(options: SettingsOptions, crossings: readonly Crossing[]): Settings {
  const { context, role } = fromLink(options, crossings)
  if (options.settings === undefined) return { context, role, kept: undefined }
  const { groups, kept, ...rest } = parseSettings(options.settings)
  return { context: { ...context, ...(groups ? { groups: idTable(groups) } : {}), ...rest }, role, kept }
}

function fromLink({ now, config, link: name }: SettingsOptions, crossings: readonly Crossing[]) {
  if (config === undefined || name === undefined) {
    if (name !== undefined) throw new InputError(exitCodes.usage, ['--link needs the --config that has it'])
    return { context: defaults(now), role: undefined }
  }
  const link = linkNamed(config, crossings, name)
  if (link === undefined)
    throw new InputError(exitCodes.usage, [
      `the configuration has no link ${name}; it has ${Object.keys(config.links).join(', ') || 'none'}`,
    ])
  return { context: contextOf(link, now, config.offlineAfter), role: link.legacy.role }
}

function defaults(now: number): Context {
  return {
    now,
    offlineAt: now + offlineAfter,
    groups: { toModern: (cable) => cable, toLegacy: (group) => group },
    amperePhases: ['ONE', 'TWO', 'THREE'],
    ampereAllMeans: 'sum',
    phaseBalance: 'assumed',
  }
}

function parseSettings(file: string): z.output<typeof settingsFile> {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const sentence = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read'
    throw new InputError(
      cause instanceof SyntaxError ? exitCodes.data : exitCodes.noInput,
      [`${file} ${sentence}`],
      cause,
    )
  }
  const parsed = settingsFile.safeParse(json)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => `${file}: ${issue.path.join('.') || 'settings'}: ${issue.message}`)
  throw new InputError(exitCodes.data, lines)
}

function idTable(groups: Readonly<Record<string, string>>): Context['groups'] {
  const up = new Map(Object.entries(groups))
  const down = new Map([...up].map(([cable, group]) => [group, cable]))
  return { toModern: (cable) => up.get(cable), toLegacy: (group) => down.get(group) }
}
