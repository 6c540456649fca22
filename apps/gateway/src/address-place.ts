import { isIPv4, isIPv6, SocketAddress } from 'node:net'

/** An address as it is counted, and its neighbourhood. Of IPv6 a customer has 2^64 addresses at least: they count as one. */
export function placeOf(address: string): { readonly own: string; readonly near: string } {
  const four = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  if (isIPv4(four)) return { own: four, near: four.slice(0, four.lastIndexOf('.')) }
  if (!isIPv6(address)) return { own: address, near: address }
  const groups = groupsOf(address)
  return { own: groups.slice(0, 4).join(':'), near: groups.slice(0, 3).join(':') }
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly string[] {
  const plain = new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' }).address
  const [head = '', tail] = plain.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
}
