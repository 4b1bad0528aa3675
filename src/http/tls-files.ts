/**
 * Certificates, keys and authorities from files, used only if they fit together, and read again when a file changes.
 * Files that are replaced one after the other, renamed over, or reached through a swapped link (Kubernetes) are taken once
 * they have stood still between two looks; what cannot be used is reported once, and what was in use stays in use.
 * Limits: keys have no passphrase. It says when a certificate ends, and leaves it to callers to refuse an expired one. No lists of
 * revoked certificates.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

export interface TlsFiles {
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly caFile?: string | undefined
}

export interface TlsMaterial {
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
  /** When the first certificate of certFile ends, in milliseconds since 1970. */
  readonly expiresAt?: number
}

/** Files that cannot be used: which of them, and why, without their content. */
export class TlsFilesError extends Error {
  override readonly name = 'TlsFilesError'
  readonly file: keyof TlsFiles

  constructor(file: keyof TlsFiles, sentence: string, cause?: unknown) {
    super(sentence, { cause })
    this.file = file
  }
}

/** Throws TlsFilesError. */
export function readTlsFiles(files: TlsFiles): TlsMaterial {
  const [cert, key, ca] = [read(files, 'certFile'), read(files, 'keyFile'), read(files, 'caFile')]
  const chain = cert === undefined ? [] : certificatesOf('certFile', cert)
  if (ca !== undefined) certificatesOf('caFile', ca)
  if (key !== undefined) checkKey(key, chain[0])
  const material = {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
  }
  try {
    createSecureContext(material)
  } catch (cause) {
    throw new TlsFilesError('certFile', 'names a certificate that cannot be used', cause)
  }
  const ends = chain.map(({ validTo }) => Date.parse(validTo))
  return ends.length > 0 ? { ...material, expiresAt: Math.min(...ends) } : material
}

function checkKey(pem: string, certificate: X509Certificate | undefined): void {
  let fits: boolean | undefined
  try {
    fits = certificate?.checkPrivateKey(createPrivateKey(pem))
  } catch (cause) {
    throw new TlsFilesError('keyFile', 'names a file without a PEM key that can be read', cause)
  }
  if (fits !== true) throw new TlsFilesError('keyFile', 'is not the key of the first certificate in certFile')
}

function read(files: TlsFiles, name: keyof TlsFiles): string | undefined {
  const path = files[name]
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new TlsFilesError(name, 'names a file that cannot be read', cause)
  }
}

function certificatesOf(file: keyof TlsFiles, pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new TlsFilesError(file, 'names a file without a PEM certificate')
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (cause) {
    throw new TlsFilesError(file, 'names a file with a certificate that cannot be read', cause)
  }
}

export interface TlsSource {
  /** What is in use; another object after every change. */
  readonly current: TlsMaterial
  /** Reads the files now, whether they changed or not. */
  reload(): void
  stop(): void
}

export interface WatchOptions {
  /** Told of what is in use from now on. */
  readonly onChange: (material: TlsMaterial) => void
  readonly onProblem: (error: TlsFilesError) => void
  /** How often the files are looked at, in milliseconds. */
  readonly every: number
}

/** Begins with what is in the files now. Throws TlsFilesError. */
export function watchTlsFiles(files: TlsFiles, { onChange, onProblem, every }: WatchOptions): TlsSource {
  let seen = marksOf(files)
  /** The files as they were when they were last read. */
  let taken = seen
  let current = readTlsFiles(files)
  const timer = setInterval(look, every)
  timer.unref()
  return {
    get current() {
      return current
    },
    reload: take,
    stop: () => clearInterval(timer),
  }

  function look(): void {
    const now = marksOf(files)
    const still = now === seen
    seen = now
    if (still && now !== taken) take()
  }

  function take(): void {
    taken = marksOf(files)
    let material: TlsMaterial
    try {
      material = readTlsFiles(files)
    } catch (error) {
      if (!(error instanceof TlsFilesError)) throw error
      return onProblem(error)
    }
    // Nothing has changed but times: whoever is connected may stay so.
    if (material.cert === current.cert && material.key === current.key && material.ca === current.ca) return
    current = material
    onChange(material)
  }
}

/** Changes with the files that the paths lead to, whichever way they are replaced. */
function marksOf(files: TlsFiles): string {
  return [files.certFile, files.keyFile, files.caFile]
    .map((path) => {
      if (path === undefined) return '-'
      try {
        const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true })
        return `${dev} ${ino} ${size} ${mtimeNs}`
      } catch {
        return 'gone'
      }
    })
    .join('\n')
}
