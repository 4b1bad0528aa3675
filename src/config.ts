/**
 * Every setting of the gateway: what it is called, its type, its default, and one line about it. All problems come at once.
 * Limits: this is the one file that reads process.env; nothing outside it knows where a setting came from.
 */
import { readFileSync } from 'node:fs'
import { closest } from 'fastest-levenshtein'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { address, duration, httpUrl, id, zone } from './config/values.ts'
import { type Finding, FindingsError } from './contract/model.ts'

const legacyPeer = z.strictObject({
  role: z.enum(['dso', 'csp']).describe('What the party is in OSCP 1.0: grid operator, or charge spot operator.'),
  contract: z.string().default('oscp-1.0').describe('The contract it speaks.'),
  zone: zone.optional().describe('Zone of its times without offset. Default: such times are refused.'),
})

const modernPeer = z
  .strictObject({
    role: z.enum(['fp', 'cp']).describe('What the party is in OSCP 2.0: flexibility provider, or capacity provider.'),
    contract: z.string().default('oscp-2.0').describe('The contract it speaks.'),
    url: httpUrl.describe('Its base URL; the message name is appended.'),
    token: z.string().optional().meta({ secret: true }).describe('The token it issued for us.'),
    tokenFile: z.string().optional().describe('File that holds that token.'),
  })
  .superRefine((peer, context) => {
    if ((peer.token === undefined) === (peer.tokenFile === undefined))
      context.addIssue({ code: 'custom', path: ['token'], message: 'give either token or tokenFile' })
  })

const peer = z.discriminatedUnion('role', [legacyPeer, modernPeer], {
  error: 'must have a role: dso or csp (OSCP 1.0), fp or cp (OSCP 2.0)',
})

const link = z.strictObject({
  legacy: id.describe('The OSCP 1.0 party.'),
  modern: id.describe('The OSCP 2.0 party.'),
  cspIdentity: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('The cspIdentity of the operator; needed when a party has several links.'),
  groups: z
    .union([z.literal('identity'), z.record(z.string().min(1).max(255), z.string().min(1))])
    .default('identity')
    .describe('Cable id → group id. `identity`: every id is the same on both sides.'),
  answerWithin: duration.default(5000).describe("How long a SOAP caller waits for the other side's word."),
  amperePhases: z
    .array(z.enum(['ONE', 'TWO', 'THREE', 'UNKNOWN']))
    .min(1)
    .default(['ONE', 'TWO', 'THREE'])
    .describe('Phases that a 1.0 figure in ampere is about.'),
  ampereAllMeans: z.enum(['sum', 'each']).default('sum').describe('What a 2.0 figure in ampere for ALL phases means.'),
  phaseBalance: z
    .enum(['assumed', 'strict'])
    .default('assumed')
    .describe('Whether per-phase power is multiplied up as if loads were balanced, or not.'),
})

const schema = z.strictObject({
  publicUrl: httpUrl.optional().describe('URL under which partners reach the SOAP listener. Default: its address.'),
  listen: z
    .strictObject({
      soap: address.default({ host: '127.0.0.1', port: 8080 }).describe('Where OSCP 1.0 parties call.'),
      admin: address.default({ host: '127.0.0.1', port: 8082 }).describe('Where probes are answered; never public.'),
    })
    .prefault({})
    .describe('Listeners.'),
  redis: z
    .strictObject({
      url: z
        .string()
        .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL')
        .meta({ secret: true }),
    })
    .optional()
    .describe('State store. Default: memory, which forgets when the process ends.'),
  dialects: z.string().min(1).optional().describe('Folder of mounted dialects, one folder each. Default: none.'),
  log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('Least level that is logged.'),
  bodyLimit: z.int().min(1024).default(1_048_576).describe('Largest request body in bytes.'),
  offlineAfter: duration.default(180_000).describe('How long after a heartbeat of ours silence means offline.'),
  delivery: z
    .strictObject({
      timeout: duration.default(20_000).describe('Limit of one attempt to deliver a message.'),
      firstRetry: duration.default(1000).describe('Bound of the first pause after a failed attempt; it doubles.'),
      longestRetry: duration.default(60_000).describe('Largest bound of the pause between attempts.'),
    })
    .prefault({})
    .describe('Delivery to OSCP 2.0 parties.'),
  peers: z.record(id, peer).describe('The parties, by a name of your choice that is part of their URL.'),
  links: z.record(id, link).describe('Which parties speak through the gateway, by a name of your choice.'),
})

