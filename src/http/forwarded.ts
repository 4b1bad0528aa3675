/**
 * The address under which a caller reached us, as a trusted proxy in front says in X-Forwarded-Proto, -Host, -Port and -Prefix.
 * Limits: of several values, which a chain of proxies leaves, the first counts; one that has not the form of its kind is as none.
 */
import type { IncomingMessage } from 'node:http'
import { compileList } from './addresses.ts'

/** Gives scheme, host, port and prefix without a slash at its end; undefined when no trusted proxy says a host. */
export function compileForwarded(proxies: readonly string[]): (request: IncomingMessage) => string | undefined {
  const isTrusted = compileList(proxies)
  return (request) => {
    const said = (name: string) => [request.headers[`x-forwarded-${name}`]].flat()[0]?.split(',', 1)[0]?.trim() ?? ''
    if (!isTrusted('', request.socket.remoteAddress ?? '')) return undefined
    const [, host, port] = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(said('host')) ?? []
    if (host === undefined) return undefined
    const proto = /^https?$/i.test(said('proto')) ? said('proto').toLowerCase() : 'http'
    const named = /^\d{1,5}$/.test(said('port')) ? said('port') : port
    const suffix = named === undefined || Number(named) === defaultPorts[proto] ? '' : `:${Number(named)}`
    const prefix = /^(?:\/[A-Za-z0-9._~-]+)+\/?$/.test(said('prefix')) ? said('prefix').replace(/\/$/, '') : ''
    return `${proto}://${host}${suffix}${prefix}`
  }
}

const defaultPorts: Record<string, number> = { http: 80, https: 443 }
