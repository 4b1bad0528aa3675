/** What a proxy says of the address a caller used counts if the proxy is trusted, and only in the form it must have. */
import type { IncomingMessage } from 'node:http'
import { expect } from 'chai'
import { compileForwarded } from '../../src/http/forwarded.ts'

const request = (remoteAddress: string, headers: Record<string, string>) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage
const from = (headers: Record<string, string>, proxy = '10.1.2.3') =>
  compileForwarded(['10.0.0.0/8', 'fd00::1'])(request(proxy, headers))
const host = { 'x-forwarded-host': 'oscp.example.org' }
const secure = { ...host, 'x-forwarded-proto': 'https' }

describe('What a proxy forwards', () => {
  for (const [title, headers, expected] of [
    ['a host', host, 'http://oscp.example.org'],
    ['a scheme', secure, 'https://oscp.example.org'],
    ['a scheme in capitals', { ...host, 'x-forwarded-proto': 'HTTPS' }, 'https://oscp.example.org'],
    ['a host with its port', { ...secure, 'x-forwarded-host': 'a.example:8443' }, 'https://a.example:8443'],
    ['a port', { ...secure, 'x-forwarded-port': '8443' }, 'https://oscp.example.org:8443'],
    ['a port that contradicts the host', { 'x-forwarded-host': 'a:1', 'x-forwarded-port': '2' }, 'http://a:2'],
    ['the usual port', { ...secure, 'x-forwarded-port': '443' }, 'https://oscp.example.org'],
    ['an IPv6 host', { 'x-forwarded-host': '[fd00::7]:8080' }, 'http://[fd00::7]:8080'],
    ['a prefix', { ...secure, 'x-forwarded-prefix': '/grid/v1/' }, 'https://oscp.example.org/grid/v1'],
    ['a chain', { 'x-forwarded-host': 'a, b', 'x-forwarded-proto': 'https, http' }, 'https://a'],
    ['a scheme that is none', { ...host, 'x-forwarded-proto': 'javascript' }, 'http://oscp.example.org'],
    ['a port that is none', { ...host, 'x-forwarded-port': '80"/>' }, 'http://oscp.example.org'],
    ['a prefix that is none', { ...host, 'x-forwarded-prefix': '/a?b=<c>' }, 'http://oscp.example.org'],
  ] as const)
    it(`with ${title} makes ${expected}`, () => {
      expect(from(headers)).to.equal(expected)
    })

  for (const bad of ['', 'a b', 'a/b', 'user@a', '"><x', 'a:b', 'a:123456'])
    it(`counts for nothing with the host ${JSON.stringify(bad)}`, () => {
      expect(from({ 'x-forwarded-host': bad, 'x-forwarded-proto': 'https' })).to.equal(undefined)
    })

  it('counts for nothing from anybody who is not trusted', () => {
    for (const stranger of ['11.1.2.3', '192.168.0.1', 'fd00::2', ''])
      expect(from(secure, stranger)).to.equal(undefined)
    expect(compileForwarded([])(request('127.0.0.1', secure))).to.equal(undefined)
    expect(from(secure, '::ffff:10.1.2.3')).to.equal('https://oscp.example.org')
    expect(from(secure, 'fd00::1')).to.equal('https://oscp.example.org')
  })
})