export type Config = z.output<typeof schema>
export type PeerConfig = z.output<typeof peer>
export type LinkConfig = z.output<typeof link>

/** The environment: each of these, or its name with _FILE appended for a file that holds the value. */
const environment = {
  OSCP_GW_CONFIG: { path: [], doc: 'The configuration file (YAML).' },
  OSCP_GW_REDIS_URL: { path: ['redis', 'url'], doc: 'State store; overrides redis.url.' },
  OSCP_GW_PUBLIC_URL: { path: ['publicUrl'], doc: 'Overrides publicUrl.' },
  OSCP_GW_LISTEN_SOAP: { path: ['listen', 'soap'], doc: 'Overrides listen.soap.' },
  OSCP_GW_LISTEN_ADMIN: { path: ['listen', 'admin'], doc: 'Overrides listen.admin.' },
  OSCP_GW_DIALECTS: { path: ['dialects'], doc: 'Folder of mounted dialects; overrides dialects.' },
  OSCP_GW_LOG: { path: ['log'], doc: 'Overrides log.' },
} as const

type Raw = { [key: string]: unknown }

/**
 * Reads the configuration file named by OSCP_GW_CONFIG (or `file`) and lays the environment over it.
 * `fallback` is used when there is no file. Throws FindingsError with every problem found.
 */
export function loadConfig(
  fallback: (() => Raw) | undefined,
  file?: string,
  env: NodeJS.ProcessEnv = process.env,
): Config {
  const findings: Finding[] = []
  const settings = readEnvironment(env, findings)
  const path = file ?? settings.OSCP_GW_CONFIG
  if (path === undefined && fallback === undefined)
    findings.push({ file: 'environment', rule: 'OSCP_GW_CONFIG', sentence: 'names no configuration file' })
  const raw = path === undefined ? fallback?.() : readYaml(path, findings)
  // A file that could not be read has nothing else worth saying.
  if (raw === undefined) throw new FindingsError(findings)
  for (const [name, { path: at }] of Object.entries(environment)) {
    const value = settings[name]
    if (at.length > 0 && value !== undefined) place(raw, at, value)
  }
  const name = path ?? 'configuration'
  const parsed = schema.safeParse(raw)
  for (const issue of parsed.error?.issues ?? [])
    findings.push({ file: name, rule: issue.path.join('.') || 'file', sentence: sentenceOf(issue) })
  if (parsed.success) findings.push(...crossChecks(parsed.data, name))
  if (findings.length > 0 || !parsed.success) throw new FindingsError(findings)
  return readSecrets(parsed.data, name)
}

/** Whether the environment names a configuration file. */
export function hasConfigFile(env: NodeJS.ProcessEnv = process.env): boolean {
  return env.OSCP_GW_CONFIG !== undefined || env.OSCP_GW_CONFIG_FILE !== undefined
}

/** The folder of mounted dialects that the environment names, for commands that have no configuration. */
export function dialectsFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const settings = readEnvironment(env, [])
  return settings.OSCP_GW_DIALECTS
}

function readEnvironment(env: NodeJS.ProcessEnv, findings: Finding[]): Record<string, string> {
  const known = Object.keys(environment).flatMap((name) => [name, `${name}_FILE`])
  const settings: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('OSCP_GW_') || value === undefined) continue
    const base = name.replace(/_FILE$/, '')
    if (!known.includes(name))
      findings.push({
        file: 'environment',
        rule: name,
        sentence: `is not a setting; did you mean ${closest(name, known)}?`,
      })
    else if (base === name) settings[name] = value
    else if (env[base] !== undefined)
      findings.push({ file: 'environment', rule: name, sentence: `is given together with ${base}` })
    else {
      const content = readSecretFile(value)
      if (content === undefined)
        findings.push({ file: 'environment', rule: name, sentence: 'names a file that cannot be read' })
      else settings[base] = content
    }
  }
  return settings
}

