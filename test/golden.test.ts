/**
 * Both wires of every message, from golden/<message>/<case>/: the request goes over a socket, and what the CPO receives, what
 * the DSO is answered and what the receipt says must be what the folder says. UPDATE_GOLDEN=1 writes the folder instead.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect } from 'chai'
import { shippedCrossings } from '../src/app.ts'
import { isCarried } from '../src/exchange/receive.ts'
import { type Cpo, startCpo } from './peers/cpo.ts'
import { startTestGateway, type TestGateway } from './support/gateway.ts'
import { mediaTypes, send, type Version } from './support/soap.ts'

const root = join(import.meta.dirname, 'golden')
const updating = process.env.UPDATE_GOLDEN === '1'

/** Cables as the DSO names them, groups as the CPO does. */
const groups = {
  'EAN-871690110000000017': 'hub-noord',
  'EAN-871690110000000024': 'hub-oost',
  '0042': 'depot-zuid',
}

const requests: Record<string, Version> = { 'request.soap11.xml': '1.1', 'request.soap12.xml': '1.2' }

const folders = readdirSync(root, { withFileTypes: true })
  .filter((message) => message.isDirectory())
  .flatMap((message) => readdirSync(join(root, message.name)).map((name) => join(root, message.name, name)))
  .sort()

/** An answer's own MessageID is random; everything else in it is not. */
const withoutId = (xml: string) => xml.replace(/(<wsa:MessageID[^>]*>)urn:uuid:[0-9a-f-]{36}(?=<)/, '$1urn:uuid:RANDOM')
const pretty = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

describe('Golden files', () => {
  let cpo: Cpo
  let gateway: TestGateway

  before(async () => {
    cpo = await startCpo({ token: 'golden-token' })
    const config = {
      peers: { netbeheerder: { role: 'dso' }, laadpaal: { role: 'fp', url: cpo.url, token: cpo.token } },
      links: { noord: { legacy: 'netbeheerder', modern: 'laadpaal', cspIdentity: 'CSP-LAADPAAL', groups } },
    }
    gateway = await startTestGateway({ config, now: () => Date.parse('2026-03-02T22:00:00Z') })
  })
  after(() => Promise.all([gateway.stop(), cpo.stop()]))

  /** Sends a folder's request and gives what came of it, by the name of the file that must say the same. */
  async function outcomesOf(folder: string): Promise<{ request: string; files: Map<string, string> }> {
    const [request, ...more] = Object.keys(requests).filter((name) => existsSync(join(folder, name)))
    if (request === undefined || more.length > 0) throw new Error(`${folder} must have one request.soap1x.xml`)
    const version = requests[request]!
    const [received, exchanges] = [cpo.received.length, gateway.observed.exchanges.length]
    const answer = await send(`${gateway.soapUrl}/oscp/1.0/netbeheerder`, {
      headers: { 'content-type': `${mediaTypes[version]}; charset=utf-8` },
      body: readFileSync(join(folder, request)),
    })
    expect(answer.status, answer.body).to.equal(200)
    expect(answer.headers['content-type']).to.equal(`${mediaTypes[version]}; charset=utf-8`)
    // Messages to different groups leave at once, so their order of arrival says nothing.
    const messages = cpo.received.slice(received).sort((a, b) => groupOf(a.body).localeCompare(groupOf(b.body)))
    const files = new Map(messages.map(({ rawBody }, i) => [`message-${i + 1}.json`, rawBody]))
    files.set('response.xml', withoutId(answer.body))
    const lines = gateway.observed.exchanges.slice(exchanges)
    expect(lines).to.have.length(1)
    const { operation, outcome, receipts } = lines[0]!
    files.set('receipt.json', JSON.stringify({ operation, outcome, receipts }))
    return { request, files }
  }

  for (const folder of folders)
    it(`${relative(root, folder)} crosses as its folder says`, async () => {
      const { request, files } = await outcomesOf(folder)
      if (updating) rewrite(folder, request, files)
      for (const [name, actual] of files) {
        expect(readdirSync(folder), 'a file is missing').to.include(name)
        const expected = readFileSync(join(folder, name), 'utf8')
        if (name.endsWith('.xml')) expect(`${actual}\n`).to.equal(expected)
        // Compact text from compact text: equal only with the same members in the same order.
        else expect(actual, name).to.equal(JSON.stringify(JSON.parse(expected)))
      }
      expect(readdirSync(folder).sort(), 'a file is not used').to.deep.equal([request, ...files.keys()].sort())
    })

  it('are there for every message that is carried, and for nothing else', async () => {
    const base = (await shippedCrossings()).filter((crossing) => crossing.id === 'oscp-1.0--oscp-2.0')
    const carried = base.flatMap((c) => c.messages.map((m) => m.module).filter(isCarried)).map((m) => m.name)
    const present = readdirSync(root)
    expect(present.sort()).to.deep.equal([...new Set(carried)].sort())
    for (const name of present)
      expect(
        folders.some((folder) => folder.startsWith(join(root, name, '/'))),
        name,
      ).to.equal(true)
  })
})

const groupOf = (body: unknown) => (body as { group_id: string }).group_id

function rewrite(folder: string, request: string, files: ReadonlyMap<string, string>): void {
  for (const name of readdirSync(folder)) if (name !== request) rmSync(join(folder, name))
  for (const [name, text] of files)
    writeFileSync(join(folder, name), name.endsWith('.xml') ? `${text}\n` : pretty(JSON.parse(text)))
}
