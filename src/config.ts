/**
 * Every setting of the gateway: what it is called, its type, its default, and one line about it. All problems come at once.
 * Limits: this is the one file that reads process.env; nothing outside it knows where a setting came from.
 */
import { readFileSync } from 'node:fs'
import { closest } from 'fastest-levenshtein'
import type { z } from 'zod'
import { crossChecks } from './config/checks.ts'
import { listeners } from './config/listening.ts'
import { type Config, isLegacy, schema } from './config/schema.ts'
import { checkOwnKey, fillSecurity } from './config/security.ts'
import { fillTraces } from './config/traces.ts'
import { tokenText } from './config/values.ts'
import { readYaml } from './config/yaml.ts'
import { type Finding, FindingsError } from './contract/model.ts'

export { changesBetween, describeChange, type SettingChange, withoutRestart } from './config/changes.ts'
export {
  type Config,
  isLegacy,
  type LinkConfig,
  type ModernPeerConfig,
  type PeerConfig,
  type ProfileConfig,
  securityOf,
} from './config/schema.ts'
export { settingsOf } from './config/settings.ts'

/** The environment: each of these, or its name with _FILE appended for a file that holds the value. */
export const environment = {
  OSCP_GW_CONFIG: { path: [], doc: 'The configuration file (YAML).' },
  OSCP_GW_REDIS_URL: { path: ['redis', 'url'], doc: 'State store; overrides redis.url.' },
  OSCP_GW_PUBLIC_URL: { path: ['publicUrl'], doc: 'Overrides publicUrl.' },
  OSCP_GW_LISTEN_SOAP: { path: ['listen', 'soap'], doc: 'Overrides listen.soap.' },
  OSCP_GW_PUBLIC_REST_URL: { path: ['publicRestUrl'], doc: 'Overrides publicRestUrl.' },
  OSCP_GW_LISTEN_REST: { path: ['listen', 'rest'], doc: 'Overrides listen.rest.' },
  OSCP_GW_TOKEN_KEY: { path: ['tokenKey'], doc: 'The key itself; best given as OSCP_GW_TOKEN_KEY_FILE.' },
  OSCP_GW_LISTEN_ADMIN: { path: ['listen', 'admin'], doc: 'Overrides listen.admin.' },
  OSCP_GW_CONSOLE_TOKEN: { path: ['console', 'token'], doc: 'What an operator shows to change anything.' },
  OSCP_GW_DIALECTS: { path: ['dialects'], doc: 'Folder of mounted dialects; overrides dialects.' },
  OSCP_GW_SIDECAR_OF: { path: ['sidecarOf'], doc: 'Overrides sidecarOf.' },
  OSCP_GW_DRAIN_DELAY: { path: ['drain', 'delay'], doc: 'Overrides drain.delay.' },
  OSCP_GW_DRAIN_TOTAL: { path: ['drain', 'total'], doc: 'Overrides drain.total.' },
  OSCP_GW_LOG: { path: ['log'], doc: 'Overrides log.' },
} as const

type Raw = { [key: string]: unknown }

/** What is read once is not worth a parser that zod would compile for it. */
const once = { jitless: true }

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
  if (path === undefined && fallback === undefined && !hasConfigFile(env))
    findings.push({ file: 'environment', rule: 'OSCP_GW_CONFIG', sentence: 'names no configuration file' })
  const raw = path === undefined ? fallback?.() : readYaml(path, findings)
  // A file that could not be read has nothing else worth saying.
  if (raw === undefined) throw new FindingsError(findings)
  for (const [name, { path: at }] of Object.entries(environment)) {
    const value = settings[name]
    if (at.length > 0 && value !== undefined) place(raw, at, value)
  }
  const name = path ?? 'configuration'
  const parsed = schema.safeParse(raw, once)
  for (const issue of parsed.error?.issues ?? [])
    findings.push(...explain(issue).map((found) => ({ file: name, ...found })))
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

/**
 * Where the gateway of this configuration answers probes: the only setting that is looked at, so that asking costs little
 * and a file that has meanwhile become unusable elsewhere does not make a running gateway look dead.
 */
export function adminAddress(file?: string, env: NodeJS.ProcessEnv = process.env): { host: string; port: number } {
  const findings: Finding[] = []
  const settings = readEnvironment(env, findings)
  const path = file ?? settings.OSCP_GW_CONFIG
  const raw = (path === undefined ? undefined : readYaml(path, findings)) ?? {}
  const given = settings.OSCP_GW_LISTEN_ADMIN ?? (raw.listen as Raw | undefined)?.admin
  const { data } = listeners.safeParse(given === undefined ? {} : { admin: given })
  if (data) return data.admin
  throw new FindingsError([{ file: path ?? 'environment', rule: 'listen.admin', sentence: 'is no address' }])
}

