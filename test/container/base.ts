/**
 * A base image for the Dockerfile out of what this machine has: its Node and npm, a shell, the few commands that the build stage calls, and
 * the libraries they load. It stands in for the official image where no registry of images can be reached.
 * Limits: Linux with glibc; the version of Node is this machine's, not the one that the Dockerfile pins.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the RUN lines need besides Node; a RUN that calls another fails the build. */
const commands = ['/bin/sh', '/usr/bin/env', '/bin/mv', '/usr/bin/printf']
const certificates = '/etc/ssl/certs/ca-certificates.crt'

/** Fills `root`, which must be empty, and returns the Containerfile that makes an image of it. */
export function assembleBase(root: string): string {
  const node = realpathSync(process.execPath)
  for (const file of [node, ...commands.map((path) => realpathSync(path))])
    for (const path of [file, ...librariesOf(file)]) place(root, path, realpathSync(path))
  for (const path of commands) place(root, path, realpathSync(path))
  place(root, '/usr/local/bin/node', node)
  const npm = join(dirname(realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim())), '..')
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
  write(root, '/etc/passwd', 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n')
  write(root, '/etc/group', 'root:x:0:\nnode:x:1000:\n')
  for (const folder of ['tmp', 'root', 'home/node', 'proc', 'dev', 'sys'])
    mkdirSync(join(root, folder), { recursive: true })
  return `FROM scratch\nCOPY . /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n${registryAccess(root)}`
}

/** How this machine reaches the registry of packages: its authorities and npm's settings, which the product's files say nothing of. */
function registryAccess(root: string): string {
  const get = (key: string) => execFileSync('npm', ['config', 'get', key], { encoding: 'utf8' }).trim()
  const settings = [`registry=${get('registry')}`]
  if (existsSync(certificates)) {
    write(root, certificates, readFileSync(certificates, 'utf8'))
    settings.push(`cafile=${certificates}`)
  }
  write(root, '/usr/local/etc/npmrc', `${settings.join('\n')}\n`)
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].filter((name) => process.env[name] !== undefined)
  return proxies.map((name) => `ENV ${name}=${process.env[name]}\n`).join('')
}

function librariesOf(file: string): string[] {
  const said = execFileSync('ldd', [file], { encoding: 'utf8' })
  return [...said.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!)
}

function place(root: string, path: string, from: string): void {
  const to = join(root, path)
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { dereference: true })
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
