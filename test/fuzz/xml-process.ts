/** The XML part of a run, in a process of its own: seed, end and number are its arguments, what came of it is its message. */
import { conformanceDocuments } from './conformance.ts'
import { diceFrom } from './dice.ts'
import { disagreement, document, misreading } from './xml.ts'

export interface XmlReport {
  readonly documents: number
  readonly files: number
  readonly findings: readonly string[]
}

const [seed, until, most] = process.argv.slice(2).map(Number) as [number, number, number]
const findings: string[] = []
const note = (wrong: string | undefined) => {
  if (wrong !== undefined && findings.length < 20) findings.push(wrong)
}
const files = ((): string[] => {
  try {
    return conformanceDocuments()
  } catch (error) {
    note((error as Error).message)
    return []
  }
})()
for (const file of files) note(disagreement(file))
const dice = diceFrom(seed)
let documents = 0
for (; documents < most && (documents % 100 > 0 || Date.now() < until); documents++) {
  note(disagreement(document(dice)))
  if (documents % 4 === 0) note(misreading(dice))
}
const report: XmlReport = { documents, files: files.length, findings }
process.send!(report, () => process.disconnect())
