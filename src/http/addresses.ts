/**
 * Says which network addresses may be called for a peer: the public internet, and what the operator has allowed for it.
 * This is the one file that imports ipaddr.js.
 * Limits: it judges one address at a time, as it is connected to; a name is only looked at where the operator allowed that name.
 */
import ipaddr from 'ipaddr.js'

/** Global unicast. What lies outside it (mapped and translated IPv4, unique-local, link-local …) is not the public internet. */
const publicIpv6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Says whether `address`, to which the name `host` led, may be called. Ranges and names are as in `allowAddresses`. */
export function compileReach(allowed: readonly string[]): (host: string, address: string) => boolean {
  const isListed = compileList(allowed)
  return (host, address) => (ipaddr.isValid(address) && isPublic(ipaddr.process(address))) || isListed(host, address)
}

/** Says whether this host, by its name or by its address, is on a list of ranges, addresses and names. */
export function compileList(allowed: readonly string[]): (host: string, address: string) => boolean {
  const names = new Set<string>()
  const ranges: ReturnType<typeof ipaddr.parseCIDR>[] = []
  for (const entry of allowed) {
    if (ipaddr.isValidCIDR(entry)) ranges.push(ipaddr.parseCIDR(entry))
    else if (isAddress(entry)) {
      const address = ipaddr.process(entry)
      ranges.push([address, address.kind() === 'ipv4' ? 32 : 128])
    } else names.add(entry.toLowerCase())
  }
  return (host, text) => {
    if (names.has(host.toLowerCase().replace(/\.$/, ''))) return true
    if (!ipaddr.isValid(text)) return false
    // An IPv4 address in the clothes of IPv6 is judged as what it is.
    const address = ipaddr.process(text)
    return ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits))
  }
}

/** Whether this is an address and not a name. URL parsing has already made 127.0.0.1 of 2130706433 and 0x7f.1. */
export function isAddress(host: string): boolean {
  return ipaddr.IPv6.isValid(host) || ipaddr.IPv4.isValidFourPartDecimal(host)
}

/** What counts as one caller: an IPv4 address, or the 64 bits of an IPv6 network that one host may use all addresses of. */
export function originOf(text: string): string {
  if (!ipaddr.isValid(text)) return text
  const address = ipaddr.process(text)
  if (address.kind() === 'ipv4') return address.toString()
  return `${(address as ipaddr.IPv6).parts.slice(0, 4).join(':')}/64`
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4' || address.match(publicIpv6)
}
