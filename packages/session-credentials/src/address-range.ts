import { BlockList, isIP } from 'node:net'

/** Addresses of clients: one, or all with the same first bits. */
export interface AddressRange {
  /** True for an address in it. An IPv4 address is the same written as IPv6 (`::ffff:10.1.2.3`). */
  has(address: string): boolean
}

/** Reads `10.1.2.3`, `10.1.2.0/24`, `fd00::/8`; null: it is none of these. */
export function parseAddressRange(text: string): AddressRange | null {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const family = familyOf(address)
  if (family === null) return null
  const all = family === 'ipv4' ? 32 : 128
  const bits = slash < 0 ? String(all) : text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > all) return null
  const range = new BlockList()
  range.addSubnet(address, Number(bits), family)
  return {
    has: (other) => {
      const otherFamily = familyOf(other)
      return otherFamily !== null && range.check(other, otherFamily)
    },
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  switch (isIP(address)) {
    case 4:
      return 'ipv4'
    case 6:
      return 'ipv6'
    default:
      return null
  }
}
