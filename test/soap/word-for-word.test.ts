/** A short message that a party says again and again in the same words is read once; what depends on more than its words is not. */
import { resolve } from 'node:path'
import { expect } from 'chai'
import { readWsdl } from '../../src/contract/wsdl.ts'
import { compileService, readEnvelope, readLongEnvelope } from '../../src/soap/envelope.ts'

const file = resolve(import.meta.dirname, '../../wsdl/oscp-1.0/CspService.wsdl')
const [service] = readWsdl(file, 'csp', file, 'CspService')
const soap11 = 'http://schemas.xmlsoap.org/soap/envelope/'
const soap12 = 'http://www.w3.org/2003/05/soap-envelope'
const forecast = (cable: string) =>
  `<P:updateCableCapacityForecastRequest xmlns:P="urn:oscp-gateway:oscp-1.0:Csp"><P:cableCapacityForecast><P:cableId>${cable}</P:cableId>` +
  '<P:capacityUnit>kW</P:capacityUnit><P:block><P:startTime>2026-03-02T23:00:00Z</P:startTime><P:endTime>2026-03-03T00:00:00Z</P:endTime>' +
  '<P:capacity>1</P:capacity></P:block></P:cableCapacityForecast></P:updateCableCapacityForecastRequest>'
const envelope = (body: string, header = '', uri = soap11) =>
  `<S:Envelope xmlns:S="${uri}">${header && `<S:Header>${header}</S:Header>`}<S:Body>${body}</S:Body></S:Envelope>`

describe('A message that repeats another word for word', () => {
  it('is the same message, and nobody can change what the next one gets', () => {
    const reader = compileService(service!)
    const first = readEnvelope(envelope(forecast('7')), '1.1', reader)
    expect(readEnvelope(envelope(forecast('7')), '1.1', reader)).to.equal(first)
    expect(() => Object.assign(first.value.cableCapacityForecast as object, { more: 1 })).to.throw(TypeError)
    const other = readEnvelope(envelope(forecast('8')), '1.1', reader)
    expect(other.value).to.not.deep.equal(first.value)
  })

  it('is refused as before where it was refused, and by the version of SOAP that it is read as', () => {
    const reader = compileService(service!)
    for (let time = 0; time < 2; time++) {
      expect(() => readEnvelope(envelope('<nothing/>'), '1.1', reader)).to.throw('no such operation')
      readEnvelope(envelope(forecast('7')), '1.1', reader)
      expect(() => readEnvelope(envelope(forecast('7')), '1.2', reader)).to.throw('of another version')
      readEnvelope(envelope(forecast('7'), '', soap12), '1.2', reader)
    }
  })

  it('is looked at again where a header is for another step, or addresses it', () => {
    const reader = compileService(service!)
    const signed = envelope(forecast('7'), '<T:Security xmlns:T="urn:t" S:mustUnderstand="1"/>')
    const asked: string[] = []
    const understands = (uri: string, local: string) => asked.push(`${uri} ${local}`) > 0
    for (let time = 0; time < 2; time++) readEnvelope(signed, '1.1', reader, { understands })
    expect(asked).to.deep.equal(['urn:t Security', 'urn:t Security'])
    expect(() => readEnvelope(signed, '1.1', reader)).to.throw('must be understood')

    const addressed = envelope(
      forecast('7'),
      '<A:MessageID xmlns:A="http://www.w3.org/2005/08/addressing">urn:1</A:MessageID>',
    )
    const heard: unknown[] = []
    const onAddressing = (addressing: unknown) => void heard.push(addressing)
    for (let time = 0; time < 2; time++) readEnvelope(addressed, '1.1', reader, { onAddressing })
    expect(heard).to.have.length(2)
    expect(heard[1]).to.deep.equal(heard[0]).and.include({ messageId: 'urn:1' })
  })

  it('is not kept when it is long, and only the last few dozen are', () => {
    const reader = compileService(service!)
    const long = envelope(forecast('7') + ' '.repeat(1_024))
    readEnvelope(long, '1.1', reader)
    expect(reader.read.size).to.equal(0)
    for (let n = 0; n < 1_000; n++) readEnvelope(envelope(forecast(String(n))), '1.1', reader)
    expect(reader.read.size).to.be.within(1, 64)
  })
})

describe('A long message', () => {
  const many = (count: number) =>
    envelope(
      Array.from({ length: count }, (_, n) => forecast(String(n)))
        .join('')
        .replaceAll(/<.P:updateCableCapacityForecastRequest><P:updateCableCapacityForecastRequest[^>]*>/g, ''),
    )

  it('that is read in pieces is the same message, and others have their turn in between', async () => {
    const reader = compileService(service!)
    let pauses = 0
    const long = await readLongEnvelope(many(2_000), '1.1', reader, {}, async () => pauses++)
    expect(long).to.deep.equal(readEnvelope(many(2_000), '1.1', reader))
    expect((long.value.cableCapacityForecast as unknown[]).length).to.equal(2_000)
    expect(pauses).to.be.above(3)
  })

  it('that is broken at its end is refused with the place, as when it is read at once', async () => {
    const reader = compileService(service!)
    const broken = many(2_000).replace('</S:Body>', '')
    const refusal = await readLongEnvelope(broken, '1.1', reader, {}, async () => undefined).catch(
      (error: unknown) => error,
    )
    expect(() => readEnvelope(broken, '1.1', reader)).to.throw((refusal as Error).message)
    expect(refusal).to.have.property('kind', 'malformed-message')
  })
})
