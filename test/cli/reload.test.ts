/** A gateway that is told to read its certificates again does so and goes on. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { authority, testFolder } from '../support/certificates.ts'
import { root } from '../support/command.ts'
import { eventually } from '../support/gateway.ts'
import { serialShown } from '../support/https.ts'

describe('oscp-gateway start', () => {
  it('reads certificates again on SIGHUP, and ends on SIGTERM', async () => {
    const own = authority()
    const [first, second] = [own.issue(), own.issue()]
    const folder = testFolder()
    const [certFile, keyFile] = [join(folder, 'crt'), join(folder, 'key')]
    const place = (issued: typeof first) => {
      copyFileSync(issued.certFile, certFile)
      copyFileSync(issued.keyFile, keyFile)
    }
    place(first)
    const config = {
      listen: { soap: '127.0.0.1:0', rest: '127.0.0.1:0', admin: '127.0.0.1:0', soapTls: { certFile, keyFile } },
      peers: { dso: { role: 'dso' }, cpo: { role: 'fp', url: 'http://127.0.0.1:9/', token: 'x' } },
      links: { link: { legacy: 'dso', modern: 'cpo' } },
      drain: { delay: '0ms' },
    }
    writeFileSync(join(folder, 'gateway.yaml'), JSON.stringify(config))
    const command = [
      '--import',
      'tsx',
      '--conditions=source',
      'src/cli/main.ts',
      'start',
      '-c',
      join(folder, 'gateway.yaml'),
    ]
    const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    const late = setTimeout(() => child.kill('SIGKILL'), 30_000)
    const ended = once(child, 'exit')
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += String(chunk)
    })
    try {
      const port = await eventually('the address', () => /"soap":"https:\/\/127\.0\.0\.1:(\d+)"/.exec(out)?.[1], 20_000)
      expect(await serialShown(Number(port), own.ca)).to.equal(first.serial)
      place(second)
      child.kill('SIGHUP')
      await eventually('the answer to the signal', () =>
        out.includes('reading the configuration again, and certificates'),
      )
      await eventually('the new one', async () => (await serialShown(Number(port), own.ca)) === second.serial)
    } finally {
      child.kill('SIGTERM')
      const [code] = await ended
      clearTimeout(late)
      expect(code).to.equal(0)
    }
  })
})
