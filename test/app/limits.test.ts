/** Limits of a gateway: who watches it hears of a flood once, and not of each connection. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import { eventually, startTestGateway } from '../support/gateway.ts'

describe('A gateway with too many connections', () => {
  it('raises one alarm that names the face, the limit and the caller', async () => {
    const peers = { dso: { role: 'dso' }, cpo: { role: 'fp', url: 'http://127.0.0.1:9/', token: 'x' } }
    const links = { link: { legacy: 'dso', modern: 'cpo' } }
    const gateway = await startTestGateway({ config: { peers, links, limits: { connectionsPerAddress: 2 } } })
    const sockets = Array.from({ length: 6 }, () => connect(Number(new URL(gateway.soapUrl).port), '127.0.0.1'))
    try {
      for (const socket of sockets) socket.resume().on('error', () => undefined)
      await eventually('the end of four', () => sockets.filter((socket) => socket.closed).length === 4 || undefined)
      expect(gateway.observed.alarms.map(({ alarm }) => alarm)).to.deep.equal(['connections refused'])
      const line = gateway.logged.find((one) => one.includes('connections refused'))
      expect(line).to.include('listen.soap: limits.connectionsPerAddress is reached by 127.0.0.1')
    } finally {
      for (const socket of sockets) if (!socket.closed) await Promise.all([once(socket, 'close'), socket.destroy()])
      await gateway.stop()
    }
  })
})
