/**
 * The script of a fake party: what it sends when, how it answers, when it is away, and its bad habits, as YAML.
 * Limits: times count from the start of the fake; a script that is wrong is refused as a whole, with every reason.
 */
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { HOUSEHOLD_LOAD_KW } from '../forecast.ts'

export const roles = ['dso', 'csp', 'cp', 'fp'] as const
export type FakeRole = (typeof roles)[number]

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

const time = z
  .string()
  .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h)$/, 'must be a time such as 500ms, 5s, 15m or 2h')
  .transform((text) => Math.round(Number.parseFloat(text) * units[/[a-z]+$/.exec(text)![0] as keyof typeof units]))

/** What a command line says of a time, in milliseconds; undefined where it is none. */
export function readTime(text: string): number | undefined {
  return time.safeParse(text).data
}

const address = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port such as 127.0.0.1:9001')
  .transform((text) => {
    const at = text.lastIndexOf(':')
    return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) }
  })
  .refine(({ port }) => port <= 65_535, 'must have a port of at most 65535')

const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })
const name = z.string().min(1)
const amount = z.number().min(0)
const load = z.enum(Object.keys(HOUSEHOLD_LOAD_KW) as [keyof typeof HOUSEHOLD_LOAD_KW])

/** What cables or groups carry, in kW; told is what the households on them leave of it. */
const forecast = z.strictObject({
  carries: z.record(name, amount),
  load: load.default('jan_workday'),
  blocks: z.int().min(1).max(10_000).default(96),
  /** From this long after now, on the quarter hour. */
  from: time.default(0),
})
/** One figure for a while: an emergency of a grid operator, a wish of a charge point operator. */
const span = z.strictObject({ about: name, capacity: amount, from: time.default(0), for: time.default(3_600_000) })
const usage = z.strictObject({ about: z.array(name).min(1), energy: amount, over: time.default(900_000) })

const messages = {
  dso: { forecast, limit: span, heartbeat: z.strictObject({}) },
  csp: { wish: span, usage, ask: z.strictObject({ about: z.array(name).default([]) }), heartbeat: z.strictObject({}) },
  cp: {
    register: z.strictObject({}),
    handshake: z.strictObject({}),
    heartbeat: z.strictObject({ interval: time.default(60_000) }),
    forecast,
    limit: span,
    fallback: span,
  },
  fp: {
    register: z.strictObject({}),
    handshake: z.strictObject({}),
    heartbeat: z.strictObject({ interval: time.default(60_000) }),
    wish: span,
    usage,
    complaint: z.strictObject({ about: name, message: z.string() }),
  },
} as const

const when = { at: time.default(0), every: time.refine((ms) => ms >= 100, 'must be at least 100ms').optional() }
const identity = z.string().optional().describe('cspIdentity in the header')

const answer = z
  .strictObject({
    to: name.default('*').describe('name of the message, * for every'),
    from: time.default(0),
    for: time.optional(),
    nth: z.array(z.int().min(1)).optional().describe('only these, counted from 1'),
    delay: time.optional(),
    accept: z.literal(true).optional(),
    reject: z.string().optional().describe('refused for good, with these words'),
    status: z.int().min(200).max(599).optional(),
    retryAfter: z.int().min(0).optional().describe('in seconds'),
    html: z.literal(true).optional().describe('a web page, as a proxy sends it'),
    drop: z.literal(true).optional().describe('the connection is reset'),
    silence: z.literal(true).optional().describe('no answer ever comes'),
  })
  .refine(
    ({ accept, reject, drop, silence, html }) =>
      [accept, reject, drop, silence, html].filter((one) => one !== undefined).length <= 1,
    'give one of accept, reject, html, drop and silence',
  )

const habits = z.strictObject({
  family: z.enum(['sn', 'elmo', 'py', 'sdk']).optional().describe('the habits of known parties as a whole'),
  handshake: z.enum(['wrapped', 'flat']).optional(),
  interval: time.optional().describe('the pace of heartbeats it asks for'),
  acknowledges: z.boolean().optional(),
  tokenPrefix: z.string().optional().describe('stands before the token it registers, such as "Token "'),
  scheme: z.enum(['Token', 'Bearer']).optional(),
  correlates: z.boolean().optional(),
  address: z.enum(['absolute', 'path only', 'with a slash']).optional(),
  times: z.enum(['utc', 'naive']).optional().describe('naive: without an offset'),
})

