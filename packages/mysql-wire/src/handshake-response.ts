import { Capability } from './capabilities.ts'
import {
  type ConnectionAttributes,
  decodeConnectionAttributes,
  encodeConnectionAttributes,
} from './connection-attributes.ts'
import type { PacketWriter } from './packet-writer.ts'
import type { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

const FILLER = 23
/** Of the filler, what stands before MariaDB's extended capabilities. */
const MARIADB_FILLER = 19
const NO_ATTRIBUTES: ConnectionAttributes = new Map()

/** Asks for TLS: the first 32 bytes of a HandshakeResponse41. Manual: "Protocol::SSLRequest". */
export interface SSLRequest {
  readonly kind: 'SSLRequest'
  /** `Capability` flags, CLIENT_SSL among them. The response that follows under TLS says them again, and counts. */
  readonly capabilities: number
  readonly maxPacketSize: number
  readonly characterSet: number
  readonly mariadbCapabilities: number
}

/** A client's answer to the handshake. Manual: "Protocol::HandshakeResponse41". */
export interface HandshakeResponse41 {
  readonly kind: 'HandshakeResponse41'
  /** `Capability` flags that the client wants. Agreed is what the server offered as well. */
  readonly capabilities: number
  /** `MariadbCapability` flags; 0 from a client that says it is MySQL's. */
  readonly mariadbCapabilities: number
  readonly maxPacketSize: number
  /** The collation of the session's texts. */
  readonly characterSet: number
  readonly username: string
  /** A view, and a secret. */
  readonly authResponse: Buffer
  /** Empty for none. */
  readonly database: string
  /** Empty without CLIENT_PLUGIN_AUTH. */
  readonly authPluginName: string
  readonly attributes: ConnectionAttributes
  /** Meant only with CLIENT_ZSTD_COMPRESSION_ALGORITHM; else 0. */
  readonly zstdCompressionLevel: number
}

/**
 * Reads what a client answers a handshake with. Throws `UNSUPPORTED` for HandshakeResponse320 and for passwords from
 * before 4.1. Bytes after the last field are ignored, as the server does.
 */
export function decodeHandshakeResponse(payload: PayloadReader): SSLRequest | HandshakeResponse41 {
  const lower = payload.int2()
  if ((lower & Capability.PROTOCOL_41) === 0) {
    throw new ProtocolError('UNSUPPORTED', 'the client speaks a protocol from before MySQL 4.1')
  }
  const capabilities = (lower | (payload.int2() << 16)) >>> 0
  const maxPacketSize = payload.int4()
  const characterSet = payload.int1()
  payload.skip(MARIADB_FILLER)
  const extended = payload.int4()
  const mariadbCapabilities = (capabilities & Capability.LONG_PASSWORD) === 0 ? extended : 0
  if (payload.remaining === 0 && (capabilities & Capability.SSL) !== 0) {
    return { kind: 'SSLRequest', capabilities, maxPacketSize, characterSet, mariadbCapabilities }
  }
  const username = payload.nulText()
  const authResponse = readAuthResponse(payload, capabilities)
  const withDatabase = (capabilities & Capability.CONNECT_WITH_DB) !== 0 && payload.remaining > 0
  const database = withDatabase ? payload.nulText() : ''
  const withPlugin = (capabilities & Capability.PLUGIN_AUTH) !== 0 && payload.remaining > 0
  const authPluginName = withPlugin ? payload.nulText() : ''
  const withAttributes = (capabilities & Capability.CONNECT_ATTRS) !== 0 && payload.remaining > 0
  const attributes = withAttributes ? decodeConnectionAttributes(payload) : NO_ATTRIBUTES
  const withLevel = (capabilities & Capability.ZSTD_COMPRESSION_ALGORITHM) !== 0 && payload.remaining > 0
  const zstdCompressionLevel = withLevel ? payload.int1() : 0
  return {
    kind: 'HandshakeResponse41',
    capabilities,
    mariadbCapabilities,
    maxPacketSize,
    characterSet,
    username,
    authResponse,
    database,
    authPluginName,
    attributes,
    zstdCompressionLevel,
  }
}

/** Writes a request for TLS as one payload; sets CLIENT_SSL. */
export function encodeSSLRequest(request: SSLRequest, writer: PacketWriter): void {
  writeHead({ ...request, capabilities: (request.capabilities | Capability.SSL) >>> 0 }, writer)
  writer.end()
}

/**
 * Writes a HandshakeResponse41 as one payload. CLIENT_CONNECT_WITH_DB is set or cleared to agree with `database`. Throws
 * a RangeError for an auth response over 255 bytes without CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA.
 */
export function encodeHandshakeResponse(response: HandshakeResponse41, writer: PacketWriter): void {
  const { authResponse, database } = response
  const withDatabase = Capability.CONNECT_WITH_DB
  const capabilities =
    (database === '' ? response.capabilities & ~withDatabase : response.capabilities | withDatabase) >>> 0
  const lenenc = (capabilities & Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA) !== 0
  if (!lenenc && authResponse.length > 255) throw new RangeError('the auth response does not fit its one-byte length')
  writeHead({ ...response, capabilities }, writer)
  writer.nulText(response.username)
  if (lenenc) writer.lenencBytes(authResponse)
  else writer.int1(authResponse.length).bytes(authResponse)
  if (database !== '') writer.nulText(database)
  if ((capabilities & Capability.PLUGIN_AUTH) !== 0) writer.nulText(response.authPluginName)
  if ((capabilities & Capability.CONNECT_ATTRS) !== 0) encodeConnectionAttributes(response.attributes, writer)
  if ((capabilities & Capability.ZSTD_COMPRESSION_ALGORITHM) !== 0) writer.int1(response.zstdCompressionLevel)
  writer.end()
}

function writeHead(head: Omit<SSLRequest, 'kind'>, writer: PacketWriter): void {
  writer.begin().int4(head.capabilities).int4(head.maxPacketSize).int1(head.characterSet)
  if ((head.capabilities & Capability.LONG_PASSWORD) === 0) writer.zeros(MARIADB_FILLER).int4(head.mariadbCapabilities)
  else writer.zeros(FILLER)
}

function readAuthResponse(payload: PayloadReader, capabilities: number): Buffer {
  if ((capabilities & Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA) !== 0) return payload.lenencBytes()
  if ((capabilities & Capability.SECURE_CONNECTION) !== 0) return payload.bytes(payload.int1())
  throw new ProtocolError('UNSUPPORTED', 'the client wants to send a password as before MySQL 4.1')
}
