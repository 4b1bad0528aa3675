/** A vendor's WSDL and a saved message may be in any encoding that the wire reads; what is published is UTF-8 and says so. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { readWsdl } from '../../src/contract/wsdl.ts'
import { publishWsdl } from '../../src/soap/publish.ts'
import { root, runCommand } from '../support/command.ts'

const vendor = resolve(import.meta.dirname, '../dialects/gridflex')

describe('In another encoding', () => {
  const encode: Record<string, (xml: string) => Buffer> = {
    'utf-16': (xml) => Buffer.from(`\ufeff${xml}`, 'utf16le'),
    'windows-1252': (xml) => Buffer.from(xml, 'latin1'),
  }
  for (const [name, bytesOf] of Object.entries(encode)) {
    it(`a vendor's WSDL in ${name} is read, and published with its imports in UTF-8`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'wsdl-'))
      cpSync(vendor, folder, { recursive: true })
      const documents = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) =>
        /\.(?:wsdl|xsd)$/.test(f),
      )
      for (const document of documents) {
        const text = readFileSync(join(vendor, document), 'utf8').replace(/encoding="[^"]*"/, `encoding="${name}"`)
        writeFileSync(join(folder, document), bytesOf(text.replace('<!--', '<!-- Größe')))
      }
      const read = (at: string) =>
        readWsdl(join(at, 'GridFlex.wsdl'), 'csp', join(at, 'GridFlex.wsdl'), 'OperatorService')
      const [plain, foreign] = [read(vendor)[0]!, read(folder)[0]!]
      expect(foreign.operations).to.deep.equal(plain.operations)
      expect(publishWsdl(foreign)('http://x', '')).to.match(/^<\?xml[^>]*encoding="UTF-8"/)
      const bare = (text?: string) => text?.replace(/^<\?xml.*?\?>\s*/, '').replaceAll(' Größe', '')
      for (const file of ['', ...foreign.files.slice(1).map((path) => path.slice(folder.length + 1))])
        expect(bare(publishWsdl(foreign)('http://x', file)), file).to.equal(bare(publishWsdl(plain)('http://x', file)))
    })

    it(`a message in ${name} is translated as the same one in UTF-8 is`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'message-'))
      const text = readFileSync(join(root, 'examples', 'heartbeat.xml'), 'utf8').replace(
        /encoding="[^"]*"/,
        `encoding="${name}"`,
      )
      writeFileSync(join(folder, 'a.xml'), bytesOf(text))
      const now = ['--now', '2026-03-02T22:00:00Z']
      const { code, err, ...said } = await runCommand(['translate', join(folder, 'a.xml'), ...now])
      const plain = await runCommand(['translate', join(root, 'examples', 'heartbeat.xml'), ...now])
      expect([code, said.out], err).to.deep.equal([plain.code, plain.out])
    })
  }
})
