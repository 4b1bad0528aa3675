/** Around the whole suite: what gateways write is kept, and in the end no secret that was used may be in it. */
import { findLeaks, knownSecrets } from './secrets.ts'
import { followGateways, readTranscript } from './transcript.ts'
import { listenForSecrets } from './wire-secrets.ts'

followGateways()
listenForSecrets()

export const mochaHooks = {
  afterAll(this: Mocha.Context) {
    this.timeout(60_000)
    const leaks = findLeaks(readTranscript(), knownSecrets())
    if (leaks.length === 0) return
    const told = leaks.map(({ secret, line }) => `  ${secret}\n    in: ${line}`)
    throw new Error(`Gateways wrote ${leaks.length} of ${knownSecrets().length} secrets:\n${told.join('\n')}`)
  },
}
