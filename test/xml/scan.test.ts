/** Our scanner against saxes: the same documents accepted, the same events; a slice of what `npm run fuzz` does. */
import { expect } from 'chai'
import type { XmlHandler } from '../../src/xml/events.ts'
import { XmlProblem } from '../../src/xml/problem.ts'
import { scanInPieces, scanXml } from '../../src/xml/scan.ts'
import { generated, mutated, randomFrom, repetitive } from './documents.ts'
import { oracle, scanned, scannedInPieces } from './oracle.ts'

const seed = 20_151_016
const limits = { depth: 4, attributesPerElement: 3, distinctNames: 3 }
const silent: XmlHandler = { open: () => {}, text: () => {}, close: () => {} }
const problemOf = (document: string): string => {
  try {
    scanXml(document, silent, limits)
  } catch (error) {
    if (error instanceof XmlProblem) return `${error.message} at ${error.line}:${error.column}`
    throw error
  }
  return 'none'
}

const eventsOf = (document: string): string => {
  const events: string[] = []
  const open = (uri: string, local: string) => void events.push(`{${uri}}${local}`)
  scanXml(document, { open, text: (piece) => void events.push(piece), close: () => void events.push('/') }, limits)
  return events.join(' ')
}

describe('The XML scanner', () => {
  for (const [kind, written, atLeast] of [
    ['generated documents', generated, 4_000],
    ['documents that repeat themselves, or nearly', repetitive, 3_000],
  ] as const)
    it(`agrees with saxes on 10,000 ${kind} and as many broken ones (seed ${seed})`, () => {
      const random = randomFrom(seed)
      const accepted = { whole: 0, broken: 0 }
      for (let n = 0; n < 10_000; n++) {
        const whole = written(random)
        const broken = mutated(whole, random)
        for (const [state, document] of [
          ['whole', whole],
          ['broken', broken],
        ] as const) {
          const events = scanned(document)
          expect(events, JSON.stringify(document)).to.deep.equal(oracle(document))
          if (events) accepted[state]++
        }
      }
      // Both answers must occur often, or the agreement would say little.
      expect(accepted.whole).to.be.within(atLeast, 9_500)
      expect(accepted.broken).to.be.within(500, 7_500)
    }).timeout(60_000)

  it('reads the same in pieces of any length, of whole documents and of broken ones', () => {
    const random = randomFrom(seed)
    let most = 0
    for (let n = 0; n < 1_000; n++) {
      const whole = repetitive(random)
      for (const document of [whole, mutated(whole, random)])
        for (const length of [1, 1 + Math.floor(random() * document.length), document.length + 1]) {
          const { events, pieces } = scannedInPieces(document, length)
          expect(events, JSON.stringify({ document, length })).to.deep.equal(scanned(document))
          most = Math.max(most, pieces)
        }
    }
    expect(most).to.be.above(10)
    expect([...scanInPieces('<a/>', silent, limits, 100)]).to.deep.equal([])
  })

  for (const [what, document, problem] of [
    ['depth', '<a><a><a><a><a/></a></a></a></a>', 'The XML is nested deeper than 4 elements at 1:13'],
    ['attributes', '<a b="" c="" d="" e=""/>', 'An element has more than 3 attributes at 1:23'],
    ['names', '<a><b/><c/><d/></a>', 'The XML has more than 3 different element names at 1:12'],
  ] as const)
    it(`refuses too much ${what}, before more of it is read`, () => {
      expect(problemOf(document)).to.equal(problem)
    })

  it('says in which line and column the trouble is, however lines end', () => {
    expect(problemOf('<a>\r\n <b>\r</a>')).to.equal('An end tag does not close the element that is open at 3:1')
    expect(problemOf('<a>\u0001</a>')).to.equal('A character is not allowed in XML at 1:4')
  })

  it('reads what repeats itself as what it is where it stands: in another scope, at another depth, for another element', () => {
    expect(eventsOf('<r xmlns="urn:a"><b>1</b><b>2</b><c xmlns="urn:b"><b>3</b><b>4</b></c></r>')).to.equal(
      '{urn:a}r {urn:a}b 1 / {urn:a}b 2 / {urn:b}c {urn:b}b 3 / {urn:b}b 4 / / /',
    )
    expect(problemOf('<a><a>1</a><a>2</a><a>3</a><a>4</a></a><a>5</a></a>')).to.equal(
      'The document has more than one root element at 1:40',
    )
    expect(problemOf('<a><b>1</b><b>2</b><b>3</a></b></a>')).to.equal(
      'An end tag does not close the element that is open at 1:24',
    )
    expect(problemOf('<a><b>1<b>2<b>3<b>4</b></b></b></b></a>')).to.equal(
      'The XML is nested deeper than 4 elements at 1:16',
    )
  })

  it('does not take the name that came next before for one that merely begins so', () => {
    const names: string[] = []
    scanXml(
      '<r><a/><b/><a/><bb/><a/><b/></r>',
      { ...silent, open: (_, local) => void names.push(local) },
      { ...limits, distinctNames: 9 },
    )
    expect(names).to.deep.equal(['r', 'a', 'b', 'a', 'bb', 'a', 'b'])
  })
})
