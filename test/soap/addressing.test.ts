/** WS-Addressing of both years: anything a stack leaves out is accepted, what we say is complete, and answers go only where they may. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { type Cpo, startCpo } from '../peers/cpo.ts'
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { csp, envelope, faultOf, heartbeat, mediaTypes, send, type Version } from '../support/soap.ts'

const years = {
  '2005/08': {
    uri: 'http://www.w3.org/2005/08/addressing',
    anonymous: 'http://www.w3.org/2005/08/addressing/anonymous',
    fault: 'http://www.w3.org/2005/08/addressing/soap/fault',
  },
  '2004/08': {
    uri: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
    anonymous: 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous',
    fault: 'http://schemas.xmlsoap.org/ws/2004/08/addressing/fault',
  },
}
const none = 'http://www.w3.org/2005/08/addressing/none'
const w = (uri: string, name: string, content: string) => `<w:${name} xmlns:w="${uri}">${content}</w:${name}>`
const endpoint = (uri: string, name: string, address: string) =>
  w(uri, name, `<w:Address>${address}</w:Address><w:ReferenceParameters><p>x</p></w:ReferenceParameters>`)
/** Each addressing block of an answer, by name. */
const blocksOf = (xml: string, uri: string) =>
  Object.fromEntries(
    [...xml.matchAll(/<wsa:(\w+) xmlns:wsa="([^"]*)">([^<]*)</g)].map(([, name, its, said]) => {
      expect(its).to.equal(uri)
      return [name, said]
    }),
  )

interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

