/** A short run of `npm run fuzz`, with a seed that does not change; and that its judge can tell right from wrong. */
import { expect } from 'chai'
import { campaign } from './campaign.ts'
import { diceFrom } from './dice.ts'
import { judge } from './judge.ts'
import type { Answer, Input } from './wire.ts'
import { disagreement, document } from './xml.ts'

const seed = 20_151_016

describe('Fuzzing', () => {
  it(`finds nothing in 3,000 XML documents (seed ${seed})`, () => {
    const dice = diceFrom(seed)
    for (let n = 0; n < 3_000; n++) expect(disagreement(document(dice))).to.equal(undefined)
  }).timeout(60_000)

  it(`finds nothing in some hundred envelopes and JSON bodies (seed ${seed})`, async () => {
    const { envelopes, bodies, statuses, findings } = await campaign({
      seed,
      until: Number.POSITIVE_INFINITY,
      most: 360,
    })
    expect(findings).to.deep.equal([])
    expect([envelopes, bodies]).to.deep.equal([360, 360])
    // Good and bad ones must both occur often, or it would say little.
    for (const often of ['soap 200', 'soap 500', 'soap 400', 'rest 204', 'rest 400'])
      expect(statuses[often], often).to.be.above(30)
  }).timeout(120_000)

  const soap: Input = {
    face: 'soap',
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'text/xml' },
    body: Buffer.alloc(0),
  }
  const rest: Input = { ...soap, face: 'rest' }
  const fault = (kind: string, reason: string) =>
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode>' +
    `<faultstring>${reason}</faultstring><detail><problem><kind>${kind}</kind><exchange>e</exchange></problem></detail></soap:Fault></soap:Body></soap:Envelope>`
  const answer = (status: number, type: string, text: string): Answer => ({
    status,
    headers: { 'x-exchange-id': 'e', 'content-type': type, 'content-length': String(text.length) },
    body: Buffer.from(text),
  })
  const xml = (status: number, text: string) => judge(soap, answer(status, 'text/xml; charset=utf-8', text))
  const json = (status: number, text: string) => judge(rest, answer(status, 'application/json; charset=utf-8', text))

  it('knows a good refusal from one of an unknown kind, with a wrong status, not well-formed, or that tells too much', () => {
    expect(xml(500, fault('invalid-message', 'block is required'))).to.equal(undefined)
    expect(xml(500, fault('internal', 'x'))).to.equal('a fault of the kind internal')
    expect(xml(500, fault('surprise', 'x'))).to.equal('a fault of the kind surprise')
    expect(xml(400, fault('invalid-message', 'x'))).to.equal('invalid-message came with 400 instead of 500')
    expect(xml(500, fault('invalid-message', '<x>'))).to.match(/not well-formed/)
    expect(xml(500, fault('invalid-message', 'TypeError: x'))).to.equal('the answer holds "TypeError"')
    expect(xml(500, fault('invalid-message', 'k4n4r1e'))).to.equal('the answer holds "k4n4r1e"')
    const related = '<soap:Header><a:RelatesTo xmlns:a="urn:a">k4n4r1e</a:RelatesTo></soap:Header><soap:Body>'
    expect(xml(500, fault('invalid-message', 'x').replace('<soap:Body>', related))).to.equal(undefined)
    expect(xml(200, '')).to.match(/not well-formed|empty/)
    expect(json(400, '{"message":"x is required"}')).to.equal(undefined)
    expect(json(500, '{"message":"x"}')).to.equal('status 500')
    expect(json(400, 'x')).to.equal('a refusal that is no JSON')
    expect(json(400, '{"message":"at f (node:fs)"}')).to.match(/^the answer holds/)
  })
})
