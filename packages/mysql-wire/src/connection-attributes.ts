import type { PacketWriter } from './packet-writer.ts'
import type { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'
import { sizeOf } from './session-state.ts'

/** The server's own limit for all of them together, bytes. */
const MOST_ATTRIBUTE_BYTES = 65_536
const MOST_ATTRIBUTES = 512

/**
 * What a client says about itself, in the order sent: `_client_name`, `_client_version`, `program_name` and so on.
 * Unproven, and only worth recording. What is not UTF-8 becomes U+FFFD.
 */
export type ConnectionAttributes = ReadonlyMap<string, string>

/** Reads them with the length before them. Of a name sent twice the last value counts. */
export function decodeConnectionAttributes(payload: PayloadReader): ConnectionAttributes {
  const length = payload.lenencInt()
  if (length > MOST_ATTRIBUTE_BYTES) throw new ProtocolError('TOO_MANY', `${length} bytes of connection attributes`)
  const left = payload.remaining - length
  if (left < 0) throw new ProtocolError('SHORT_READ', 'the connection attributes end before their length')
  const attributes = new Map<string, string>()
  while (payload.remaining > left) {
    const name = payload.reportText(payload.lenencInt())
    attributes.set(name, payload.reportText(payload.lenencInt()))
    if (attributes.size > MOST_ATTRIBUTES) throw new ProtocolError('TOO_MANY', 'connection attributes')
  }
  if (payload.remaining !== left) throw new ProtocolError('BAD_VALUE', 'the connection attributes overrun their length')
  return attributes
}

/** Writes them with the length before them. */
export function encodeConnectionAttributes(attributes: ConnectionAttributes, writer: PacketWriter): void {
  let length = 0
  for (const [name, value] of attributes) length += sizeOf(name) + sizeOf(value)
  writer.lenencInt(length)
  for (const [name, value] of attributes) writer.lenencText(name).lenencText(value)
}