describe('WS-Addressing', () => {
  let cpo: Cpo
  let gateway: TestGateway
  let caller: Server
  let callback: string
  const posted: Posted[] = []
  let status = 202

  before(async () => {
    caller = createServer(async (request, response) => {
      posted.push({ headers: request.headers, body: await text(request) })
      response.writeHead(status).end()
    })
    caller.listen(0, '127.0.0.1')
    await once(caller, 'listening')
    callback = `http://127.0.0.1:${(caller.address() as AddressInfo).port}/answers`
    cpo = await startCpo()
    const config = {
      peers: {
        dso: { role: 'dso', replyTo: ['127.0.0.0/30', 'answers.example'] },
        strict: { role: 'dso' },
        cpo: { role: 'fp', url: cpo.url, token: cpo.token },
      },
      links: {
        link: { legacy: 'dso', modern: 'cpo', groups: { '1': '1' } },
        other: { legacy: 'strict', modern: 'cpo', groups: { c2: 'c2' } },
      },
    }
    gateway = await startTestGateway({ config })
  })
  after(async () => {
    await Promise.all([gateway.stop(), cpo.stop()])
    caller.close()
  })
  beforeEach(() => {
    posted.length = 0
    status = 202
  })

  const call = (version: Version, header: string, body = heartbeat, party = 'dso') =>
    send(`${gateway.soapUrl}/oscp/1.0/${party}`, {
      headers: { 'content-type': mediaTypes[version] },
      body: envelope(version, body, header),
    })

  for (const [year, { uri, anonymous, fault }] of Object.entries(years))
    for (const version of ['1.1', '1.2'] as const) {
      it(`of ${year} is answered in its own namespace, whole, over SOAP ${version}`, async () => {
        const answer = await call(
          version,
          w(uri, 'Action', ' /Heartbeat ') +
            w(uri, 'MessageID', `urn:x:${year}:${version}&amp;<!-- 1 -->2`) +
            w(uri, 'To', 'urn:anything') +
            endpoint(uri, 'From', 'urn:caller') +
            endpoint(uri, 'ReplyTo', anonymous),
        )
        expect(answer.status, answer.body).to.equal(200)
        const { MessageID, ...said } = blocksOf(answer.body, uri)
        expect(MessageID).to.match(/^urn:uuid:[0-9a-f-]{36}$/)
        expect(said).to.deep.equal({
          Action: '/HeartbeatResponse',
          RelatesTo: `urn:x:${year}:${version}&amp;2`,
          To: anonymous,
        })
      })

      it(`of ${year} is answered on a fault too, over SOAP ${version}`, async () => {
        const answer = await call(
          version,
          w(uri, 'MessageID', 'urn:x:3'),
          `<heartbeatRequest xmlns="${csp}"><x/></heartbeatRequest>`,
        )
        expect(faultOf(answer.body, version).kind).to.equal('invalid-message')
        const { MessageID, ...said } = blocksOf(answer.body, uri)
        expect(MessageID).to.match(/^urn:uuid:/)
        expect(said).to.deep.equal({ Action: fault, RelatesTo: 'urn:x:3', To: anonymous })
      })
    }

  const { uri, anonymous } = years['2005/08']
  for (const [title, header] of Object.entries({
    'only an Action': w(uri, 'Action', 'urn:x:Csp/Heartbeat'),
    'only a MessageID': w(uri, 'MessageID', 'urn:x:4'),
    'only a From that must be understood': w(uri, 'From', '<w:Address>urn:x</w:Address>').replace(
      '>',
      ' xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" e:mustUnderstand="1">',
    ),
    'an empty Action and an empty ReplyTo': w(uri, 'Action', '') + endpoint(uri, 'ReplyTo', ''),
    'the same Action twice, as zeep sends it': w(uri, 'Action', '/Heartbeat').repeat(2),
    'two relations, one of another kind': w(uri, 'RelatesTo', 'urn:a') + w(uri, 'RelatesTo', 'urn:b'),
  }))
    it(`with ${title} is accepted`, async () => {
      const answer = await call('1.1', header)
      expect(answer.status, answer.body).to.equal(200)
      expect(blocksOf(answer.body, uri)).to.include({ Action: '/HeartbeatResponse', To: anonymous })
    })

  it('is not answered with when it was not used', async () => {
    expect((await call('1.1', '')).body).not.to.include('Header')
  })

  it('that relates a block for another role to us is not listened to', async () => {
    const other = w(uri, 'Action', '/Other').replace(
      '>',
      ' xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" e:actor="urn:somebody">',
    )
    expect((await call('1.1', other)).status).to.equal(200)
  })

  for (const version of ['1.1', '1.2'] as const) {
    it(`sends the answer to an allowed ReplyTo after 202, over SOAP ${version}`, async () => {
      const answer = await call(version, w(uri, 'MessageID', `urn:x:5:${version}`) + endpoint(uri, 'ReplyTo', callback))
      expect([answer.status, answer.body, answer.headers['content-length']]).to.deep.equal([202, '', '0'])
      const { headers, body } = await eventually('the answer came', () => posted[0])
      expect(headers['content-type']).to.equal(
        version === '1.1'
          ? 'text/xml; charset=utf-8'
          : 'application/soap+xml; charset=utf-8; action="/HeartbeatResponse"',
      )
      expect(headers.soapaction).to.equal(version === '1.1' ? '"/HeartbeatResponse"' : undefined)
      expect(body).to.include('heartbeatResponse').and.include('currentTime')
      expect(blocksOf(body, uri)).to.include({ RelatesTo: `urn:x:5:${version}`, To: callback })
    })

    it(`refuses any other address, and does nothing, over SOAP ${version}`, async () => {
      const refused = [
        ['strict', callback],
        ['dso', 'http://127.0.0.4/x'],
        ['dso', 'http://answers.example.evil.test/x'],
        ['dso', 'http://user@127.0.0.1/x'],
        ['dso', 'ftp://127.0.0.1/x'],
        ['dso', 'urn:x'],
        ['dso', years['2004/08'].anonymous],
      ] as const
      for (const [party, address] of refused)
        for (const name of ['ReplyTo', 'FaultTo']) {
          const { status, body } = await call(version, endpoint(uri, name, address), heartbeat, party)
          expect(status, address).to.equal(version === '1.1' ? 500 : 400)
          const fault = faultOf(body, version)
          expect(fault.kind).to.equal('reply-address-refused')
          expect(fault.fields.map(({ path }) => path)).to.deep.equal([name])
          expect(body).to.include(`<wsa:ProblemHeaderQName xmlns:wsa="${uri}">wsa:${name}<`)
          if (version === '1.2') {
            expect(fault.subcode).to.equal('wsa:InvalidAddressingHeader')
            expect(body).to.include('wsa:OnlyAnonymousAddressSupported')
          }
          expect(body).not.to.include(address)
        }
      expect(posted).to.deep.equal([])
    })
  }

  it('answers with 202 and nothing more where the answer is to go nowhere', async () => {
    const answer = await call('1.2', endpoint(uri, 'ReplyTo', none))
    expect([answer.status, answer.body]).to.deep.equal([202, ''])
  })

  const unknownParty = `<getCapacityForecastRequest xmlns="${csp}"/>`
  it('tells a fault that is found before the address is known on the HTTP response', async () => {
    const answer = await call('1.2', endpoint(uri, 'ReplyTo', callback), unknownParty)
    expect(faultOf(answer.body, '1.2').kind).to.equal('operation-unknown')
    expect(posted).to.deep.equal([])
  })

  it('tells a fault that comes later where it was asked to, FaultTo before ReplyTo', async () => {
    const late =
      `<updateCableCapacityForecastRequest xmlns="${csp}"><cableCapacityForecast><cableId>1</cableId><capacityUnit>kW</capacityUnit>` +
      '<block><startTime>2026-03-03T06:00:00Z</startTime><endTime>2026-03-03T06:15:00Z</endTime><capacity>1.234567890123456789</capacity></block>' +
      '</cableCapacityForecast></updateCableCapacityForecastRequest>'
    for (const [header, address] of [
      [endpoint(uri, 'ReplyTo', callback), callback],
      [endpoint(uri, 'ReplyTo', anonymous) + endpoint(uri, 'FaultTo', `${callback}/faults`), `${callback}/faults`],
    ] as const) {
      posted.length = 0
      expect((await call('1.2', header, late)).status).to.equal(202)
      const { body, headers } = await eventually('the fault came', () => posted[0])
      expect(faultOf(body, '1.2').kind).to.equal('untranslatable')
      expect(headers['content-type']).to.equal('application/soap+xml; charset=utf-8')
      expect(blocksOf(body, uri)).to.include({ Action: years['2005/08'].fault, To: address })
    }
    const nowhere = await call('1.2', endpoint(uri, 'FaultTo', none), late)
    expect([nowhere.status, nowhere.body]).to.deep.equal([202, ''])
    const here = await call('1.2', endpoint(uri, 'ReplyTo', callback) + endpoint(uri, 'FaultTo', anonymous), late)
    expect(faultOf(here.body, '1.2').kind).to.equal('untranslatable')
  })

  for (const [year, { uri, anonymous }] of Object.entries(years))
    it(`of ${year} gives reference parameters back, each with its namespaces, on what is sent to that address`, async () => {
      const parameters = (id: string) =>
        `<w:ReferenceParameters xmlns:k="urn:k&amp;"> <k:id kind="&quot;${id}&quot;" k:x="1" xml:lang="nl"> ${id}&lt;<in xmlns=""/></k:id> <bare/></w:ReferenceParameters>`
      const to = (name: string, address: string, id: string) =>
        w(uri, name, `<w:Address>${address}</w:Address>${parameters(id)}`)
      const echoed = (id: string) => {
        const mark = year === '2005/08' ? ` xmlns:wsa="${uri}" wsa:IsReferenceParameter="true"` : ''
        return (
          `<p:id xmlns:p="urn:k&amp;"${mark} kind="&quot;${id}&quot;" xmlns:a1="urn:k&amp;" a1:x="1" xml:lang="nl"> ${id}&lt;` +
          `<in xmlns=""></in></p:id><bare xmlns=""${mark}></bare></soap:Header>`
        )
      }
      const header = to('ReplyTo', anonymous, 'one') + to('FaultTo', anonymous, 'two')
      expect((await call('1.1', header)).body)
        .to.include(echoed('one'))
        .and.not.include('two')
      const broken = `<heartbeatRequest xmlns="${csp}"><x/></heartbeatRequest>`
      expect((await call('1.2', header, broken)).body)
        .to.include(echoed('two'))
        .and.not.include('one')
      expect((await call('1.2', to('ReplyTo', anonymous, 'one'), broken)).body).to.include(echoed('one'))
    })

  it('gives no parameters back that would speak for us, or are endless', async () => {
    const inner = {
      addressing: w(uri, 'RelatesTo', 'urn:x'),
      soap: '<e:Header/>',
      endless: `<x>${'y'.repeat(4096)}</x>`,
    }
    for (const parameter of Object.values(inner)) {
      const reply = w(
        uri,
        'ReplyTo',
        `<w:Address>${anonymous}</w:Address><w:ReferenceParameters>${parameter}</w:ReferenceParameters>`,
      )
      const { status, body } = await call('1.2', reply)
      expect(status, parameter.slice(0, 30)).to.equal(400)
      expect(faultOf(body, '1.2').fields.map(({ path }) => path)).to.deep.equal(['ReferenceParameters'])
    }
  })

  it('says in the log when an answer could not be sent to its address, once', async () => {
    status = 503
    expect((await call('1.1', endpoint(uri, 'ReplyTo', callback))).status).to.equal(202)
    await eventually('the alarm', () => gateway.observed.alarms.some(({ alarm }) => alarm === 'reply undelivered'))
    expect(posted).to.have.length(1)
  })
})
