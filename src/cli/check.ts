/** `oscp-gateway check`: the start-up checks and nothing else; every field of every contract is accounted for, or exit 78. */
import { shippedCrossings, startupChecks } from '../app.ts'
import { hasConfigFile, loadConfig } from '../config.ts'
import { exitCodes } from './exit.ts'

export async function check(file: string | undefined): Promise<number> {
  const crossings = await shippedCrossings()
  for (const { id, hash, messages, unsupported } of crossings) {
    const names = Object.keys(unsupported)
    console.log(`mapping ${id} (${hash}): ${messages.length} messages accounted for in both directions`)
    for (const name of names) console.log(`  not carried: ${name}: ${unsupported[name]}`)
  }
  if (file !== undefined || hasConfigFile()) {
    startupChecks(loadConfig(undefined, file), crossings)
    console.log(`configuration ${file ?? 'named by OSCP_GW_CONFIG'}: in order`)
  }
  return exitCodes.ok
}
