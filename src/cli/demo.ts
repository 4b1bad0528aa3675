/** `oscp-gateway demo`: a DSO and a CPO played on loopback around a real gateway; exit 0 only if everything shown was so. */
import { quarter } from './demo-chart.ts'
import { dsoName, missingPeers, openWorld, type World } from './demo-world.ts'
import { exitCodes } from './exit.ts'
import { curlLine } from './sandbox.ts'
import { Terminal } from './terminal.ts'

const picture = [
  ' ┌────────────────┐  SOAP 1.1  ┌────────────────┐  JSON  ┌────────────────┐',
  ' │ simulated DSO  │───────────→│  oscp-gateway  │───────→│ simulated CPO  │',
  ' │ soap package   │            │  memory state  │        │ bare node:http │',
  ' └────────────────┘            └────────────────┘        └────────────────┘',
]

/** Resolves with the exit code; `keep` leaves everything running until a signal. Throws what did not go as it should. */
export async function demo(keep: boolean): Promise<number> {
  const missing = missingPeers()
  if (missing !== undefined) {
    console.error(`the simulated peers are not part of this image: ${missing} does not exist`)
    return exitCodes.unavailable
  }
  // Loaded here because `start` must not pay for what only a demo draws with.
  const { passOn } = await import('./demo-passing.ts')
  const { catchUp, fallBehind } = await import('./demo-outage.ts')
  const terminal = new Terminal(process.stdout)
  const started = Date.now()
  const world = await openWorld()
  try {
    terminal.print('', ...picture)
    const stage = { terminal, world, from: Math.floor(started / quarter) * quarter }
    await passOn(stage)
    await catchUp(stage, await fallBehind(stage))
    const seconds = ((Date.now() - started) / 1000).toFixed(1)
    terminal.heading(`That took ${seconds} s`)
    terminal.print(' README.md                what it is and how to set it up')
    terminal.print(' npm start                a gateway to call; it prints a curl line to begin with')
    if (keep) await stayUp(terminal, world)
    else terminal.print(' npm run demo -- --keep   this once more, and everything stays up to be called')
  } finally {
    await world.stop()
  }
  return exitCodes.ok
}

/** Shows what the CPO receives from now on, until SIGINT or SIGTERM; a second signal ends the process at once. */
async function stayUp(terminal: Terminal, { gateway, cpo }: World): Promise<void> {
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  cpo.behave(({ method, path, rawBody }) => {
    terminal.print(`the CPO received ${method} ${path}`, rawBody, '')
    return undefined
  })
  terminal.heading('Everything stays up until Ctrl-C')
  const soap = `${gateway.soapUrl}/oscp/1.0/${dsoName}`
  terminal.print(` SOAP   ${soap}`, ` WSDL   ${soap}?wsdl`, ` probes ${gateway.adminUrl}/livez and /readyz`)
  terminal.print(` CPO    ${cpo.url}`, '', curlLine(gateway.soapUrl, dsoName, Date.now()), '')
  await asked
  terminal.print('', ' stopping')
}
