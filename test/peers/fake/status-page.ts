/** What a fake holds and what it last sent and got, on a small page of its own: HTML for people, JSON for who asks for it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Fake, Line } from './fake.ts'

export interface StatusPage {
  readonly url: string
  stop(): Promise<void>
}

export async function startStatusPage(
  { host, port }: { readonly host: string; readonly port: number },
  fake: Fake,
  lines: readonly Line[],
): Promise<StatusPage> {
  const server = createServer(({ method, url, headers }, response) => {
    const isFound = url === '/' && (method === 'GET' || method === 'HEAD')
    const { role, url: address } = fake
    const state = { role, url: address, problems: fake.problems(), holds: fake.holds(), lines }
    const asJson = /application\/json/.test(headers.accept ?? '')
    response.writeHead(isFound ? 200 : 404, {
      'content-type': asJson ? 'application/json' : 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'cache-control': 'no-store',
    })
    response.end(!isFound ? undefined : asJson ? JSON.stringify(state) : page(state))
  })
  await once(server.listen(port, host), 'listening')
  const { port: chosen } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${chosen}/`,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function page({
  role,
  url,
  holds,
  lines,
}: Pick<Fake, 'role' | 'url'> & { holds: ReturnType<Fake['holds']>; lines: readonly Line[] }): string {
  const row = (cells: readonly string[]) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`
  const held = holds.map(({ about, limit }) => row([about, limit])).join('')
  const told = [...lines]
    .reverse()
    .map(({ at, direction, message, about, answer }) =>
      row([new Date(at).toISOString().slice(11, 19), direction, message, about, answer]),
    )
    .join('')
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>fake ${role}</title>` +
    '<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}td{padding:.1rem .8rem .1rem 0}</style>' +
    `<h1>Fake ${role}</h1><p>${escaped(url === undefined ? 'It only calls.' : `It is called at ${url}`)}</p>` +
    `<h2>What holds now</h2><table>${held || '<tr><td>nothing</td></tr>'}</table><h2>Messages, the newest first</h2><table>${told}</table></html>`
  )
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)
}
