/** `PGSQL_AF_INET` and `PGSQL_AF_INET6`: the same on every platform. */
const families = { 4: 2, 16: 3 } as const

/**
 * The binary form of an `inet` or `cidr` (`network_send` in PostgreSQL's network.c): family, bits, is it cidr, number of bytes,
 * bytes. Reads four decimal numbers, or IPv6 in hexadecimal groups, with or without `/bits`. Null where the text is none of them.
 */
export function parseNetwork(text: string, cidr: boolean): Buffer | null {
  const parts = /^([0-9a-f.:]{2,39})(?:\/(\d{1,3}))?$/i.exec(text)
  const address = parts?.[1]?.includes(':') === true ? parseIpv6(parts[1]) : parseIpv4(parts?.[1] ?? '')
  if (parts === null || address === null) return null
  const width = address.length * 8
  const bits = parts[2] === undefined ? width : Number(parts[2])
  if (bits > width || (cidr && hasHostBits(address, bits))) return null
  const family = address.length === 4 ? families[4] : families[16]
  return Buffer.concat([Buffer.from([family, bits, cidr ? 1 : 0, address.length]), address])
}

/** The bytes of `01:02:03:04:05:06`, or of eight such pairs; null where the text is not that. */
export function parseHardwareAddress(text: string, bytes: 6 | 8): Buffer | null {
  const pairs = text.split(':')
  return pairs.length === bytes && pairs.every((pair) => /^[0-9a-f]{2}$/i.test(pair))
    ? Buffer.from(pairs.join(''), 'hex')
    : null
}

function parseIpv4(text: string): Buffer | null {
  const numbers = text.split('.')
  const good =
    numbers.length === 4 && numbers.every((number) => /^(?:0|[1-9]\d{0,2})$/.test(number) && Number(number) < 256)
  return good ? Buffer.from(numbers.map(Number)) : null
}

function parseIpv6(text: string): Buffer | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function hasHostBits(address: Buffer, bits: number): boolean {
  return address.some((byte, index) => (byte & (0xff >> Math.min(Math.max(bits - index * 8, 0), 8))) !== 0)
}
