/** The alarms are a closed list in which everybody finds each once. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { root } from '../support/command.ts'

describe('The list of alarms', () => {
  it('explains each of them once', () => {
    const source = readFileSync(join(root, 'src/exchange/observer.ts'), 'utf8')
    const lines = source.slice(source.indexOf('export type Alarm')).split('\n')
    const alarms = lines.flatMap((line, i) =>
      /^ {2}\| '/.test(line) ? [[line.slice(5, -1), lines[i - 1]!.trim()]] : [],
    )
    expect(alarms).to.have.length.greaterThan(20)
    expect(new Set(alarms.map(([alarm]) => alarm)).size).to.equal(alarms.length)
    for (const [alarm, above] of alarms) expect(above, alarm).to.match(/^\/\*\* .*\*\/$|^\*\/$/)
  })
})
