/** One SOAP heartbeat of a legacy party, by hand: the least by which it shows that it is alive. */
import { expect } from 'chai'

/** `url` is the party's own address at the gateway; a DSO speaks to a CSP, a CSP to a DSO. */
export async function giveSignOfLife(url: string, role: 'dso' | 'csp'): Promise<void> {
  const service = role === 'dso' ? 'Csp' : 'Dso'
  const body = `<heartbeatRequest xmlns="urn:oscp-gateway:oscp-1.0:${service}"/>`
  const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${body}</s:Body></s:Envelope>`
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'text/xml' }, body: envelope })
  expect(await answer.text()).to.include('currentTime')
}
