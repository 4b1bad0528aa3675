/** A peer of each family, in each role, whoever begins: both end registered and online, and then there is peace. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { elmo, py, sdk, sn } from '../peers/families.ts'
import { startPair } from './gateway.ts'

describe('Peers of all families', function () {
  // Handshakes come half a second after a registration, on purpose, and machines may be busy.
  this.timeout(40_000)

  for (const [name, habits] of Object.entries({
    'the protocol': {},
    SolarNetwork: sn,
    ELMO: elmo,
    Python: py,
    SDK: sdk,
  }))
    for (const role of ['fp', 'cp'] as const)
      for (const registration of ['they start', 'we start'] as const)
        it(`end online: like ${name}, as ${role.toUpperCase()}, ${registration}`, async () => {
          const pair = await startPair({ role, registration, habits })
          try {
            await pair.online()
            await sleep(100)
            // One Register each way, however the peer takes them: no more tokens are exchanged for ever.
            expect(pair.peer.got('register')).to.have.length(1)
            expect((await pair.view()).owed).not.to.include.members(['register', 'counter-register', 'acknowledge'])
            expect(pair.peer.received.filter(({ status }) => status >= 500)).to.deep.equal([])
          } finally {
            await pair.stop()
          }
        })
})
