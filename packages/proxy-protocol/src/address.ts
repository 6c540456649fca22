import { isIPv4, isIPv6, SocketAddress } from 'node:net'

/** An address as the system writes it; IPv4 in IPv6 (`::ffff:10.1.2.3`) as IPv4. Null: it is none of this family. */
export function addressOf(text: string, family: 'ipv4' | 'ipv6'): string | null {
  if (family === 'ipv4') return isIPv4(text) ? text : null
  // With a zone it means something to one host alone.
  if (!isIPv6(text) || text.includes('%')) return null
  const { address } = new SocketAddress({ address: text, family })
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  return mapped ?? address
}
