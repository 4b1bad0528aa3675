/**
 * Every message of every crossing on both wires, from golden-mapping/<crossing>/<message>/<case>/, without a socket: the folder's
 * input is translated as `oscp-gateway translate --message <message> --settings settings.json --receipt json` does, and the
 * output and the receipt must be what the folder says. UPDATE_GOLDEN=1 writes them instead; then read what it wrote.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { expect } from 'chai'
import { shippedCrossings } from '../src/app.ts'
import { translateMessage } from '../src/cli/translate-message.ts'
import { recognise } from '../src/cli/translate-recognise.ts'
import { readSettings } from '../src/cli/translate-settings.ts'
import type { Crossing } from '../src/mapping/crossings.ts'

const root = join(import.meta.dirname, 'golden-mapping')
const updating = process.env.UPDATE_GOLDEN === '1'
const now = Date.parse('2026-03-02T22:00:00Z')

const below = (folder: string): string[] => readdirSync(folder).map((name) => join(folder, name))
const cases = below(root).flatMap(below).flatMap(below).sort()

describe('Golden files of the mapping', () => {
  let crossings: readonly Crossing[]
  before(async () => {
    crossings = await shippedCrossings()
  })

  function outcomeOf(folder: string): { inputs: string[]; files: Map<string, string> } {
    const inputs = ['input.xml', 'input.json'].filter((name) => existsSync(join(folder, name)))
    if (inputs.length !== 1) throw new Error(`${folder} must have one input.xml or input.json`)
    const settings = join(folder, 'settings.json')
    const hasSettings = existsSync(settings)
    const crossing = crossings.filter(({ id }) => id === basename(dirname(dirname(folder))))
    const message = basename(dirname(folder))
    const found = recognise(readFileSync(join(folder, inputs[0]!), 'utf8'), crossing, { message })
    expect(found.compiled.module.name).to.equal(message)
    expect(directions[basename(folder).replace(/-.*/, '')], 'the name of a case starts with its direction').to.include(
      found.direction,
    )
    expect(basename(folder).startsWith('answer-'), 'answers, and only they, say so').to.equal(found.part === 'answer')
    const { output, outcomes } = translateMessage(
      found,
      readSettings({ now, settings: hasSettings ? settings : undefined }, crossings),
    )
    const files = new Map([['receipt.json', `${JSON.stringify(outcomes, null, 2)}\n`]])
    if (output !== '') files.set(found.direction === 'toModern' ? 'output.json' : 'output.xml', output)
    return { inputs: hasSettings ? [...inputs, 'settings.json'] : inputs, files }
  }

  for (const folder of cases)
    it(`${relative(root, folder)} is as its folder says`, () => {
      const { inputs, files } = outcomeOf(folder)
      if (updating) rewrite(folder, inputs, files)
      for (const [name, text] of files) {
        expect(readdirSync(folder), 'a file is missing').to.include(name)
        expect(text, name).to.equal(readFileSync(join(folder, name), 'utf8'))
      }
      expect(readdirSync(folder).sort(), 'a file is not used').to.deep.equal([...inputs, ...files.keys()].sort())
    })

  it('are there for every message of every crossing, in both directions, with its answers, and for nothing else', () => {
    for (const crossing of crossings) {
      expect(readdirSync(root)).to.include(crossing.id)
      const messages = crossing.messages.map(({ module }) => module.name).sort()
      expect(readdirSync(join(root, crossing.id)).sort()).to.deep.equal(messages)
      for (const { module } of crossing.messages) {
        const names = readdirSync(join(root, crossing.id, module.name))
        const plain = ['up', 'down', ...(module.answerAs === 'none' ? [] : ['answer-up', 'answer-down'])]
        expect(names, module.name).to.include.members(plain)
      }
    }
    expect(readdirSync(root).sort()).to.deep.equal(crossings.map(({ id }) => id).sort())
  })
})

const directions: Record<string, readonly string[]> = {
  up: ['toModern'],
  down: ['toLegacy'],
  answer: ['toModern', 'toLegacy'],
}

function rewrite(folder: string, inputs: readonly string[], files: ReadonlyMap<string, string>): void {
  for (const name of readdirSync(folder)) if (!inputs.includes(name)) rmSync(join(folder, name))
  for (const [name, text] of files) writeFileSync(join(folder, name), text)
}
