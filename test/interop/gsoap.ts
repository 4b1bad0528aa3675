/**
 * Compiles C++ programs out of the WSDLs that the gateway publishes, with wsdl2h, soapcpp2 and g++.
 * Limits: what was compiled is kept in the system's folder for temporary files, by a hash of WSDL and sources.
 */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { outputOf } from './programs.ts'

const sources = join(import.meta.dirname, 'stacks')
const imports = '/usr/share/gsoap/import'
const customs = '/usr/share/gsoap/custom'
const plugins = '/usr/share/gsoap/plugin'
const longest = 240_000

/** The path of the program. `wsdl` is what the gateway publishes for this role. */
export async function gsoapProgram(role: 'dso' | 'csp', wsdl: string): Promise<string> {
  // Where it is served changes from run to run, and is told to the program.
  const text = wsdl.replace(/(<soap(?:12)?:address location=")[^"]*/g, '$1http://localhost/')
  const files = readdirSync(sources).filter((name) => name === 'gsoap-common.hpp' || name === `gsoap-${role}.cpp`)
  const hash = createHash('sha256').update(text)
  for (const file of files.sort()) hash.update(readFileSync(join(sources, file)))
  const kept = join(tmpdir(), `oscp-gateway-gsoap-${userInfo().uid}-${hash.digest('hex').slice(0, 16)}`)
  if (!existsSync(kept)) await compile(role, text, kept)
  // Anybody may make a folder of this name where all put their temporary files.
  else if (lstatSync(kept).uid !== userInfo().uid) throw new Error(`${kept} is not ours; remove it`)
  return join(kept, role)
}

async function compile(role: string, wsdl: string, kept: string): Promise<void> {
  const folder = `${kept}.${process.pid}`
  mkdirSync(folder, { mode: 0o700 })
  const at = (file: string) => join(folder, file)
  try {
    writeFileSync(at('service.wsdl'), wsdl)
    await outputOf('wsdl2h', ['-O2', '-o', at('wire.h'), at('service.wsdl')], longest)
    writeFileSync(at('service.h'), `#import "wsse.h"\n${readFileSync(at('wire.h'), 'utf8')}`)
    await outputOf('soapcpp2', ['-j', '-C', '-x', `-I${imports}`, `-d${folder}`, at('service.h')], longest)
    const generated = readdirSync(folder).filter((name) => name.endsWith('.cpp'))
    const own = [...generated.map(at), join(sources, `gsoap-${role}.cpp`)]
    const security = ['wsseapi.cpp', 'smdevp.c', 'mecevp.c', 'threads.c'].map((name) => join(plugins, name))
    security.push(join(customs, 'struct_timeval.c'))
    const options = [
      '-std=c++17',
      '-w',
      '-O0',
      '-DWITH_OPENSSL',
      '-DWITH_DOM',
      `-I${folder}`,
      `-I${plugins}`,
      `-I${customs}`,
      `-I${sources}`,
    ]
    const libraries = ['-lgsoapssl++', '-lssl', '-lcrypto', '-lpthread']
    await outputOf(
      'g++',
      [...options, '-o', at(role), '-x', 'c++', ...own, ...security, '-x', 'none', ...libraries],
      longest,
    )
    renameSync(folder, kept)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
