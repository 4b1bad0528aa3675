/**
 * Every setting of the gateway: what it is called, its type, its default, and one line about it. All problems come at once.
 * Limits: this is the one file that reads process.env; nothing outside it knows where a setting came from.
 */
import { readFileSync } from 'node:fs'
import { closest } from 'fastest-levenshtein'
import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { crossChecks } from './config/checks.ts'
import { type Config, isLegacy, schema } from './config/schema.ts'
import { type Finding, FindingsError } from './contract/model.ts'

export {
  type Config,
  isLegacy,
  type LinkConfig,
  type ModernPeerConfig,
  type PeerConfig,
  type ProfileConfig,
} from './config/schema.ts'

/** The environment: each of these, or its name with _FILE appended for a file that holds the value. */
const environment = {
  OSCP_GW_CONFIG: { path: [], doc: 'The configuration file (YAML).' },
  OSCP_GW_REDIS_URL: { path: ['redis', 'url'], doc: 'State store; overrides redis.url.' },
  OSCP_GW_PUBLIC_URL: { path: ['publicUrl'], doc: 'Overrides publicUrl.' },
  OSCP_GW_LISTEN_SOAP: { path: ['listen', 'soap'], doc: 'Overrides listen.soap.' },
  OSCP_GW_PUBLIC_REST_URL: { path: ['publicRestUrl'], doc: 'Overrides publicRestUrl.' },
  OSCP_GW_LISTEN_REST: { path: ['listen', 'rest'], doc: 'Overrides listen.rest.' },
  OSCP_GW_TOKEN_KEY: { path: ['tokenKey'], doc: 'The key itself; best given as OSCP_GW_TOKEN_KEY_FILE.' },
  OSCP_GW_LISTEN_ADMIN: { path: ['listen', 'admin'], doc: 'Overrides listen.admin.' },
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

/** Replaces the name of each secret's file by what is in it. */
function readSecrets(config: Config, file: string): Config {
  const findings: Finding[] = []
  const read = (rule: string, path: string) => {
    const content = readSecretFile(path)
    if (content === undefined) findings.push({ file, rule, sentence: 'names a file that cannot be read' })
    else if (content.trim() === '') findings.push({ file, rule, sentence: 'names a file that is empty' })
    return content
  }
  const fill = <T extends object>(holder: T, rule: string, name: keyof T & string): T => {
    const path = holder[`${name}File` as keyof T]
    return typeof path === 'string' ? { ...holder, [name]: read(`${rule}${name}File`, path) } : holder
  }
  const peers = Object.fromEntries(
    Object.entries(config.peers).map(([name, peer]) => {
      if (isLegacy(peer)) return [name, peer]
      const at = `peers.${name}.`
      const filled = fill(fill(peer, at, 'token'), at, 'inboundToken')
      const { authOut } = filled.profile
      if (typeof authOut === 'string') return [name, filled]
      const oauth = fill(authOut, `${at}profile.authOut.`, 'clientSecret')
      return [name, { ...filled, profile: { ...filled.profile, authOut: oauth } }]
    }),
  )
  const whole = fill({ ...config, peers }, '', 'tokenKey')
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
