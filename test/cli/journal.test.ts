import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { JournalEntry } from '../../src/exchange/journal.ts'
import { type Cpo, startCpo } from '../peers/cpo.ts'
import { runCommand } from '../support/command.ts'
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { tomorrow } from '../support/linked-gateway.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { type Answer, csp, envelope, send } from '../support/soap.ts'

const forecast =
  `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>A</cableId><capacityUnit>kW</capacityUnit>` +
  `<block><startTime>${tomorrow(6).toISOString()}</startTime><endTime>${tomorrow(7).toISOString()}</endTime><capacity>7357</capacity></block>` +
  '</cableCapacityForecast></updateCableCapacityForecastRequest>'

describe('The command journal', function () {
  this.timeout(60_000)
  let redis: RedisServer
  let cpo: Cpo
  let gateway: TestGateway
  let answer: Answer
  let file: string
  const journal = (...args: string[]) => runCommand(['journal', ...args, '-c', file])
  const exchange = () => String(answer.headers['x-exchange-id'])

  before(async () => {
    redis = await startRedis()
    cpo = await startCpo()
    const config = {
      redis: { url: redis.url },
      peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: cpo.url, token: cpo.token } },
      links: { link: { legacy: 'dso', modern: 'cpo', groups: { A: 'GROUP' } } },
    }
    file = join(mkdtempSync(join(tmpdir(), 'oscp-gateway-journal-')), 'gateway.json')
    writeFileSync(file, JSON.stringify(config))
    gateway = await startTestGateway({ config })
    cpo.behave((_, nth) => (nth === 1 ? { status: 503 } : undefined))
    const id = '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing">urn:uuid:17</a:MessageID>'
    answer = await send(`${gateway.soapUrl}/oscp/1.0/dso`, {
      headers: { 'content-type': 'text/xml' },
      body: envelope('1.1', forecast, id),
    })
    expect(answer.body).to.include('Accepted')
    await send(`${gateway.soapUrl}/oscp/1.0/nobody`, { headers: { 'content-type': 'text/xml' }, body: 'x' })
    await eventually('the forecast arrived', () =>
      gateway.observed.attempts.some(({ outcome }) => outcome === 'accepted'),
    )
    await gateway.stop() // which writes the journal down
  })
  after(async () => {
    await cpo?.stop()
    await redis?.stop()
  })

  it('lists what was exchanged, the newest first, strangers included', async () => {
    const { code, out } = await journal()
    expect(code).to.equal(0)
    const rows = out
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    expect(rows[0]!.slice(0, 4)).to.deep.equal(['TIME', 'WAY', 'PARTY', 'MESSAGE'])
    const told = rows
      .slice(1)
      .map(([, way, party, message, groups, outcome, status]) =>
        [way, party, message, groups, outcome, status].join(' '),
      )
    expect(told).to.have.members([
      'out cpo UpdateGroupCapacityForecast GROUP accepted 204',
      'out cpo UpdateGroupCapacityForecast GROUP unavailable 503',
      'in dso UpdateCableCapacityForecast GROUP accepted 200',
      'in (unknown) - - peer-unknown 404',
    ])
    expect([...rows.slice(1)].map(([time]) => time)).to.deep.equal(
      rows
        .slice(1)
        .map(([time]) => time!)
        .sort()
        .reverse(),
    )
  })

  it('finds an exchange by its MessageID, and a delivery by the request id that the other side saw', async () => {
    const byMessage = JSON.parse((await journal('--message-id', 'urn:uuid:17', '--json')).out) as JournalEntry
    expect(byMessage).to.include({ exchange: exchange(), peer: 'dso', link: 'link', way: 'in', outcome: 'accepted' })
    expect(byMessage.receipt?.entries.length).to.be.above(0)
    const request = String(cpo.received.at(-1)!.headers['x-request-id'])
    const lines = (await journal('--request', request, '--json', '--outcome', 'accepted')).out.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as JournalEntry)).to.have.length(1)
    expect(JSON.parse(lines[0]!)).to.deep.include({ from: [exchange()], attempt: 2, peer: 'cpo' })
    expect((await journal('--group', 'OTHER', '--json')).out).to.equal('')
    expect((await journal('--since', '2100-01-01T00:00:00Z', '--json')).out).to.equal('')
  })

  it('shows an exchange with everything that followed, and nothing that a message said', async () => {
    const { code, out } = await journal('show', exchange())
    expect(code).to.equal(0)
    const steps = out
      .split('\n')
      .filter((line) => /^\d{4}-/.test(line))
      .map((line) => line.split('  ')[1]!.replace(/ after .*/, ''))
    expect(steps).to.have.members([
      'UpdateGroupCapacityForecast to cpo: unavailable (503)',
      'UpdateCableCapacityForecast from dso: accepted (200)',
      'UpdateGroupCapacityForecast to cpo: accepted (204)',
    ])
    expect(out)
      .to.include('MessageID: urn:uuid:17')
      .and.include('filled type')
      .and.match(/mappings: [0-9a-f]+/)
    expect(out).not.to.include('7357').and.not.to.include(cpo.token)
  })

  it('says what is wrong with a question, and that it does not know an exchange', async () => {
    expect((await journal('--since', 'yesterday')).code).to.equal(64)
    expect((await journal('--limit', '0')).code).to.equal(64)
    const unknown = await journal('show', 'nothing')
    expect([unknown.code, unknown.out]).to.deep.equal([65, ''])
    expect(unknown.err).to.include('knows no exchange nothing')
  })

  it('says so when the state is in memory', async () => {
    const memory = join(mkdtempSync(join(tmpdir(), 'oscp-gateway-journal-')), 'gateway.json')
    writeFileSync(memory, JSON.stringify({ peers: {}, links: {} }))
    const { code, err } = await runCommand(['journal', '-c', memory])
    expect([code, err.includes('State is in memory')]).to.deep.equal([69, true])
  })
})
