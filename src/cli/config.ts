/** `oscp-gateway config`: the configuration as it would be in force, and what another file would change; secrets are never shown. */
import { startupChecks } from '../app.ts'
import { changesBetween, describeChange, loadConfig, settingsOf } from '../config.ts'
import { exitCodes } from './exit.ts'
import { prepare } from './prepare.ts'

/** Throws FindingsError. */
export async function printConfig(file: string | undefined): Promise<number> {
  const config = loadConfig(undefined, file)
  for (const { name, shown } of settingsOf(config)) console.log(`${name} = ${shown}`)
  return exitCodes.ok
}

/** Compares what is configured with another file, under the same environment. Throws FindingsError for either. */
export async function diffConfig(file: string | undefined, newer: string): Promise<number> {
  const before = loadConfig(undefined, file)
  const { config: after, crossings } = await prepare(() => loadConfig(undefined, newer))
  startupChecks(after, crossings)
  const changes = changesBetween(before, after)
  if (changes.length === 0) console.log('no setting differs')
  for (const change of changes) console.log(describeChange(change))
  return exitCodes.ok
}
