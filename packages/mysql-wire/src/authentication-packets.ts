import { decodeErr, decodeOk, type ErrPacket, type OkPacket, ResponseHeader } from './generic-response.ts'
import type { PacketWriter } from './packet-writer.ts'
import type { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

const AUTH_MORE_DATA = 0x01
const AUTH_NEXT_FACTOR = 0x02
const AUTH_SWITCH = 0xfe

/** The server wants another plugin. Manual: "Protocol::AuthSwitchRequest". */
export interface AuthSwitchRequest {
  readonly kind: 'AuthSwitchRequest'
  readonly pluginName: string
  /** As sent: a scramble has a NUL behind it. */
  readonly pluginData: Buffer
}

/** What a plugin on the server says to its twin in the client. Manual: "Protocol::AuthMoreData". */
export interface AuthMoreData {
  readonly kind: 'AuthMoreData'
  readonly data: Buffer
}

/** A factor was accepted, and another one is wanted. Manual: "Protocol::AuthNextFactor". */
export interface AuthNextFactor {
  readonly kind: 'AuthNextFactor'
  readonly pluginName: string
  readonly pluginData: Buffer
}

/** What a server says during authentication, the last two of which end it. */
export type AuthenticationPacket = AuthSwitchRequest | AuthMoreData | AuthNextFactor | OkPacket | ErrPacket

/**
 * Reads a server's packet during authentication. `capabilities`: what both sides agreed on. Data are views. Throws
 * `UNSUPPORTED` for the switch to passwords from before 4.1.
 */
export function decodeAuthenticationPacket(payload: PayloadReader, capabilities: number): AuthenticationPacket {
  switch (payload.peek()) {
    case ResponseHeader.OK:
      return decodeOk(payload, capabilities)
    case ResponseHeader.ERR:
      return decodeErr(payload)
    case AUTH_MORE_DATA:
      payload.skip(1)
      return { kind: 'AuthMoreData', data: payload.rest() }
    case AUTH_NEXT_FACTOR:
      payload.skip(1)
      return { kind: 'AuthNextFactor', pluginName: payload.nulText(), pluginData: payload.rest() }
    case AUTH_SWITCH:
      payload.skip(1)
      if (payload.remaining === 0) {
        throw new ProtocolError('UNSUPPORTED', 'the server asks for a password as before MySQL 4.1')
      }
      return { kind: 'AuthSwitchRequest', pluginName: payload.nulText(), pluginData: payload.rest() }
    default:
      // MariaDB marks a plugin's data only where it could be taken for another packet.
      return { kind: 'AuthMoreData', data: payload.rest() }
  }
}

/** Writes a server's packet of authentication, other than OK and ERR, as one payload. */
export function encodeAuthenticationPacket(
  packet: AuthSwitchRequest | AuthMoreData | AuthNextFactor,
  writer: PacketWriter,
): void {
  writer.begin()
  switch (packet.kind) {
    case 'AuthMoreData':
      writer.int1(AUTH_MORE_DATA).bytes(packet.data)
      break
    case 'AuthNextFactor':
      writer.int1(AUTH_NEXT_FACTOR).nulText(packet.pluginName).bytes(packet.pluginData)
      break
    case 'AuthSwitchRequest':
      writer.int1(AUTH_SWITCH).nulText(packet.pluginName).bytes(packet.pluginData)
      break
    default:
      throw packet satisfies never
  }
  writer.end()
}
