/** `oscp-gateway check`: the start-up checks and nothing else; every field of every contract is accounted for, or exit 78. */
import { startupChecks } from '../app.ts'
import { hasConfigFile, loadConfig } from '../config.ts'
import { exitCodes } from './exit.ts'
import { prepare } from './prepare.ts'

export async function check(file: string | undefined): Promise<number> {
  const { config, crossings } = await prepare(() =>
    file === undefined && !hasConfigFile() ? undefined : loadConfig(undefined, file),
  )
  for (const { id, hash, messages, unsupported } of crossings) {
    const names = Object.keys(unsupported)
    console.log(`mapping ${id} (${hash}): ${messages.length} messages accounted for in both directions`)
    for (const name of names) console.log(`  not carried: ${name}: ${unsupported[name]}`)
  }
  if (config !== undefined) {
    startupChecks(config, crossings)
    console.log(`configuration ${file ?? 'named by OSCP_GW_CONFIG'}: in order`)
  }
  return exitCodes.ok
}
