import type { ProxyHeaderReading } from './header-reading.ts'
import { readVersion1 } from './version-1.ts'
import { readVersion2, SIGNATURE } from './version-2.ts'

/** How the header of version 1 begins. */
const PREFIX = Buffer.from('PROXY ')

/**
 * Reads the header of the PROXY protocol, version 1 or 2, from all bytes of a connection so far, of which it wants no more than 4 KiB. Throws
 * `ProxyProtocolError` for bytes that begin as one and do not become one.
 * @see https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt
 */
export function readProxyHeader(bytes: Buffer): ProxyHeaderReading {
  if (begins(bytes, SIGNATURE)) return readVersion2(bytes)
  if (begins(bytes, PREFIX)) return readVersion1(bytes)
  return { kind: 'absent' }
}

/** True where the bytes, as far as there are any, are the beginning. */
function begins(bytes: Buffer, beginning: Buffer): boolean {
  const length = Math.min(bytes.length, beginning.length)
  return bytes.compare(beginning, 0, length, 0, length) === 0
}
