/** Authorities and certificates of a test's own, made by openssl in a folder of the test's own. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secret } from './secrets.ts'

export interface Issued {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
  /** SHA-256, as openssl and node write it. */
  readonly fingerprint: string
  readonly serial: string
}

export interface IssueOptions {
  /** As in `/CN=x/O=y`. */
  readonly subject?: string
  /** As in `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string
  readonly days?: number
}

export interface Authority {
  readonly caFile: string
  readonly ca: string
  issue(options?: IssueOptions): Issued
}

const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-tls-'))
  folders.push(folder)
  return folder
}

let made = 0

export function authority(name = 'Test Authority'): Authority {
  const folder = testFolder()
  const at = (file: string) => join(folder, file)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-subj',
    `/CN=${name}`,
    '-days',
    '30',
  )
  return {
    caFile: at('ca.pem'),
    ca: readFileSync(at('ca.pem'), 'utf8'),
    issue({ subject = '/CN=localhost', names = 'DNS:localhost,IP:127.0.0.1', days = 30 } = {}) {
      const n = ++made
      const [certFile, keyFile, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((end) => at(`${n}.${end}`)) as [
        string,
        string,
        string,
        string,
      ]
      openssl('req', ...newKey, '-keyout', keyFile, '-out', request, '-subj', subject)
      writeFileSync(extensions, `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`)
      const signedBy = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-set_serial', String(1000 + n)]
      openssl('x509', '-req', '-in', request, ...signedBy, '-days', `${days}`, '-extfile', extensions, '-out', certFile)
      const cert = readFileSync(certFile, 'utf8')
      const { fingerprint256, serialNumber } = new X509Certificate(cert)
      const key = secret(readFileSync(keyFile, 'utf8'))
      return { certFile, keyFile, cert, key, fingerprint: fingerprint256, serial: serialNumber }
    },
  }
}