function readEnvironment(env: NodeJS.ProcessEnv, findings: Finding[]): Record<string, string> {
  const known = Object.keys(environment).flatMap((name) => [name, `${name}_FILE`])
  const settings: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('OSCP_GW_') || value === undefined) continue
    const report = (sentence: string) => findings.push({ file: 'environment', rule: name, sentence })
    const base = name.replace(/_FILE$/, '')
    if (!known.includes(name)) report(`is not a setting; ${advice(name, known)}`)
    else if (value === '') report('is empty; give it a value or leave it out')
    else if (base === name) settings[name] = value
    else if (env[base] !== undefined) report(`is given together with ${base}`)
    else {
      const content = readSecretFile(value)
      if (content === undefined) report('names a file that cannot be read')
      else if (content === '') report('names a file that is empty')
      else settings[base] = content
    }
  }
  return settings
}

/** Kubernetes gives every container the address of every Service, in variables that start with the Service's name. */
function advice(name: string, known: readonly string[]): string {
  if (/^OSCP_GW_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_|$)/.test(name))
    return 'if Kubernetes sets it for a Service, set enableServiceLinks: false in the pod'
  return `did you mean ${closest(name, known)}?`
}

/** What is wrong and where. Of the forms a value may have, those are spoken of that it is near to. */
function explain(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): { rule: string; sentence: string }[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'invalid_union') {
    const near = issue.errors.find((issues) => !issues.some((inner) => inner.path.length === 0 && isOfOtherKind(inner)))
    if (near) return near.flatMap((inner) => explain(inner, path))
  }
  return [{ rule: path.join('.') || 'file', sentence: sentenceOf(issue) }]
}

function isOfOtherKind({ code }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' || code === 'invalid_value'
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')}: not a setting here`
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message
  if (
    issue.code === 'invalid_type' &&
    issue.expected === 'string' &&
    /received (?:number|boolean)$/.test(issue.message)
  )
    return 'must be text; put it in quotes'
  return issue.message
}

/** Replaces the name of each secret's file by what is in it. */
function readSecrets(config: Config, file: string): Config {
  const findings: Finding[] = []
  const read = (rule: string, path: string, isToken: boolean) => {
    const content = readSecretFile(path)
    if (content === undefined) findings.push({ file, rule, sentence: 'names a file that cannot be read' })
    else if (content.trim() === '') findings.push({ file, rule, sentence: 'names a file that is empty' })
    else if (isToken && !tokenText.safeParse(content).success)
      findings.push({ file, rule, sentence: 'names a file that holds more than a token: one line of printable ASCII' })
    return content
  }
  const report = (rule: string, sentence: string) => void findings.push({ file, rule, sentence })
  const fill = <T extends object>(holder: T, rule: string, name: keyof T & string): T => {
    const path = holder[`${name}File` as keyof T]
    return typeof path === 'string'
      ? { ...holder, [name]: read(`${rule}${name}File`, path, /^(?:token|inboundToken)$/.test(name)) }
      : holder
  }
  const peers = Object.fromEntries(
    Object.entries(config.peers).map(([name, peer]) => {
      const at = `peers.${name}.`
      if (isLegacy(peer)) {
        const security = fillSecurity(peer.security, `${at}security`, readSecretFile, report)
        checkOwnKey(security, `${at}security`, report)
        return [name, { ...peer, security }]
      }
      const filled = fill(fill(peer, at, 'token'), at, 'inboundToken')
      const { authOut } = filled.profile
      if (typeof authOut === 'string') return [name, filled]
      const oauth = fill(authOut, `${at}profile.authOut.`, 'clientSecret')
      return [name, { ...filled, profile: { ...filled.profile, authOut: oauth } }]
    }),
  )
  const redis = config.redis && fill(config.redis, 'redis.', 'password')
  const sentinels = redis?.sentinels && fill(redis.sentinels, 'redis.sentinels.', 'password')
  const traces = fillTraces(config.traces, readSecretFile, report)
  const console = fill(config.console, 'console.', 'token')
  if (console.token !== undefined && console.token.length < 16)
    report('console.tokenFile', 'names a file whose token is shorter than 16 characters')
  const whole = fill({ ...config, peers, console, traces, redis: redis && { ...redis, sentinels } }, '', 'tokenKey')
  if (findings.length > 0) throw new FindingsError(findings)
  return whole
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
