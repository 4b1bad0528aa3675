import { expect } from 'chai'
import fc from 'fast-check'
import {
  alsoTaken,
  answeredAgain,
  emptyRecord,
  type ForecastRecord,
  type Moment,
  owedAgain,
  received,
  settledBy,
  verdictOn,
  wasSent,
} from '../../src/exchange/forecast-record.ts'
import type { LinkId, RequestId } from '../../src/exchange/ids.ts'
import { type Block, overlay } from '../../src/exchange/schedule.ts'

let ids = 0
const moment: Moment = { now: 0, newId: () => `id-${ids++}` }
const block = (start: number, end: number, capacity: number): Block => ({
  start,
  end,
  capacity,
  unit: 'KW',
  phase: 'ALL',
})
const limitAt = (blocks: readonly Block[], t: number) =>
  blocks.filter((b) => b.start <= t && t < b.end).map((b) => b.capacity)

type Event =
  | { readonly is: 'message'; readonly blocks: Block[] }
  | { readonly is: 'outcome'; readonly verdict: 'accepted' | 'refused' | 'unavailable' }
  | { readonly is: 'claim' }
  | { readonly is: 'forgets' }
  | { readonly is: 'taken'; readonly blocks: Block[] }

const blocks = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 99 }))
    .map(([start, length, capacity]) => block(start, start + length, capacity)),
  { minLength: 1, maxLength: 1 },
)
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    fc.record({ is: fc.constant('message' as const), blocks }),
    fc.record({ is: fc.constant('outcome' as const), verdict: fc.constantFrom('accepted', 'refused', 'unavailable') }),
    fc.record({ is: fc.constant('claim' as const) }),
    fc.record({ is: fc.constant('forgets' as const) }),
    fc.record({ is: fc.constant('taken' as const), blocks }),
  ),
  { maxLength: 25 },
) as fc.Arbitrary<Event[]>

const result = (verdict: 'accepted' | 'refused' | 'unavailable') =>
  verdict === 'accepted' ? { verdict } : { verdict, sentence: 'no' }
const claimed = (record: ForecastRecord): ForecastRecord =>
  record.delivery ? { ...record, delivery: { ...record.delivery, sender: 'me' } } : record

