/** Which messages about groups are carried, and for whom. */
import { expect } from 'chai'
import type { GatewayError } from '../../src/errors.ts'
import type { ExchangeId, PeerId, RequestId } from '../../src/exchange/ids.ts'
import type { ModernRequest } from '../../src/exchange/modern.ts'
import type { ExchangeLine, Observer } from '../../src/exchange/observer.ts'
import { type Link, Links } from '../../src/exchange/peers.ts'
import { type ModernFlow, modernReceiver } from '../../src/exchange/receive-modern.ts'

function link(id: string, modern: string, group: string, role = 'fp'): Link {
  const groups = {
    toLegacy: (given: string) => (given === group ? 'C' : undefined),
    toModern: () => group,
  }
  return { id, modern: { id: modern, role }, groups } as unknown as Link
}

const links = new Links([
  link('one', 'cpo-a', 'G1'),
  link('two', 'cpo-a', 'G2'),
  link('three', 'cpo-b', 'G3'),
  link('four', 'grid', 'G4', 'cp'),
])

function request(peer: string, message: string, value: object): ModernRequest {
  const ids = { exchange: 'x' as ExchangeId, request: 'r' as RequestId, correlation: undefined }
  return { ...ids, peer: peer as PeerId, face: 'cp', message, value: { ...value } }
}

describe('The receiver of OSCP 2.0 messages', () => {
  const lines: ExchangeLine[] = []
  const carried: string[] = []
  const observer: Observer = { exchanged: (line) => lines.push(line), attempted: () => {}, alarm: () => {} }
  const flow: ModernFlow = async ({ value }, { id }) => {
    carried.push(`${id} ${value.group_id}`)
    return undefined
  }
  const flows = new Map([
    ['UpdateGroupMeasurements', flow],
    ['GroupCapacityComplianceError', flow],
  ])
  const receiver = modernReceiver({ links, observer, now: () => 0, flows: { fp: flows } })
  const kind = (told: Promise<unknown>) =>
    told.then(
      () => 'accepted',
      (error: GatewayError) => error.kind,
    )
  beforeEach(() => {
    lines.length = 0
    carried.length = 0
  })

  it('gives a message to its flow, with the link that its group belongs to', async () => {
    await receiver.receive(request('cpo-a', 'UpdateGroupMeasurements', { group_id: 'G2' }))
    await receiver.receive(request('cpo-a', 'UpdateGroupMeasurements', { group_id: 'G1' }))
    expect(carried).to.deep.equal(['two G2', 'one G1'])
    expect(lines.map(({ outcome }) => outcome)).to.deep.equal(['accepted', 'accepted'])
  })

  it('knows no group of somebody else, and none at all for a peer without a link', async () => {
    for (const [peer, group_id] of [
      ['cpo-b', 'G1'],
      ['cpo-a', 'G3'],
      ['cpo-a', 'g1'],
      ['cpo-c', 'G1'],
    ] as const)
      expect(await kind(receiver.receive(request(peer, 'UpdateGroupMeasurements', { group_id })))).to.equal(
        'group-unknown',
      )
    expect(carried).to.deep.equal([])
    expect(lines.map(({ outcome }) => outcome)).to.deep.equal(Array(4).fill('group-unknown'))
  })

  it('says of a message without a flow that it is not carried, once its group is known', async () => {
    const adjust = (group_id: string) => receiver.receive(request('cpo-a', 'AdjustGroupCapacityForecast', { group_id }))
    expect(await kind(adjust('G1'))).to.equal('message-unsupported')
    expect(await kind(adjust('G9'))).to.equal('group-unknown')
  })

  it('carries a message only for parties of the role that the flow is for', async () => {
    const asCp = receiver.receive(request('grid', 'UpdateGroupMeasurements', { group_id: 'G4' }))
    expect(await kind(asCp)).to.equal('message-unsupported')
    expect(carried).to.deep.equal([])
  })

  it('takes a message that names no group by the peer alone', async () => {
    await receiver.receive(request('cpo-b', 'GroupCapacityComplianceError', { message: 'no' }))
    expect(carried).to.deep.equal(['three undefined'])
    expect(await kind(receiver.receive(request('cpo-c', 'GroupCapacityComplianceError', {})))).to.equal('group-unknown')
  })

  it('tells the observer of what nobody foresaw', async () => {
    const broken = modernReceiver({
      links,
      observer,
      now: () => 0,
      flows: { fp: new Map([['UpdateGroupMeasurements', async () => Promise.reject(new Error('boom'))]]) },
    })
    await broken.receive(request('cpo-a', 'UpdateGroupMeasurements', { group_id: 'G1' })).catch(() => undefined)
    expect(lines[0]).to.include({ outcome: 'internal' })
  })
})
