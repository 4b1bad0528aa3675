/**
 * The gateway's own SOAP face, as built, with the exchange left out: read, decoded, checked, translated to the JSON it would
 * send, acknowledged; nothing stored, nothing posted. Argument: port.
 */
import { createServer } from 'node:http'
import { contextOf } from '../../../dist/src/exchange/peers.js'
import { soapInbound } from '../../../dist/src/soap/inbound.js'
import { compileGuard } from '../../../dist/src/soap/security/guard.js'
import { benchLink } from './link.mjs'

const link = await benchLink()
const { print } = link.crossing.modern.json
const ledger = {}
const receiver = {
  async receive({ operation, value }) {
    const compiled = link.crossing.byLegacy.get(operation)
    const context = contextOf(link, Date.now(), 180_000)
    for (const part of compiled.toModern.translate(value, context))
      if (print(compiled.module.modern, part.value).length < 2) throw new Error('nothing came out')
    const answer = operation === 'Heartbeat' ? {} : { verdict: 'ACCEPTED' }
    return compiled.answerToLegacy.translate(answer, context)[0].value
  },
}
let count = 0
const app = soapInbound({
  peers: [
    {
      ...{
        id: 'dso',
        role: 'dso',
        services: link.crossing.legacy.services,
        harmless: new Set(),
        mayReply: () => false,
      },
      guard: compileGuard({ peer: 'dso', policy: undefined, ledger, now: Date.now }),
    },
  ],
  ...{ receiver, ledger, publicUrl: () => '', bodyLimit: 1_048_576, keepPace: async () => undefined },
  ...{ newId: () => `exchange-${count++}`, onAnswered: () => undefined, reply: () => undefined },
})
createServer(app.callback()).listen(Number(process.argv[2]), '127.0.0.1')