describe('The record of a forecast', () => {
  it('ends with the peer holding the overlay of all it did not refuse, whatever happened on the way', () => {
    fc.assert(
      fc.property(events, (history) => {
        let record = emptyRecord('l' as LinkId, 'g', 'CONSUMPTION')
        let peer: readonly Block[] = [] // what the peer really has, by what it was sent
        let wanted: readonly Block[] = []
        const settle = (verdict: 'accepted' | 'refused' | 'unavailable') => {
          if (record.delivery?.sender === undefined) return
          if (verdict === 'accepted') peer = overlay(peer, record.delivery.blocks, 0, true)
          record = settledBy(record, result(verdict), moment)
        }
        for (const event of history) {
          if (event.is === 'message') {
            record = received(record, event.blocks, {}, moment)
            wanted = overlay(wanted, event.blocks, 0, true)
          } else if (event.is === 'claim') record = claimed(record)
          else if (event.is === 'forgets') {
            peer = []
            record = owedAgain(record, moment)
          } else if (event.is === 'taken') {
            peer = overlay(peer, event.blocks, 0, true)
            wanted = overlay(wanted, event.blocks, 0, true)
            record = alsoTaken(record, event.blocks, moment)
          } else if (event.verdict !== 'refused') settle(event.verdict)
        }
        for (let i = 0; record.delivery && i < 5; i++) {
          record = claimed(record)
          settle('accepted')
        }
        expect(record.delivery).to.equal(undefined)
        for (let t = 0; t < 20; t++) {
          expect(limitAt(peer, t)).to.deep.equal(limitAt(wanted, t))
          expect(limitAt(record.held, t)).to.deep.equal(limitAt(peer, t))
        }
      }),
      { seed: 20260302, numRuns: 2000 },
    )
  })

  it('never says that a version was accepted which the peer refused, however many followed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('accepted' as const, 'refused' as const), { minLength: 1, maxLength: 60 }),
        (words) => {
          let record = emptyRecord('l' as LinkId, 'g', 'CONSUMPTION')
          for (const word of words)
            record = settledBy(received(record, [block(1, 2, 3)], {}, moment), result(word), moment)
          for (const [i, word] of words.entries()) {
            const said = verdictOn(record, i + 1)
            if (said === 'forgotten') continue
            expect(typeof said === 'object' ? 'refused' : said).to.equal(word)
          }
          expect(verdictOn(record, words.length + 1)).to.equal('open')
          expect(verdictOn(record, words.length)).not.to.equal('forgotten')
        },
      ),
      { seed: 20260302, numRuns: 500 },
    )
  })

  it('keeps the same request and blocks from attempt to attempt', () => {
    const first = received(emptyRecord('l' as LinkId, 'g', 'CONSUMPTION'), [block(1, 2, 3)], {}, moment)
    const again = settledBy(first, result('unavailable'), moment)
    expect(again.delivery).to.deep.equal({ ...first.delivery, attempts: 1, sender: undefined })
  })

  it('remembers what its delivery answers, the newest where several messages became one', () => {
    const answering = (id: string) => ({ correlation: id as RequestId })
    const empty = emptyRecord('l' as LinkId, 'g', 'CONSUMPTION')
    const first = received(empty, [block(1, 2, 3)], {}, moment, answering('a'))
    expect(first.delivery!.cause).to.deep.equal(answering('a'))
    const during = received(received(first, [block(2, 3, 3)], {}, moment, answering('b')), [block(4, 5, 3)], {}, moment)
    expect(during.delivery).to.deep.equal(first.delivery)
    expect(settledBy(during, result('accepted'), moment).delivery!.cause).to.deep.equal(answering('b'))
    const merged = settledBy(during, result('unavailable'), moment)
    expect(merged.delivery!.cause).to.deep.equal(answering('b'))
    expect(received(merged, [block(1, 2, 3)], {}, moment).delivery!.cause).to.deep.equal(answering('b'))
    expect(settledBy(first, result('unavailable'), moment).delivery!.cause).to.deep.equal(answering('a'))
    const unasked = settledBy(received(first, [block(2, 3, 3)], {}, moment), result('accepted'), moment)
    expect(unasked.delivery!.cause).to.equal(undefined)
  })

  it('knows by its id what the peer was sent, the last 64 messages and the one under way', () => {
    let record = emptyRecord('l' as LinkId, 'g', 'CONSUMPTION')
    const sent: string[] = []
    for (let i = 0; i < 70; i++) {
      record = received(record, [block(1, 2, i)], {}, moment)
      sent.push(record.delivery!.request)
      expect(wasSent(record, sent.at(-1)!), 'under way').to.equal(true)
      record = settledBy(record, result(i % 3 === 0 ? 'refused' : 'accepted'), moment)
    }
    expect(sent.map((id) => wasSent(record, id))).to.deep.equal([...Array(6).fill(false), ...Array(64).fill(true)])
    expect(wasSent(record, 'other')).to.equal(false)
  })

  it('remembers what was sent and not answered, but nothing that expired unsent', () => {
    const first = received(emptyRecord('l' as LinkId, 'g', 'CONSUMPTION'), [block(1, 2, 3)], {}, moment)
    const { request } = first.delivery!
    expect(settledBy(first, { verdict: 'expired' }, moment).sent).to.equal(undefined)
    const again = claimed(settledBy(first, result('unavailable'), moment))
    expect(settledBy(again, result('accepted'), moment).sent).to.deep.equal([request])
  })

  it('is owed again as an answer: at once, with what waits, or after what is on its way', () => {
    const cause = { correlation: 'wish' as RequestId }
    const empty = emptyRecord('l' as LinkId, 'g', 'CONSUMPTION')
    expect(answeredAgain(empty, cause, moment)).to.equal(empty)
    const first = received(empty, [block(1, 9, 3)], {}, moment)
    const held = settledBy(first, result('accepted'), moment)
    const idle = answeredAgain(held, cause, moment)
    expect(idle.delivery).to.deep.include({ blocks: [block(1, 9, 3)], cause, attempts: 0 })
    expect(idle.version).to.equal(held.version)
    const waits = settledBy(received(held, [block(2, 3, 1)], {}, moment), result('unavailable'), moment)
    const waiting = answeredAgain(waits, cause, moment)
    expect(waiting.delivery).to.deep.include({ cause, attempts: 1 })
    expect(waiting.delivery!.blocks).to.deep.equal([block(1, 2, 3), block(2, 3, 1), block(3, 9, 3)])
    expect(waiting.delivery!.request).not.to.equal(waits.delivery!.request)
    const flying = answeredAgain(first, cause, moment)
    expect(flying.delivery).to.equal(first.delivery)
    for (const word of ['accepted', 'unavailable'] as const)
      expect(settledBy(flying, result(word), moment).delivery).to.deep.include({ blocks: [block(1, 9, 3)], cause })
  })

  it('is owed whole to a peer that may have forgotten, though what waits or is on its way says a part of it only', () => {
    const first = received(emptyRecord('l' as LinkId, 'g', 'CONSUMPTION'), [block(1, 9, 3)], {}, moment)
    const held = settledBy(first, result('accepted'), moment)
    const flying = received(held, [block(2, 3, 1)], {}, moment)
    const whole = [block(1, 2, 3), block(2, 3, 1), block(3, 9, 3)]
    const waits = settledBy(flying, result('unavailable'), moment)
    const owed = owedAgain(waits, moment)
    expect(owed.delivery).to.deep.include({ blocks: whole, attempts: 1 })
    expect(owed.delivery!.request).not.to.equal(waits.delivery!.request)
    expect(owedAgain(owed, moment)).to.equal(owed)
    const follows = owedAgain(flying, moment)
    expect(follows.delivery).to.equal(flying.delivery)
    for (const word of ['accepted', 'unavailable'] as const)
      expect(settledBy(follows, result(word), moment).delivery!.blocks).to.deep.equal(whole)
    expect(owedAgain(first, moment)).to.equal(first)
    const ended = { ...moment, now: 5 }
    expect(owedAgain(waits, ended).delivery!.blocks, 'the part has ended').to.deep.equal([block(5, 9, 3)])
  })

  it('has nothing to answer with once every block has ended', () => {
    const held = settledBy(
      received(emptyRecord('l' as LinkId, 'g', 'CONSUMPTION'), [block(1, 9, 3)], {}, moment),
      result('accepted'),
      moment,
    )
    const later = { ...moment, now: 9 }
    expect(answeredAgain(held, { correlation: 'w' as RequestId }, later)).to.equal(held)
  })
})
