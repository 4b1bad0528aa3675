/** What the contract of OSCP 2.0 prints against JSON.stringify, for any value of any of its messages. */
import { expect } from 'chai'
import fc from 'fast-check'
import { messageOf } from '../laws/arbitrary.ts'
import { crossings } from '../laws/ways.ts'

const { modern } = crossings[0]!

describe('A message of OSCP 2.0 as text', () => {
  for (const { name, type } of modern.messages.values())
    if (!modern.internal.has(name))
      it(`is what JSON.stringify makes of it: ${name}`, () =>
        fc.assert(
          fc.property(messageOf(type, 'json'), (value) => {
            const text = modern.json!.print(name, value)
            expect(JSON.parse(text)).to.deep.equal(JSON.parse(JSON.stringify(value)))
            expect(text).to.have.length(JSON.stringify(value).length)
          }),
          { seed: 20, numRuns: 300 },
        ))

  it('leaves out what is absent and keeps a list that has no items', () => {
    const value = { group_id: 'a"\u0007', type: 'CONSUMPTION', forecasted_blocks: [], extra: undefined }
    expect(modern.json!.print('UpdateGroupCapacityForecast', value)).to.equal(
      '{"group_id":"a\\"\\u0007","type":"CONSUMPTION","forecasted_blocks":[]}',
    )
  })
})
