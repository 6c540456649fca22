import { PacketWriter } from './packet-writer.ts'
import { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

/** What a client plugin of today can do; MySQL 9's client sends 1. */
const CAPABILITY = 1

/**
 * Reads what authentication_openid_connect_client sends: int<1> capability, then the token as string<lenenc>. The token
 * is a view, and a secret. Throws `BAD_VALUE` when there is none.
 */
export function decodeOpenIdConnect(data: Buffer): Buffer {
  const reader = new PayloadReader(data)
  if (reader.int1() !== CAPABILITY)
    throw new ProtocolError('BAD_VALUE', 'an OpenID Connect response of an unknown kind')
  const token = reader.lenencBytes()
  reader.end()
  if (token.length === 0) throw new ProtocolError('BAD_VALUE', 'an OpenID Connect response without a token')
  return token
}

/** Makes what authentication_openid_connect_client sends. */
export function encodeOpenIdConnect(token: Buffer): Buffer {
  const writer = new PacketWriter(token.length + 16)
  return Buffer.from(writer.begin().int1(CAPABILITY).lenencBytes(token).end().written().subarray(4))
}
