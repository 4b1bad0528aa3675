/** A flexibility provider that ends its registration closes the link: its DSO is told so, and nothing more is sent. */
import { expect } from 'chai'
import type { PeerId } from '../../src/exchange/ids.ts'
import { connectDso } from '../peers/dso.ts'
import { openDeployment } from '../support/deployment.ts'
import { eventually } from '../support/gateway.ts'
import { cable, closeScenes, messageOf, span, states } from '../support/scene.ts'

const sentence = 'The other side has unregistered; nothing is sent to it unless it registers again.'

for (const state of states)
  describe(`A flexibility provider that unregisters, on ${state} state`, function () {
    this.timeout(30_000)
    afterEach(closeScenes)

    it('is sent nothing more, its DSO hears Rejected, and coming back it gets what holds by then', async () => {
      const deployment = await openDeployment(state, 'dso')
      const { online, party, soapUrl, gateway } = deployment
      await online()
      const dso = await connectDso({ wsdlUrl: `${soapUrl}?wsdl` })
      const [first, second] = [cable('007', span('06:00', '07:00', 11)), cable('007', span('06:00', '07:00', 22))]
      expect(await dso.sendForecast([first])).to.include({ status: 'Accepted' })
      expect((await party().unregister()).status).to.equal(204)
      expect(await dso.sendForecast([second, cable('7', span('06:00', '07:00', 1))])).to.deep.include({
        status: 'Rejected',
        rejectedCableId: ['007', '7'],
        info: `007: ${sentence}; 7: ${sentence}`,
      })
      expect(party().got('update_group_capacity_forecast')).to.have.length(1)

      await party().register(
        `${gateway.restUrl}/oscp/cp/2.0`,
        await gateway.sessions.issueToken('modern' as PeerId, 60_000),
      )
      await online()
      const again = await eventually('the newest', () =>
        party()
          .got('update_group_capacity_forecast')
          .find(({ body }, i) => i > 0 && body.group_id === '007'),
      )
      expect(again.body).to.deep.equal(messageOf(second))
      const third = cable('007', span('06:00', '07:00', 33))
      expect(await dso.sendForecast([third])).to.include({ status: 'Accepted' })
      await eventually('the third', () => {
        const got = party().got('update_group_capacity_forecast')
        return got.some(({ body }) => JSON.stringify(body) === JSON.stringify(messageOf(third)))
      })
    })

    it('is treated the same when an operator makes us forget it, and it is told', async () => {
      const { online, party, soapUrl, gateway } = await openDeployment(state, 'dso')
      await online()
      const dso = await connectDso({ wsdlUrl: `${soapUrl}?wsdl` })
      await gateway.sessions.forget('modern' as PeerId)
      await party().waitFor('register', 1, 'DELETE')
      expect(await dso.sendForecast([cable('007', span('06:00', '07:00', 11))])).to.include({ status: 'Rejected' })
      expect(party().got('update_group_capacity_forecast')).to.deep.equal([])
    })
  })
