import { addressOf } from './address.ts'
import type { ProxyHeaderReading } from './header-reading.ts'
import { ProxyProtocolError } from './proxy-protocol-error.ts'

/** With CR and LF; section 2.1 has the longest line. */
const MAX_LINE_BYTES = 107

const LINE = /^PROXY (TCP4|TCP6) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/
const MAX_PORT = 65_535

/** Reads the line of version 1, the beginning of which the bytes are, as far as there are any. Section 2.1. */
export function readVersion1(bytes: Buffer): ProxyHeaderReading {
  const end = bytes.subarray(0, MAX_LINE_BYTES).indexOf('\r\n')
  if (end < 0) {
    if (bytes.length < MAX_LINE_BYTES) return { kind: 'incomplete' }
    throw new ProxyProtocolError('TOO_LONG', `the PROXY line does not end within ${String(MAX_LINE_BYTES)} bytes`)
  }
  const line = bytes.toString('latin1', 0, end)
  const length = end + 2
  // The rest of such a line is not to be looked at.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { kind: 'header', header: { kind: 'own' }, length }
  const [, protocol, source = '', destination = '', sourcePort = '', destinationPort = ''] = LINE.exec(line) ?? []
  const family = protocol === 'TCP6' ? 'ipv6' : 'ipv4'
  const address = addressOf(source, family)
  const ports = [Number(sourcePort), Number(destinationPort)]
  if (
    protocol === undefined ||
    address === null ||
    addressOf(destination, family) === null ||
    ports.some((port) => port > MAX_PORT)
  )
    throw new ProxyProtocolError('MALFORMED', 'the PROXY line is not one of TCP4, TCP6 or UNKNOWN')
  return { kind: 'header', header: { kind: 'client', address, port: Number(sourcePort) }, length }
}
