/** `oscp-gateway start`: configuration, application, listeners, signals. Without a configuration, the sandbox. */
import { shippedCrossings, startGateway } from '../app.ts'
import { hasConfigFile, loadConfig } from '../config.ts'
import type { Listener } from '../http/listen.ts'
import { createLog } from '../ops/log.ts'
import { exitCodes } from './exit.ts'
import { curlLine, sandboxConfig, sandboxReceiver } from './sandbox.ts'

/** Runs until a signal; resolves with the exit code. Throws what stops the start. */
export async function start(file: string | undefined): Promise<number> {
  const stopping = new Promise<void>((resolve) => {
    let asked = 0
    const onSignal = () => (asked++ === 0 ? resolve() : process.exit(exitCodes.failure))
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
  const crossings = await shippedCrossings()
  const sandbox = file === undefined && !hasConfigFile()
  let receiver: Listener | undefined
  if (sandbox) receiver = await sandboxReceiver((line) => console.log(line))
  const config = loadConfig(receiver && (() => sandboxConfig(receiver)), file)
  const log = createLog(config.log)
  const gateway = await startGateway({ config, log, crossings })
  if (sandbox)
    console.log(
      `\nNo configuration: this is a sandbox. A DSO may call ${gateway.soapUrl}/oscp/1.0/sandbox-dso (WSDL: append ?wsdl);` +
        ` what it says is printed here as the CPO receives it. Try:\n\n${curlLine(gateway.soapUrl, Date.now())}\n`,
    )
  await stopping
  log.info('stopping')
  await gateway.stop()
  await receiver?.close(0)
  return exitCodes.ok
}
