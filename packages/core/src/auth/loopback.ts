import { BlockList, isIP } from 'node:net'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Whether `host` can only be this machine: 127.0.0.0/8, `::1` (in brackets or not), or the name `localhost`
 * (RFC 6761 section 6.3). Any other name is not, whatever it resolves to.
 */
export function isLoopbackHost(host: string): boolean {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  // A zone (`::1%eth0`) names an interface, and may be any.
  if (bare.includes('%')) return false
  switch (isIP(bare)) {
    case 4:
      return LOOPBACK.check(bare, 'ipv4')
    case 6:
      return LOOPBACK.check(bare, 'ipv6')
    default:
      return bare.toLowerCase() === 'localhost'
  }
}