const common = {
  listen: address.optional(),
  status: address.optional().describe('where it shows what it holds'),
  outages: z.array(z.strictObject({ from: time, for: time })).default([]),
  answers: z.array(answer).default([]),
}

const legacy = {
  ...common,
  gateway: url.describe("the party's own address at the gateway, such as http://127.0.0.1:8080/oscp/1.0/fake-dso"),
  soapVersion: z.enum(['1.1', '1.2']).default('1.1'),
  identity,
  times: z.enum(['utc', 'naive']).default('utc'),
}

const modern = {
  ...common,
  gateway: url.describe('such as http://127.0.0.1:8081/oscp/cp/2.0'),
  tokens: z
    .strictObject({
      theirs: z.string().min(1).optional().describe('the token it shows; for the first Register where it begins'),
      ours: z.string().min(1).optional().describe('the token by which the gateway is known; TOKEN_A where that begins'),
    })
    .default({}),
  habits: habits.default({}),
}

function sendsOf<T extends Record<string, z.ZodType>>(known: T, more: { identity?: typeof identity } = {}) {
  const optional = Object.fromEntries(Object.entries(known).map(([key, schema]) => [key, schema.optional()]))
  return z
    .array(
      z
        .strictObject({ ...when, ...more, ...optional } as typeof when & { [K in keyof T]: z.ZodOptional<T[K]> })
        .refine(
          (send) =>
            Object.keys(known).filter((key) => (send as Record<string, unknown>)[key] !== undefined).length === 1,
          `must say one of ${Object.keys(known).join(', ')}`,
        ),
    )
    .default([])
}

const schemas = {
  dso: z.strictObject({ ...legacy, sends: sendsOf(messages.dso, { identity }) }),
  csp: z.strictObject({ ...legacy, sends: sendsOf(messages.csp, { identity }) }),
  cp: z.strictObject({ ...modern, sends: sendsOf(messages.cp) }),
  fp: z.strictObject({ ...modern, sends: sendsOf(messages.fp) }),
}

/** What is sent once or every so often; each role knows some of these. */
export interface Entry {
  readonly at: number
  readonly every?: number | undefined
  /** Instead of the script's own. */
  readonly identity?: string | undefined
  readonly register?: object | undefined
  readonly handshake?: object | undefined
  readonly heartbeat?: { readonly interval?: number } | undefined
  readonly forecast?: Forecast | undefined
  readonly limit?: Span | undefined
  readonly fallback?: Span | undefined
  readonly wish?: Span | undefined
  readonly usage?: Usage | undefined
  readonly ask?: { readonly about: readonly string[] } | undefined
  readonly complaint?: { readonly about: string; readonly message: string } | undefined
}

type WithEntries<T> = Omit<T, 'sends'> & { readonly sends: readonly Entry[] }
export type LegacyScript = WithEntries<z.output<typeof schemas.dso>>
export type ModernScript = WithEntries<z.output<typeof schemas.cp>>
export type Script = LegacyScript | ModernScript
export type Forecast = z.output<typeof forecast>
export type Span = z.output<typeof span>
export type Usage = z.output<typeof usage>
export type Answer = z.output<typeof answer>
export type HabitsOfScript = z.output<typeof habits>

/** A line for each thing that is wrong with a script. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

/** Throws ScriptError. */
export function readScript(role: FakeRole, text: string): Script {
  const document = parseDocument(text, { uniqueKeys: true, stringKeys: true })
  if (document.errors.length > 0)
    throw new ScriptError(document.errors.map(({ message }) => message.split('\n')[0]!.replace(/:$/, '')))
  return checkScript(role, document.toJS() ?? {})
}

/** The same for a script that is there as plain values. Throws ScriptError. */
export function checkScript(role: FakeRole, given: unknown): Script {
  const { data, error } = schemas[role].safeParse(given)
  if (error) throw new ScriptError(error.issues.map(({ path, message }) => `${path.join('.') || 'script'}: ${message}`))
  return data
}
