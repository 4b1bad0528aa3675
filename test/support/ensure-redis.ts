// Finds redis-server, installs it as root on Debian, or says in one line how to get it and fails.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const runs = (command: string, args: string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

if (!runs('redis-server', ['--version'])) {
  const debianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version')
  if (debianRoot) {
    console.log('redis-server is missing: installing it with apt-get')
    runs('apt-get', ['update'])
    runs('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'])
  }
  if (!runs('redis-server', ['--version'])) {
    console.error(
      'The tests need redis-server: install it (Debian: apt-get install redis-server; macOS: brew install redis).',
    )
    process.exit(1)
  }
}
