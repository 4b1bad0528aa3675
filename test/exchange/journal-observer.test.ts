/** What becomes of the lines that an observer is told, and which entries belong to one story. */
import { expect } from 'chai'
import { GatewayError } from '../../src/errors.ts'
import type { ExchangeId, LinkId, PeerId, RequestId } from '../../src/exchange/ids.ts'
import type { JournalEntry } from '../../src/exchange/journal.ts'
import { journalObserver } from '../../src/exchange/journal-observer.ts'
import { byBeginning, trailOf } from '../../src/exchange/journal-trail.ts'
import type { DeliveryLine, ExchangeLine, Observer } from '../../src/exchange/observer.ts'
import type { Receipt } from '../../src/mapping/run.ts'
import { MemoryJournal } from '../../src/state/memory/journal.ts'

describe('The journal', () => {
  let now: number
  let journal: MemoryJournal
  let observer: Observer
  beforeEach(() => {
    now = 1_000_000
    journal = new MemoryJournal({ perPeer: 1000, keepFor: 3600_000 }, () => now)
    observer = journalObserver({
      journal,
      now: () => now,
      process: 'test',
      isLegacy: (peer) => peer === 'dso',
      mappingOf: (link) => `hash of ${link}`,
    })
  })

  const all = async () => (await journal.find({ limit: 100 })).entries
  const received = (line: Partial<ExchangeLine>) => {
    now += 10
    const usual = { operation: 'Op', direction: 'toModern', outcome: 'accepted', durationMs: 1, receipts: [] } as const
    observer.exchanged({ exchange: 'x' as ExchangeId, peer: 'dso' as PeerId, ...usual, ...line })
  }
  const sent = (line: Partial<DeliveryLine>) => {
    now += 10
    const usual = {
      link: 'l' as LinkId,
      attempt: 1,
      outcome: 'accepted',
      sentence: undefined,
      retryInMs: undefined,
    } as const
    observer.attempted({ peer: 'cpo' as PeerId, request: 'r' as RequestId, ...usual, ...line })
  }
  const ids = (entries: readonly JournalEntry[]) =>
    entries.map(({ way, exchange, request }) => `${way} ${exchange ?? request}`)

  it('says what was done to the items of a message together, and how exact the worst is', async () => {
    const receipt = (count: number, fidelity: 'exact' | 'safe'): Receipt => ({
      message: 'm',
      direction: 'toModern',
      fidelity,
      entries: [{ verb: 'dropped', path: 'a[].b', reason: 'because', fidelity, count }],
    })
    received({ receipts: [receipt(1, 'exact'), receipt(2, 'safe'), receipt(4, 'exact')] })
    const [entry] = await all()
    expect(entry!.receipt!.fidelity).to.equal('safe')
    expect(entry!.receipt!.entries.map(({ path, count }) => `${path} ${count}`)).to.deep.equal(['a[].b 7'])
  })

  it('holds the sentence and fields of an error, and neither its cause nor what nobody foresaw', async () => {
    const problems = [{ path: 'a.b', sentence: 'is too large' }]
    received({
      outcome: 'invalid-message',
      error: new GatewayError('invalid-message', 'No.', { problems, cause: 'secret' }),
    })
    received({ outcome: 'internal', error: new Error('secret at host db.internal') })
    const [foreseen, unforeseen] = [...(await all())].reverse()
    expect(foreseen).to.include({ error: 'No. (a.b is too large)' })
    expect(JSON.stringify([foreseen, unforeseen])).not.to.include('secret')
  })

  it('stays small whatever a partner sends', async () => {
    const long = 'x'.repeat(100_000)
    received({ messageId: long, relatesTo: long, groups: Array.from({ length: 5000 }, (_, i) => `g${i}`) })
    expect(JSON.stringify(await all()).length).to.be.below(3000)
  })

  it('knows the HTTP status that the error table gives, where both SOAP versions have the same', async () => {
    received({ outcome: 'rejected' })
    received({ outcome: 'state-unavailable' })
    received({ outcome: 'invalid-message' })
    received({ direction: 'toLegacy', outcome: 'group-unknown' })
    received({ direction: 'toLegacy', outcome: 'repeated' })
    expect((await all()).map(({ status }) => status).reverse()).to.deep.equal([200, 500, undefined, 404, 204])
  })

  it('tells which wire a delivery left on by its peer, and under which mappings', async () => {
    sent({})
    sent({ peer: 'dso' as PeerId })
    const entries = [...(await all())].reverse()
    expect(entries.map(({ direction }) => direction)).to.deep.equal(['toModern', 'toLegacy'])
    expect(entries[0]).to.include({ mapping: 'hash of l', way: 'out' })
  })

  it('follows an exchange to its deliveries, to the answer these caused, and to what that caused', async () => {
    const before = 'before' as ExchangeId
    received({ exchange: before, messageId: 'urn:0' })
    const ask = 'ask' as ExchangeId
    sent({ request: 'r1' as RequestId, exchanges: [ask], outcome: 'unavailable' })
    received({ exchange: ask, messageId: 'urn:1', durationMs: 20 })
    sent({ request: 'r1' as RequestId, exchanges: [ask], attempt: 2 })
    const answer = 'answer' as ExchangeId
    received({
      exchange: answer,
      peer: 'cpo' as PeerId,
      direction: 'toLegacy',
      correlation: 'r1' as RequestId,
      request: 'r9' as RequestId,
    })
    sent({ peer: 'dso' as PeerId, request: 'r2' as RequestId, exchanges: [answer] })
    received({ exchange: 'other' as ExchangeId, messageId: 'urn:2' })
    sent({ request: 'r3' as RequestId, exchanges: ['other' as ExchangeId] })
    expect(ids(await trailOf(journal, 'ask'))).to.deep.equal(['out r1', 'in ask', 'out r1', 'in answer', 'out r2'])
    expect(await trailOf(journal, 'unknown')).to.deep.equal([])
  })

  it('begins with what was received, also where the clock went on before that was written down', () => {
    const entry = { direction: 'toModern', groups: [], outcome: 'accepted' } as const
    const first = { ...entry, id: '1', way: 'out', at: 1_004, durationMs: 2, from: ['ask' as ExchangeId] } as const
    const second = { ...first, id: '2', at: 1_009 }
    const ask = { ...entry, id: '3', way: 'in', at: 1_006, durationMs: 3, exchange: 'ask' as ExchangeId } as const
    const trail = [second, first, ask] as unknown as JournalEntry[]
    expect(byBeginning(trail).map(({ id }) => id)).to.deep.equal(['3', '1', '2'])
    expect(trail[0]).to.equal(second)
  })

  it('does not follow the other exchanges that one schedule carries', async () => {
    const [a, b] = ['a' as ExchangeId, 'b' as ExchangeId]
    received({ exchange: a })
    received({ exchange: b })
    sent({ request: 'both' as RequestId, exchanges: [a, b] })
    sent({ request: 'of b' as RequestId, exchanges: [b] })
    expect(ids(await trailOf(journal, 'a'))).to.deep.equal(['in a', 'out both'])
  })
})
