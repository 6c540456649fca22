import { addressOf } from './address.ts'
import { crc32c } from './crc32c.ts'
import type { ProxyHeader, ProxyHeaderReading } from './header-reading.ts'
import { ProxyProtocolError } from './proxy-protocol-error.ts'

/** How the header of version 2 begins. Section 2.2. */
export const SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** Signature, version and command, family and protocol, length of the rest. */
const FIXED_BYTES = 16

/** Of what follows the fixed part. Addresses take 216 at most; the rest is for TLVs, of which a certificate is the longest. */
const MAX_REST_BYTES = 4080

const VERSION = 2
const COMMAND_LOCAL = 0
const COMMAND_PROXY = 1

/** Family and transport protocol, and the bytes that both addresses with ports take. */
const UNSPEC = 0x00
const TCP4 = { byte: 0x11, bytes: 12 } as const
const TCP6 = { byte: 0x21, bytes: 36 } as const
const UNIX_STREAM = { byte: 0x31, bytes: 216 } as const

/** PP2_TYPE_CRC32C: 4 bytes over the whole header, with these 4 as zeros. Section 2.2.3. */
const TYPE_CRC32C = 0x03

/** Reads the header of version 2, the beginning of which the bytes are, as far as there are any. */
export function readVersion2(bytes: Buffer): ProxyHeaderReading {
  if (bytes.length < FIXED_BYTES) return { kind: 'incomplete' }
  const versionAndCommand = bytes.readUInt8(12)
  if (versionAndCommand >> 4 !== VERSION) throw malformed('its version is not 2')
  const rest = bytes.readUInt16BE(14)
  if (rest > MAX_REST_BYTES)
    throw new ProxyProtocolError('TOO_LONG', `the PROXY header has more than ${String(MAX_REST_BYTES)} bytes`)
  const length = FIXED_BYTES + rest
  if (bytes.length < length) return { kind: 'incomplete' }
  const whole = bytes.subarray(0, length)
  switch (versionAndCommand & 0x0f) {
    case COMMAND_LOCAL:
      return { kind: 'header', header: { kind: 'own' }, length }
    case COMMAND_PROXY:
      return { kind: 'header', header: clientIn(whole), length }
    default:
      throw malformed('its command is neither LOCAL nor PROXY')
  }
}

function clientIn(whole: Buffer): ProxyHeader {
  switch (whole.readUInt8(13)) {
    case UNSPEC:
      return { kind: 'own' }
    case TCP4.byte:
      checkTypeLengthValues(whole, FIXED_BYTES + TCP4.bytes)
      return { kind: 'client', address: [...whole.subarray(16, 20)].join('.'), port: whole.readUInt16BE(24) }
    case TCP6.byte:
      checkTypeLengthValues(whole, FIXED_BYTES + TCP6.bytes)
      return { kind: 'client', address: addressOfBytes(whole.subarray(16, 32)), port: whole.readUInt16BE(48) }
    case UNIX_STREAM.byte:
      checkTypeLengthValues(whole, FIXED_BYTES + UNIX_STREAM.bytes)
      return { kind: 'own' }
    default:
      throw malformed('its family and protocol are none that a TCP connection has')
  }
}

function addressOfBytes(sixteen: Buffer): string {
  const groups = sixteen.toString('hex').match(/.{4}/g) ?? []
  const address = addressOf(groups.join(':'), 'ipv6')
  if (address === null) throw malformed('its address is none')
  return address
}

/** They must fill what is left from `start` on. The checksum among them, where there is one, must be right. */
function checkTypeLengthValues(whole: Buffer, start: number): void {
  if (start > whole.length) throw malformed('it ends within its addresses')
  let checksumAt: number | null = null
  let at = start
  while (at < whole.length) {
    const value = at + 3
    if (value > whole.length) throw malformed('it ends within a TLV')
    const next = value + whole.readUInt16BE(at + 1)
    if (next > whole.length) throw malformed('it ends within a TLV')
    if (whole.readUInt8(at) === TYPE_CRC32C) {
      if (checksumAt !== null || next - value !== 4) throw malformed('its checksum is there twice, or has not 4 bytes')
      checksumAt = value
    }
    at = next
  }
  if (checksumAt === null) return
  const zeroed = Buffer.from(whole)
  zeroed.writeUInt32BE(0, checksumAt)
  if (crc32c(zeroed) !== whole.readUInt32BE(checksumAt))
    throw new ProxyProtocolError('CHECKSUM', 'the checksum of the PROXY header is not right')
}

function malformed(what: string): ProxyProtocolError {
  return new ProxyProtocolError('MALFORMED', `the PROXY header is malformed: ${what}`)
}
