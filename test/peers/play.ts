/**
 * Plays one simulated party as a process of its own, for compose: `play.js cpo PORT TOKEN-FILE GATEWAY-URL GATEWAY-TOKEN-FILE`, which asks
 * for heartbeats when hands are shaken, or `play.js dso WSDL-URL`, which every ten seconds sends a sign of life and a day's forecast. What goes over the wires is printed. Limits: it plays until SIGTERM, and knows one cable.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCpo } from './cpo.ts'
import { connectDso } from './dso.ts'
import { cableForecast } from './forecast.ts'

const PACE_MS = 10_000
const QUARTER_MS = 15 * 60_000

const print = (line: string) => console.log(`${new Date().toISOString()} ${line}`)

const secretIn = (file: string) => readFileSync(file, 'utf8').trim()

const playCpo = async ([port, tokenFile, gatewayUrl, gatewayTokenFile]: readonly [string, string, string, string]) => {
  const cpo = await startCpo({ host: '0.0.0.0', port: Number(port), token: secretIn(tokenFile) })
  print(`the CPO listens on port ${port}`)
  const acknowledge = async (handshake: string) => {
    const answer = await fetch(`${gatewayUrl}/handshake_acknowledge`, {
      method: 'POST',
      headers: {
        Authorization: `Token ${secretIn(gatewayTokenFile)}`,
        'Content-Type': 'application/json',
        'X-Request-ID': randomUUID(),
        'X-Correlation-ID': handshake,
      },
      body: JSON.stringify({ required_behaviour: { heartbeat_interval: PACE_MS / 1000 } }),
    })
    print(`the CPO acknowledged the handshake, and was answered ${answer.status}`)
  }
  cpo.behave(({ method, path, headers, rawBody }) => {
    print(`the CPO received ${method} ${path} ${rawBody.length > 300 ? `${rawBody.slice(0, 300)}…` : rawBody}`)
    if (path.endsWith('/handshake'))
      acknowledge(String(headers['x-request-id'])).catch((error: Error) => print(`the CPO could not: ${error.message}`))
    return undefined
  })
}

/** Whatever fails is printed and tried again: the gateway may not be there yet, or no more. */
const playDso = async (wsdlUrl: string) => {
  for (;;) {
    try {
      // The address in the WSDL is for those outside of compose.
      const dso = await connectDso({ wsdlUrl, endpoint: wsdlUrl.replace(/\?wsdl$/, '') })
      for (;;) {
        const { currentTime } = await dso.heartbeat()
        print(`the DSO sent Heartbeat, and was answered ${currentTime}`)
        const from = new Date(Math.floor(Date.now() / QUARTER_MS) * QUARTER_MS)
        const forecast = cableForecast({ cableId: 'CABLE-17', day: 'jan_workday', carries: 250, from })
        const { status, info } = await dso.sendForecast([forecast])
        print(`the DSO sent a forecast of ${forecast.blocks.length} blocks, and was answered ${status} ${info ?? ''}`)
        await sleep(PACE_MS)
      }
    } catch (error) {
      print(`the DSO could not: ${(error as Error).message}`)
      await sleep(1000)
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))

const [role, ...words] = process.argv.slice(2)
if (role === 'cpo' && words.length === 4) await playCpo(words as [string, string, string, string])
else if (role === 'dso' && words.length === 1) await playDso(words[0]!)
else throw new Error('say cpo PORT TOKEN-FILE GATEWAY-URL GATEWAY-TOKEN-FILE, or dso WSDL-URL')
