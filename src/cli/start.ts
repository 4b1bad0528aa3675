/** `oscp-gateway start`: configuration, application, listeners, signals. Without a configuration, the sandbox. */
import { constants } from 'node:os'
import { startGateway } from '../app.ts'
import { type Config, hasConfigFile, loadConfig } from '../config.ts'
import { createLog } from '../ops/log.ts'
import { exitCodes } from './exit.ts'
import { prepare } from './prepare.ts'
import { reloader } from './reload.ts'
import { curlLine, sandboxConfig, sandboxReceiver } from './sandbox.ts'

export { report } from './exit.ts'

/** Runs until a signal; resolves with the exit code. Throws what stops the start. */
export async function start(file: string | undefined): Promise<number> {
  const stopping = firstSignal()
  // Until there is something to reload, a hang-up is not the end either: all of it is about to be read anyway.
  process.on('SIGHUP', ignore)
  if (file !== undefined || hasConfigFile()) return run(() => loadConfig(undefined, file), stopping)
  const receiver = await sandboxReceiver((line) => console.log(line))
  try {
    const load = () => loadConfig(() => sandboxConfig(receiver))
    return await run(load, stopping, (soapUrl) =>
      console.log(
        `\nNo configuration: this is a sandbox. A DSO may call ${soapUrl}/oscp/1.0/sandbox-dso (WSDL: append ?wsdl);` +
          ` what it says is printed here as the CPO receives it. Try:\n\n${curlLine(soapUrl, 'sandbox-dso', Date.now())}\n`,
      ),
    )
  } finally {
    await receiver.close(0)
  }
}

async function run(
  load: () => Config,
  stopping: Promise<NodeJS.Signals>,
  ready?: (soapUrl: string) => void,
): Promise<number> {
  const { config, crossings } = await prepare(load)
  const log = createLog(config.log)
  const gateway = await startGateway({ config, log, crossings })
  ready?.(gateway.soapUrl)
  const reload = reloader(gateway, log, load)
  process.on('SIGHUP', reload)
  process.off('SIGHUP', ignore)
  const signal = await stopping
  log.info({ signal }, 'stopping')
  // Who sits at a terminal, or plays in the sandbox, has nobody before the gateway who must first hear of it.
  await (signal === 'SIGINT' || ready ? gateway.stop(config.drain.total) : gateway.drain())
  return exitCodes.ok
}

function ignore(): void {}

/** Installed before anything listens; a second signal ends the process at once, with the code that shells have for it. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = 0
    const onSignal = (signal: NodeJS.Signals) =>
      asked++ === 0 ? resolve(signal) : process.exit(128 + constants.signals[signal])
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}
