import { Capability } from './capabilities.ts'
import { decodeErr, type ErrPacket, ResponseHeader } from './generic-response.ts'
import type { PacketWriter } from './packet-writer.ts'
import type { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

const PROTOCOL_VERSION = 10
const FIRST_PART = 8
/** The second part of the scramble has at least this many bytes, its NUL among them. */
const SECOND_PART = 13
const RESERVED = 10
/** Of the reserved bytes, those before MariaDB's extended capabilities. */
const MARIADB_RESERVED = 6
/** A scramble, without its NUL. */
export const SCRAMBLE_BYTES = 20

/** What a server opens a connection with. Manual: "Protocol::HandshakeV10". */
export interface HandshakeV10 {
  readonly kind: 'HandshakeV10'
  readonly serverVersion: string
  /** The connection's id, for KILL. */
  readonly threadId: number
  /** The scramble: 20 bytes, without the NUL that ends them. */
  readonly authPluginData: Buffer
  /** `Capability` flags that the server offers. */
  readonly capabilities: number
  /** `MariadbCapability` flags; 0 from a MySQL server. Sent only without `Capability.LONG_PASSWORD`. */
  readonly mariadbCapabilities: number
  /** The server's default collation. */
  readonly characterSet: number
  readonly statusFlags: number
  /** Empty without CLIENT_PLUGIN_AUTH. */
  readonly authPluginName: string
}

/**
 * Reads what a server opens with: a handshake, or at once an error (too many connections, a blocked host). Throws
 * `UNSUPPORTED` for protocol 9 and for servers before 4.1.
 */
export function decodeHandshake(payload: PayloadReader): HandshakeV10 | ErrPacket {
  if (payload.peek() === ResponseHeader.ERR) return decodeErr(payload)
  const version = payload.int1()
  if (version !== PROTOCOL_VERSION) throw new ProtocolError('UNSUPPORTED', `protocol version ${version}; 10 is needed`)
  const serverVersion = payload.nulText()
  const threadId = payload.int4()
  const firstPart = payload.bytes(FIRST_PART)
  payload.skip(1)
  const lower = payload.int2()
  if ((lower & Capability.PROTOCOL_41) === 0 || (lower & Capability.SECURE_CONNECTION) === 0) {
    throw new ProtocolError('UNSUPPORTED', 'the server speaks a protocol from before MySQL 4.1')
  }
  const characterSet = payload.int1()
  const statusFlags = payload.int2()
  const capabilities = (lower | (payload.int2() << 16)) >>> 0
  const dataLength = payload.int1()
  payload.skip(MARIADB_RESERVED)
  const extended = payload.int4()
  const mariadbCapabilities = (capabilities & Capability.LONG_PASSWORD) === 0 ? extended : 0
  const secondPart = payload.bytes(Math.max(SECOND_PART, dataLength - FIRST_PART))
  const authPluginData = Buffer.concat([firstPart, secondPart]).subarray(0, SCRAMBLE_BYTES)
  const named = (capabilities & Capability.PLUGIN_AUTH) !== 0
  const authPluginName = named ? readPluginName(payload) : ''
  return {
    kind: 'HandshakeV10',
    serverVersion,
    threadId,
    authPluginData,
    capabilities,
    mariadbCapabilities,
    characterSet,
    statusFlags,
    authPluginName,
  }
}

/** Writes a handshake as one payload. Throws a RangeError for a scramble that is not 20 printable bytes. */
export function encodeHandshake(handshake: HandshakeV10, writer: PacketWriter): void {
  const { authPluginData, capabilities } = handshake
  if (authPluginData.length !== SCRAMBLE_BYTES || !authPluginData.every(isScrambleByte)) {
    throw new RangeError('a scramble is 20 bytes of printable ASCII')
  }
  writer.begin().int1(PROTOCOL_VERSION).nulText(handshake.serverVersion).int4(handshake.threadId)
  writer
    .bytes(authPluginData, 0, FIRST_PART)
    .int1(0)
    .int2(capabilities & 0xffff)
  writer
    .int1(handshake.characterSet)
    .int2(handshake.statusFlags)
    .int2(capabilities >>> 16)
  writer.int1((capabilities & Capability.PLUGIN_AUTH) === 0 ? 0 : SCRAMBLE_BYTES + 1)
  if ((capabilities & Capability.LONG_PASSWORD) === 0)
    writer.zeros(MARIADB_RESERVED).int4(handshake.mariadbCapabilities)
  else writer.zeros(RESERVED)
  writer.bytes(authPluginData, FIRST_PART, SCRAMBLE_BYTES).int1(0)
  if ((capabilities & Capability.PLUGIN_AUTH) !== 0) writer.nulText(handshake.authPluginName)
  writer.end()
}

/** Random bytes that `makeScramble` needs. */
export const SCRAMBLE_RANDOM_BYTES = 40

/**
 * A scramble of printable ASCII (some drivers take it for text, and a NUL would end it; `$` is kept free as the server
 * does), from 40 random bytes. Throws a RangeError when they are fewer.
 */
export function makeScramble(random: Buffer): Buffer {
  const scramble = Buffer.alloc(SCRAMBLE_BYTES)
  for (let index = 0; index < SCRAMBLE_BYTES; index++) {
    const byte = 0x21 + (random.readUInt16LE(2 * index) % 93)
    scramble[index] = byte >= 0x24 ? byte + 1 : byte
  }
  return scramble
}

function isScrambleByte(byte: number): boolean {
  return byte >= 0x21 && byte <= 0x7e
}

/** Some servers of 5.5 send the name without its NUL (MySQL bug 59453). */
function readPluginName(payload: PayloadReader): string {
  const bytes = payload.rest()
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end === -1 ? bytes.length : end)
}
