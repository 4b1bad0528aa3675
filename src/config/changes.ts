/** What differs between two configurations, setting by setting, and what of it a running gateway can take up. */
import type { Config } from './schema.ts'
import { type Setting, settingsOf } from './settings.ts'

export interface SettingChange {
  readonly setting: string
  /** Undefined where there was none, or is none any more. Secrets are `***`. */
  readonly before: string | undefined
  readonly after: string | undefined
  /** Whether it holds only from the next start on. */
  readonly needsRestart: boolean
}

/** What is opened once, or what the state was written with. */
const fixed = /^(?:listen|redis|tokenKey|tokenKeyFile|journal|traces|limits)(?:\.|$)/
const free = /^limits\.blocks$/

export function changesBetween(before: Config, after: Config): SettingChange[] {
  const [old, now] = [byName(before), byName(after)]
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((setting): SettingChange[] => {
    const [was, is] = [old.get(setting), now.get(setting)]
    if (was?.mark === is?.mark) return []
    const needsRestart = fixed.test(setting) && !free.test(setting)
    return [{ setting, before: was?.shown, after: is?.shown, needsRestart }]
  })
}

/** The newer configuration as far as a running gateway can take it up: what needs a restart is as it was. */
export function withoutRestart(before: Config, after: Config): Config {
  const { listen, redis, tokenKey, tokenKeyFile, journal, traces } = before
  const limits = { ...before.limits, blocks: after.limits.blocks }
  return { ...after, listen, redis, tokenKey, tokenKeyFile, journal, traces, limits }
}

/** One line for people. */
export function describeChange({ setting, before, after, needsRestart }: SettingChange): string {
  const restart = needsRestart ? '   (needs a restart)' : ''
  if (before === undefined) return `+ ${setting} = ${after}${restart}`
  if (after === undefined) return `- ${setting} = ${before}${restart}`
  return `~ ${setting}: ${before} -> ${before === after ? `${after}, another one` : after}${restart}`
}

function byName(config: Config): Map<string, Setting> {
  return new Map(settingsOf(config).map((setting) => [setting.name, setting]))
}
