/**
 * Builds the Dockerfile with buildah, which needs no engine, and opens what came out as a folder with the settings of the image.
 * Limits: root and Debian's `buildah`; everything is kept in one folder that `close` removes.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { assembleBase } from './base.ts'

const repository = resolve(import.meta.dirname, '../..')

/** The settings of an image that running it depends on. */
export interface Image {
  readonly root: string
  readonly bytes: number
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly healthcheck: readonly string[]
  readonly user: string
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

export class Builder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'oscp-gateway-image-'))
  readonly #base: string

  constructor() {
    const root = join(this.#folder, 'base')
    mkdirSync(root)
    const file = join(this.#folder, 'Containerfile')
    writeFileSync(file, assembleBase(root))
    this.#base = 'localhost/stand-in:base'
    this.#buildah('bud', '--file', file, '--tag', this.#base, root)
  }

  /** Runs every stage that `target` needs, as the Dockerfile says. */
  build(target: string | undefined, args: Readonly<Record<string, string>>): Image {
    const tag = `localhost/oscp-gateway:${target ?? 'default'}`
    const given = Object.entries({ ...args, NODE_IMAGE: this.#base }).flatMap(([name, value]) => [
      '--build-arg',
      `${name}=${value}`,
    ])
    // Docker's own form, since the other one has no health check; the toolbox of `RUN` is this machine's network.
    this.#buildah(
      'bud',
      '--format',
      'docker',
      '--isolation',
      'chroot',
      '--pull-never',
      '--layers',
      ...given,
      ...(target ? ['--target', target] : []),
      '--tag',
      tag,
      repository,
    )
    const { Docker } = JSON.parse(this.#buildah('inspect', '--type', 'image', tag)) as { Docker: Inspected }
    const container = this.#buildah('from', '--pull-never', tag).trim()
    const root = this.#buildah('mount', container).trim()
    const { config } = Docker
    return {
      root,
      bytes: Number(execFileSync('du', ['-sb', root], { encoding: 'utf8' }).split('\t')[0]),
      entrypoint: config.Entrypoint,
      cmd: config.Cmd,
      healthcheck: config.Healthcheck.Test.slice(1),
      user: config.User,
      folder: config.WorkingDir,
      env: Object.fromEntries(
        config.Env.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
      ),
      labels: config.Labels,
    }
  }

  /** How much of it was there before: the base. */
  baseBytes(): number {
    return Number(execFileSync('du', ['-sb', join(this.#folder, 'base')], { encoding: 'utf8' }).split('\t')[0])
  }

  close(): void {
    this.#buildah('rm', '--all')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #buildah(...args: string[]): string {
    const storage = [
      '--root',
      join(this.#folder, 'storage'),
      '--runroot',
      join(this.#folder, 'run'),
      '--storage-driver',
      process.env.CONTAINER_STORAGE ?? 'overlay',
    ]
    const [command = '', ...rest] = args
    return execFileSync('buildah', [...storage, command, ...rest], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', command === 'bud' ? 'inherit' : 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    })
  }
}

interface Inspected {
  readonly config: {
    readonly Entrypoint: string[]
    readonly Cmd: string[]
    readonly Healthcheck: { readonly Test: string[] }
    readonly User: string
    readonly WorkingDir: string
    readonly Env: string[]
    readonly Labels: Record<string, string>
  }
}