function readYaml(path: string, findings: Finding[]): Raw | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    findings.push({ file: path, rule: 'file', sentence: 'cannot be read' })
    return undefined
  }
  const document = parseDocument(text, { uniqueKeys: true })
  for (const error of document.errors)
    findings.push({ file: path, rule: 'yaml', sentence: error.message.split('\n')[0]! })
  if (document.errors.length > 0) return undefined
  const raw: unknown = document.toJS()
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Raw
  findings.push({ file: path, rule: 'yaml', sentence: 'must be a mapping of settings' })
  return undefined
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message
  return `${issue.keys.join(', ')}: not a setting here`
}

/** What the schema cannot see: names that must exist, and parties that cannot be told apart. */
function crossChecks(config: Config, file: string): Finding[] {
  const findings: Finding[] = []
  const report = (rule: string, sentence: string) => findings.push({ file, rule, sentence })
  const identities = new Map<string, string>()
  for (const [name, link] of Object.entries(config.links)) {
    const [legacy, modern] = [config.peers[link.legacy], config.peers[link.modern]]
    if (!legacy) report(`links.${name}.legacy`, `${link.legacy} is not among the peers${nearest(link.legacy, config)}`)
    else if (!isLegacy(legacy))
      report(`links.${name}.legacy`, `${link.legacy} has the role ${legacy.role}, not dso or csp`)
    if (!modern) report(`links.${name}.modern`, `${link.modern} is not among the peers${nearest(link.modern, config)}`)
    else if (isLegacy(modern))
      report(`links.${name}.modern`, `${link.modern} has the role ${modern.role}, not fp or cp`)
    const wanted = legacy?.role === 'dso' ? 'fp' : 'cp'
    if (legacy && modern && isLegacy(legacy) && !isLegacy(modern) && modern.role !== wanted)
      report(`links.${name}`, `a ${legacy.role} is linked with a ${wanted}, not with a ${modern.role}`)
    const siblings = Object.values(config.links).filter((other) => other.legacy === link.legacy)
    if (siblings.length > 1 && link.cspIdentity === undefined)
      report(`links.${name}.cspIdentity`, `is needed, because ${link.legacy} has several links`)
    const key = `${link.legacy} ${link.cspIdentity}`
    const twin = identities.get(key)
    if (twin !== undefined && link.cspIdentity !== undefined)
      report(`links.${name}.cspIdentity`, `is the same as of ${twin}`)
    identities.set(key, name)
    if (link.groups !== 'identity') {
      const cables = new Map<string, string>()
      for (const [cable, group] of Object.entries(link.groups)) {
        const other = cables.get(group)
        if (other !== undefined)
          report(`links.${name}.groups`, `${other} and ${cable} are both ${group}; a group is one cable`)
        cables.set(group, cable)
      }
    }
  }
  return findings
}

function nearest(name: string, config: Config): string {
  const names = Object.keys(config.peers)
  return names.length > 0 ? `; did you mean ${closest(name, names)}?` : ''
}

function readSecrets(config: Config, file: string): Config {
  const findings: Finding[] = []
  const peers = Object.fromEntries(
    Object.entries(config.peers).map(([name, peer]) => {
      if (isLegacy(peer) || peer.tokenFile === undefined) return [name, peer]
      const token = readSecretFile(peer.tokenFile)
      if (token === undefined)
        findings.push({ file, rule: `peers.${name}.tokenFile`, sentence: 'names a file that cannot be read' })
      return [name, { ...peer, token }]
    }),
  )
  if (findings.length > 0) throw new FindingsError(findings)
  return { ...config, peers }
}

export function isLegacy(peer: PeerConfig): peer is PeerConfig & { role: 'dso' | 'csp' } {
  return peer.role === 'dso' || peer.role === 'csp'
}

/** The content of a secret's file, without the newline editors leave at its end. */
function readSecretFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}

function place(raw: Raw, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path as [string, ...string[]]
  if (rest.length === 0) raw[first] = value
  else {
    const inner = raw[first]
    raw[first] = typeof inner === 'object' && inner !== null ? { ...inner } : {}
    place(raw[first] as Raw, rest, value)
  }
}
