/** What needs a person is said so that it can be read at night: one sentence where many things have one cause. */
import { expect } from 'chai'
import type { GroupRow, LinkRow, Overview, Party } from '../../src/ops/console/data.ts'
import { needsOf } from '../../src/ops/console/needs.ts'
import { sentenceText } from '../../src/ops/console/places.ts'

const now = Date.parse('2026-03-02T22:00:00Z')
const ago = (minutes: number) => now - minutes * 60_000

const party = (peer: string, role: Party['role'], more: Partial<Party> = {}): Party => {
  return { peer, role, standing: 'here', circuit: 'closed', agenda: 0, overdueMs: 0, waiting: 0, dead: 0, ...more }
}

const late = (group: string, since: number): GroupRow => {
  return { group, version: 2, at: since, settled: 1, attempts: 4, owedSince: since, now: [], until: now + 3600_000 }
}

/** Links to one operator, `groups` of each late, the first for the longest. */
function links(count: number, groups: number): LinkRow[] {
  return Array.from({ length: count }, (_, i) => {
    const own = Array.from({ length: groups }, (_, k) => late(`G-${i}-${k}`, ago(30 - i - k)))
    return { link: `link-${i}`, legacy: `dso-${i}`, modern: 'cpo', receiver: 'cpo', groups: own, dead: 0, problems: [] }
  })
}

function said(rows: readonly LinkRow[], parties: readonly Party[]) {
  const overview = { at: now, isUp: true, isStale: false, alarms: [], certificates: [] }
  return needsOf({ ...overview, links: rows, parties } as unknown as Overview).map(({ urgency, sentence }) => [
    urgency,
    sentenceText(sentence, now),
  ])
}

describe('What needs a person at the console', () => {
  const cpo = party('cpo', 'fp', { lastFailure: { at: now, status: 503 } })

  it('is a sentence for each link, as long as they are few', () => {
    expect(said(links(2, 1), [cpo])).to.deep.equal([
      ['act', 'G-0-0: the limit of 21:30 UTC has not arrived at cpo, for 30 minutes; the peer answers 503.'],
      ['act', 'G-1-0: the limit of 21:31 UTC has not arrived at cpo, for 29 minutes; the peer answers 503.'],
    ])
    expect(said(links(1, 3), [cpo])).to.deep.equal([
      ['act', 'G-0-0 and 2 more of link link-0: limits have not arrived at cpo, for 30 minutes; the peer answers 503.'],
    ])
  })

  it('is one sentence for all links to a party that takes none of their limits, and says the longest wait', () => {
    expect(said(links(20, 2), [cpo])).to.deep.equal([
      ['act', 'G-0-0 and 39 more, of 20 links: limits have not arrived at cpo, for 30 minutes; the peer answers 503.'],
    ])
  })

  it('is one sentence for many parties of which the same is to be said, and one each for few', () => {
    const silent = (count: number) =>
      Array.from({ length: count }, (_, i) => party(`dso-${i}`, 'dso', { standing: 'away', lastSeen: ago(9) }))
    expect(said([], silent(2))).to.deep.equal([
      ['act', 'dso-0 is silent: last heard of 21:51 UTC.'],
      ['act', 'dso-1 is silent: last heard of 21:51 UTC.'],
    ])
    expect(said([], silent(40))).to.deep.equal([['act', 'dso-0, dso-1, dso-2 and 37 more are silent.']])
  })

  it('names what was given up at many parties once', () => {
    const having = Array.from({ length: 5 }, (_, i) => party(`cpo-${i}`, 'fp', { dead: i + 1 }))
    expect(said([], having)).to.deep.equal([['look', '15 messages to cpo-0, cpo-1, cpo-2 and 2 more were given up.']])
  })

  it('says how often a limit was tried where another process knows why it did not arrive', () => {
    expect(said(links(1, 1), [party('cpo', 'fp')])[0]![1]).to.match(/for 30 minutes; 4 attempts failed\.$/)
  })
})
