/** Whatever is wrong with a request: it gets its fault, in its own SOAP version, and leaves nothing behind. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { type Cpo, startCpo } from '../peers/cpo.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { csp, envelope, faultOf, mediaTypes, send, type Version } from '../support/soap.ts'
import { badInputs, markedName, marks, unspoilt } from './bad-input.ts'

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/

describe('A bad request', () => {
  let redis: RedisServer
  let cpo: Cpo
  let gateway: TestGateway

  before(async () => {
    redis = await startRedis()
    cpo = await startCpo()
    const config = {
      redis: { url: redis.url },
      journal: { perPeer: 0 }, // it is written a little later, and would count as a change
      peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } },
      links: { link: { legacy: 'dso', modern: 'cpo' } },
    }
    gateway = await startTestGateway({ config, now: () => Date.parse('2026-03-02T22:00:00Z') })
    await sendGood('1.1') // so that its record is there before anything is compared
    expect(await keysIn(redis)).to.deep.equal(['oscpgw:v1:{cpo}:record:forecast/link/CONSUMPTION/good'])
  })
  after(async () => {
    await gateway.stop()
    await Promise.all([cpo.stop(), redis.stop()])
  })

  async function sendGood(version: Version): Promise<void> {
    const before = cpo.received.length
    const block =
      '<startTime>2026-03-02T23:00:00Z</startTime><endTime>2026-03-03T00:00:00Z</endTime><capacity>11</capacity>'
    const body =
      `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>good</cableId>` +
      `<capacityUnit>kW</capacityUnit><block>${block}</block></cableCapacityForecast></updateCableCapacityForecastRequest>`
    const answer = await send(`${gateway.soapUrl}/oscp/1.0/dso`, {
      headers: { 'content-type': mediaTypes[version] },
      body: envelope(version, body),
    })
    expect(answer.status).to.equal(200)
    expect(answer.body).to.include('Accepted')
    expect(cpo.received).to.have.length(before + 1)
    expect(cpo.received.at(-1)?.body).to.have.property('group_id', 'good')
  }

  const versions: readonly Version[] = ['1.1', '1.2']
  for (const version of versions)
    describe(`in SOAP ${version}`, () => {
      for (const { title, only, call, fault: expected, field, headers } of badInputs) {
        if (only !== undefined && only !== version) continue
        it(`with ${title} is answered ${expected.status[version]} ${expected.kind}`, async () => {
          gateway.logged.length = 0
          const [received, kept] = [cpo.received.length, await keysIn(redis)]
          const { path = '/oscp/1.0/dso', ...request } = call(version)
          const answer = await send(gateway.soapUrl + path, request)

          expect(answer.status, answer.body).to.equal(expected.status[version])
          expect(answer.headers['content-type']).to.equal(`${mediaTypes[version]}; charset=utf-8`)
          expect(answer.headers).to.include(headers ?? {})
          const fault = faultOf(answer.body, version)
          expect(fault).to.include({ code: expected.code[version], kind: expected.kind, detailCode: expected.subcode })
          const takesSubcode = version === '1.2' && /Sender|Receiver/.test(fault.code)
          expect(fault.subcode).to.equal(takesSubcode ? `gw:${expected.subcode}` : undefined)
          expect(answer.body.length).to.be.below(2000)
          expect(fault.reason).to.match(/^\S.{10}/)
          // One field may have several things wrong with it, but no other field has.
          const paths = new Set(fault.fields.map(({ path }) => path))
          expect([...paths]).to.deep.equal(field === undefined ? [] : [field])

          expect(fault.exchange).to.match(uuid)
          expect(answer.headers['x-exchange-id']).to.equal(fault.exchange)
          expect(gateway.observed.exchanges.at(-1)).to.include({ exchange: fault.exchange, outcome: expected.kind })
          const said = answer.body.replaceAll(fault.exchange, '')
          expect(said).not.to.match(marks).and.not.to.match(markedName)
          expect(said).not.to.match(/\bat \S+:\d|\.[jt]s\b|Error:|node_modules/)

          const [{ time: _, exchange_id, ...logged }, ...more] = gateway.logged.map((line) => JSON.parse(line))
          expect({ exchange_id, more }).to.deep.equal({ exchange_id: fault.exchange, more: [] })
          expect(JSON.stringify(logged)).not.to.match(marks)

          expect(await keysIn(redis)).to.deep.equal(kept)
          expect(cpo.received).to.have.length(received)
          await sendGood(version)
        })
      }

      it('is otherwise a good one', async () => {
        const received = cpo.received.length
        const answer = await send(`${gateway.soapUrl}/oscp/1.0/dso`, unspoilt(version))
        expect(answer.status, answer.body).to.equal(200)
        expect(cpo.received.slice(received).map(({ status }) => status)).to.deep.equal([204, 204])
      })
    })
})

/** How many keys there are, asked without the gateway's client. */
/** The records of messages: signs of life, heartbeats and the journal are written beside them, whenever there is time. */
async function keysIn({ port }: RedisServer): Promise<string[]> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  socket.end('KEYS *:record:*\r\nQUIT\r\n')
  const reply = await text(socket)
  expect(reply).to.match(/^\*\d+\r\n/)
  const keys = reply.split('\r\n').filter((line) => line.startsWith('oscpgw:'))
  return keys.filter((key) => !/:record:(?:alive$|beat\/)/.test(key)).sort()
}
