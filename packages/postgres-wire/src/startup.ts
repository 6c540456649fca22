import { BodyReader } from './body-reader.ts'
import type { MessageWriter } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import { BackendTag } from './tags.ts'

const SSL_REQUEST = 80_877_103 // 1234 << 16 | 5679
const GSSENC_REQUEST = 80_877_104
const CANCEL_REQUEST = 80_877_102
const MAJOR_VERSION = 3
/** Bytes of a cancel key: 4 in protocol 3.0, up to 256 from 3.2 on. */
const SHORTEST_KEY = 4
const LONGEST_KEY = 256
const MOST_OPTIONS = 1_000

/** Opens a session. `parameters` in the order sent: user, database, settings, and protocol options named `_pq_.…`. */
export interface StartupMessage {
  readonly kind: 'StartupMessage'
  /** 0 for protocol 3.0, 2 for 3.2. A server that has less answers with NegotiateProtocolVersion. */
  readonly minorVersion: number
  readonly parameters: ReadonlyMap<string, string>
}

/** Asks for TLS; answered by one byte, `S` or `N`. */
export interface SSLRequest {
  readonly kind: 'SSLRequest'
}

/** Asks for GSSAPI encryption; answered by one byte, `G` or `N`. */
export interface GSSENCRequest {
  readonly kind: 'GSSENCRequest'
}

/** Asks, on a connection of its own, to cancel what the session with this key is running. Never answered. */
export interface CancelRequest {
  readonly kind: 'CancelRequest'
  readonly processId: number
  /** 4 to 256 bytes. A secret. */
  readonly secretKey: Buffer
}

export type StartupPacket = StartupMessage | SSLRequest | GSSENCRequest | CancelRequest

/**
 * Reads a start-up packet (without its length field, as `StartupReader` gives it). Manual: "Message Formats".
 * Throws `UNKNOWN_MESSAGE` for a major version other than 3, `BAD_VALUE` for a parameter given twice (the server would
 * take the last one, another reader perhaps the first).
 */
export function decodeStartupPacket(packet: Buffer): StartupPacket {
  const body = new BodyReader(packet)
  const code = body.int32()
  switch (code) {
    case SSL_REQUEST:
      body.end()
      return { kind: 'SSLRequest' }
    case GSSENC_REQUEST:
      body.end()
      return { kind: 'GSSENCRequest' }
    case CANCEL_REQUEST:
      return { kind: 'CancelRequest', processId: body.int32(), secretKey: readKey(body) }
    default:
      if (code >> 16 !== MAJOR_VERSION) {
        throw new ProtocolError('UNKNOWN_MESSAGE', `protocol ${code >> 16}.${code & 0xffff} is not supported`)
      }
      return { kind: 'StartupMessage', minorVersion: code & 0xffff, parameters: readParameters(body) }
  }
}

export function encodeStartupPacket(message: StartupPacket, writer: MessageWriter): void {
  writer.beginUntagged()
  switch (message.kind) {
    case 'SSLRequest':
      writer.int32(SSL_REQUEST)
      break
    case 'GSSENCRequest':
      writer.int32(GSSENC_REQUEST)
      break
    case 'CancelRequest':
      checkKey(message.secretKey.length)
      writer.int32(CANCEL_REQUEST).int32(message.processId).bytes(message.secretKey)
      break
    case 'StartupMessage':
      writer.int32((MAJOR_VERSION << 16) | message.minorVersion)
      for (const [name, value] of message.parameters) {
        if (name === '') throw new ProtocolError('BAD_VALUE', 'a start-up parameter has no name')
        writer.cString(name).cString(value)
      }
      writer.byte(0)
      break
    default:
      throw message satisfies never
  }
  writer.end()
}

/** The server does not have the minor version or some protocol options that the client asked for. */
export interface NegotiateProtocolVersion {
  readonly kind: 'NegotiateProtocolVersion'
  /** As sent: PostgreSQL sends the whole version (major << 16 | minor), not the minor alone as the manual says. */
  readonly newestVersion: number
  readonly unknownOptions: readonly string[]
}

export function decodeNegotiateProtocolVersion(body: BodyReader): NegotiateProtocolVersion {
  const newestVersion = body.int32()
  const count = body.int32()
  if (count < 0 || count > MOST_OPTIONS) throw new ProtocolError('TOO_MANY', `${count} protocol options`)
  const unknownOptions: string[] = []
  for (let left = count; left > 0; left--) unknownOptions.push(body.cString())
  body.end()
  return { kind: 'NegotiateProtocolVersion', newestVersion, unknownOptions }
}

export function encodeNegotiateProtocolVersion(message: NegotiateProtocolVersion, writer: MessageWriter): void {
  writer.begin(BackendTag.NegotiateProtocolVersion).int32(message.newestVersion).int32(message.unknownOptions.length)
  for (const option of message.unknownOptions) writer.cString(option)
  writer.end()
}

/** What a server says after login: how to cancel this session. */
export interface BackendKeyData {
  readonly kind: 'BackendKeyData'
  readonly processId: number
  /** 4 to 256 bytes. A secret. */
  readonly secretKey: Buffer
}

export function decodeBackendKeyData(body: BodyReader): BackendKeyData {
  return { kind: 'BackendKeyData', processId: body.int32(), secretKey: readKey(body) }
}

export function encodeBackendKeyData(message: BackendKeyData, writer: MessageWriter): void {
  checkKey(message.secretKey.length)
  writer.begin(BackendTag.BackendKeyData).int32(message.processId).bytes(message.secretKey).end()
}

function readKey(body: BodyReader): Buffer {
  checkKey(body.remaining)
  return body.rest()
}

function checkKey(length: number): void {
  if (length < SHORTEST_KEY || length > LONGEST_KEY)
    throw new ProtocolError('BAD_VALUE', `a cancel key of ${length} bytes`)
}

function readParameters(body: BodyReader): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (let name = body.cString(); name !== ''; name = body.cString()) {
    if (parameters.has(name)) throw new ProtocolError('BAD_VALUE', 'a start-up parameter is given twice')
    parameters.set(name, body.cString())
  }
  body.end()
  return parameters
}
