import { Capability } from './capabilities.ts'
import { Command } from './command-kind.ts'
import {
  type ConnectionAttributes,
  decodeConnectionAttributes,
  encodeConnectionAttributes,
} from './connection-attributes.ts'
import type { PacketWriter } from './packet-writer.ts'
import type { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

const NO_ATTRIBUTES: ConnectionAttributes = new Map()

/** A new login on the same connection; the session begins anew. Manual: "COM_CHANGE_USER". */
export interface ChangeUser {
  readonly kind: 'COM_CHANGE_USER'
  readonly username: string
  /** Made with the scramble of the handshake, unless a switch asks again. A view, and a secret. At most 255 bytes. */
  readonly authResponse: Buffer
  /** Empty for none. */
  readonly database: string
  /** The collation of the session's texts, 16 bits here; 0 when the client left it out. */
  readonly characterSet: number
  /** Empty when left out. */
  readonly authPluginName: string
  readonly attributes: ConnectionAttributes
}

/** Reads COM_CHANGE_USER. `capabilities`: what both sides agreed on. */
export function decodeChangeUser(payload: PayloadReader, capabilities: number): ChangeUser {
  if (payload.int1() !== Command.CHANGE_USER) throw new ProtocolError('UNEXPECTED_PACKET', 'not COM_CHANGE_USER')
  const username = payload.nulText()
  if ((capabilities & Capability.SECURE_CONNECTION) === 0) {
    throw new ProtocolError('UNSUPPORTED', 'the client wants to send a password as before MySQL 4.1')
  }
  const authResponse = payload.bytes(payload.int1())
  const database = payload.nulText()
  const characterSet = payload.remaining > 0 ? payload.int2() : 0
  const withPlugin = (capabilities & Capability.PLUGIN_AUTH) !== 0 && payload.remaining > 0
  const authPluginName = withPlugin ? payload.nulText() : ''
  const withAttributes = (capabilities & Capability.CONNECT_ATTRS) !== 0 && payload.remaining > 0
  const attributes = withAttributes ? decodeConnectionAttributes(payload) : NO_ATTRIBUTES
  return { kind: 'COM_CHANGE_USER', username, authResponse, database, characterSet, authPluginName, attributes }
}

/** Writes COM_CHANGE_USER as one payload with sequence id 0. Throws a RangeError for an auth response over 255 bytes. */
export function encodeChangeUser(message: ChangeUser, capabilities: number, writer: PacketWriter): void {
  if (message.authResponse.length > 255) throw new RangeError('the auth response does not fit its one-byte length')
  writer.begin(0).int1(Command.CHANGE_USER).nulText(message.username)
  writer.int1(message.authResponse.length).bytes(message.authResponse)
  writer.nulText(message.database).int2(message.characterSet)
  if ((capabilities & Capability.PLUGIN_AUTH) !== 0) writer.nulText(message.authPluginName)
  if ((capabilities & Capability.CONNECT_ATTRS) !== 0) encodeConnectionAttributes(message.attributes, writer)
  writer.end()
}
