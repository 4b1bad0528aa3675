// Finds the programs that the tests start, installs them as root on Debian, or says in one line how to get them and fails.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

// Command: Debian package.
const programs = { 'redis-server': 'redis-server', python3: 'python3', openssl: 'openssl', chromium: 'chromium' }

const runs = (command: string, args: string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const missing = (): string[] =>
  Object.keys(programs).filter((command) => !runs(command, [command === 'openssl' ? 'version' : '--version']))

const debianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version')
const wanted = missing().map((command) => programs[command as keyof typeof programs])
if (wanted.length > 0 && debianRoot) {
  console.log(`installing ${wanted.join(' and ')} with apt-get`)
  runs('apt-get', ['update'])
  runs('apt-get', ['install', '-y', '--no-install-recommends', ...wanted])
}
if (missing().length > 0) {
  console.error(
    `The tests need ${missing().join(' and ')}: install with apt-get (Debian) or brew (macOS), then run them again.`,
  )
  process.exit(1)
}
