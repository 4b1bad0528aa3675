/** The SOAP stacks of other languages, where their Debian packages are there: php-cli with php-soap; gsoap, libgsoap-dev and g++. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runs } from './machine.ts'

export const hasPhp = (): boolean => runs('php', '-r', 'exit(extension_loaded("soap") ? 0 : 1);')

/** Compiles the server out of the WSDL, as fast as the compiler makes it; undefined where it cannot be. */
export const compileGsoap = (home: string, folder: string): string | undefined => {
  if (!runs('wsdl2h', '-V') || !runs('soapcpp2', '-V') || !runs('g++', '--version')) return undefined
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder, stdio: 'ignore' })
  try {
    copyFileSync(join(home, 'test/bench/contestants/gsoap.cpp'), join(folder, 'server.cpp'))
    run('wsdl2h', '-O2', '-o', 'wire.h', join(home, 'wsdl/oscp-1.0/CspService.wsdl'))
    run('soapcpp2', '-j', '-S', '-x', '-I/usr/share/gsoap/import', '-d.', 'wire.h')
    const sources = readdirSync(folder).filter((file) => file.endsWith('.cpp'))
    run('g++', '-std=c++17', '-w', '-O2', '-I.', '-o', 'server', ...sources, '-lgsoap++', '-lpthread')
    return join(folder, 'server')
  } catch {
    return undefined
  }
}
