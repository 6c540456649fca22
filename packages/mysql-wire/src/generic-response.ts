import { Capability, ServerStatus } from './capabilities.ts'
import type { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'
import { decodeSessionState, encodeSessionState, type SessionStateChange } from './session-state.ts'
import { PacketWriter } from './packet-writer.ts'

/** First byte of a generic response packet. Manual: "Generic Response Packets". */
export const ResponseHeader = { OK: 0x00, LOCAL_INFILE: 0xfb, EOF: 0xfe, ERR: 0xff } as const

const SQLSTATE_MARKER = 0x23
/** An EOF packet is shorter than this; a row or OK packet that begins with 0xfe need not be. */
const LONGEST_EOF_PAYLOAD = 8

/** A command succeeded. Manual: "OK_Packet". */
export interface OkPacket {
  readonly kind: 'OK'
  readonly affectedRows: bigint
  readonly lastInsertId: bigint
  /** `ServerStatus` flags. */
  readonly statusFlags: number
  readonly warnings: number
  /** Human-readable; empty when there is none. */
  readonly info: string
  /** Empty without CLIENT_SESSION_TRACK, or when nothing changed. */
  readonly stateChanges: readonly SessionStateChange[]
}

/** A command failed. Manual: "ERR_Packet". */
export interface ErrPacket {
  readonly kind: 'ERR'
  readonly errorCode: number
  /** Five characters; empty before the capabilities are agreed, when a server may leave it out. */
  readonly sqlState: string
  /** In the session's character set; what is not UTF-8 becomes U+FFFD. */
  readonly errorMessage: string
}

/** Ends column definitions or rows without CLIENT_DEPRECATE_EOF. Manual: "EOF_Packet". */
export interface EofPacket {
  readonly kind: 'EOF'
  readonly warnings: number
  /** `ServerStatus` flags. */
  readonly statusFlags: number
}

/** True for a payload that is an EOF packet where one can be: without CLIENT_DEPRECATE_EOF. */
export function isEof(firstByte: number, payloadLength: number): boolean {
  return firstByte === ResponseHeader.EOF && payloadLength <= LONGEST_EOF_PAYLOAD
}

/**
 * Reads an OK packet, header 0x00 or (CLIENT_DEPRECATE_EOF, in an EOF's place) 0xfe. `capabilities`: what both sides
 * agreed on.
 */
export function decodeOk(payload: PayloadReader, capabilities: number): OkPacket {
  const header = payload.int1()
  if (header !== ResponseHeader.OK && header !== ResponseHeader.EOF) throw notA('OK', header)
  const affectedRows = payload.lenencBigInt()
  const lastInsertId = payload.lenencBigInt()
  const protocol41 = (capabilities & Capability.PROTOCOL_41) !== 0
  const statusFlags = protocol41 || (capabilities & Capability.TRANSACTIONS) !== 0 ? payload.int2() : 0
  const warnings = protocol41 ? payload.int2() : 0
  let info = ''
  let stateChanges: readonly SessionStateChange[] = []
  if ((capabilities & Capability.SESSION_TRACK) !== 0) {
    // A server leaves an empty info out when no state follows it.
    if (payload.remaining > 0) info = payload.reportText(payload.lenencInt())
    if ((statusFlags & ServerStatus.SESSION_STATE_CHANGED) !== 0 && payload.remaining > 0) {
      stateChanges = decodeSessionState(payload.lenencBytes())
    }
    payload.end()
  } else if (payload.remaining > 0) {
    info = trailingInfo(payload)
  }
  return { kind: 'OK', affectedRows, lastInsertId, statusFlags, warnings, info, stateChanges }
}

/**
 * Writes an OK packet as one payload. `header`: `ResponseHeader.EOF` where it stands in an EOF's place. The flag
 * SESSION_STATE_CHANGED is set or cleared to agree with `stateChanges`, which need CLIENT_SESSION_TRACK to be sent.
 */
export function encodeOk(
  packet: OkPacket,
  capabilities: number,
  writer: PacketWriter,
  header: typeof ResponseHeader.OK | typeof ResponseHeader.EOF = ResponseHeader.OK,
): void {
  const tracked = (capabilities & Capability.SESSION_TRACK) !== 0
  const changed = tracked && packet.stateChanges.length > 0
  const flag = ServerStatus.SESSION_STATE_CHANGED
  writer.begin().int1(header).lenencInt(packet.affectedRows).lenencInt(packet.lastInsertId)
  writer.int2(changed ? packet.statusFlags | flag : packet.statusFlags & ~flag).int2(packet.warnings)
  if (packet.info !== '' || changed) writer.lenencText(packet.info)
  if (changed) {
    const state = new PacketWriter()
    state.begin()
    encodeSessionState(packet.stateChanges, state)
    writer.lenencBytes(state.end().written().subarray(4))
  }
  writer.end()
}

/** Reads an ERR packet. */
export function decodeErr(payload: PayloadReader): ErrPacket {
  const header = payload.int1()
  if (header !== ResponseHeader.ERR) throw notA('ERR', header)
  const errorCode = payload.int2()
  let sqlState = ''
  if (payload.peek() === SQLSTATE_MARKER && payload.remaining >= 6) {
    payload.skip(1)
    sqlState = payload.reportText(5)
  }
  return { kind: 'ERR', errorCode, sqlState, errorMessage: payload.reportText(payload.remaining) }
}

/** Writes an ERR packet as one payload. An empty `sqlState` leaves it and its marker out. */
export function encodeErr(packet: ErrPacket, writer: PacketWriter): void {
  if (packet.sqlState !== '' && !/^[0-9A-Z]{5}$/.test(packet.sqlState)) throw new RangeError('not an SQLSTATE')
  writer.begin().int1(ResponseHeader.ERR).int2(packet.errorCode)
  if (packet.sqlState !== '') writer.int1(SQLSTATE_MARKER).text(packet.sqlState)
  writer.text(packet.errorMessage).end()
}

/** Reads an EOF packet. */
export function decodeEof(payload: PayloadReader, capabilities: number): EofPacket {
  const header = payload.int1()
  if (header !== ResponseHeader.EOF) throw notA('EOF', header)
  if ((capabilities & Capability.PROTOCOL_41) === 0) return { kind: 'EOF', warnings: 0, statusFlags: 0 }
  const warnings = payload.int2()
  const statusFlags = payload.int2()
  payload.end()
  return { kind: 'EOF', warnings, statusFlags }
}

/** Writes an EOF packet as one payload. */
export function encodeEof(packet: EofPacket, writer: PacketWriter): void {
  writer.begin().int1(ResponseHeader.EOF).int2(packet.warnings).int2(packet.statusFlags).end()
}

/** The manual says string<EOF>; servers send string<lenenc> all the same. */
function trailingInfo(payload: PayloadReader): string {
  const rest = payload.rest()
  const first = rest[0] ?? 0
  const start = first < 0xfb ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 0
  const length = start === 1 ? first : start === 0 ? -1 : rest.length >= start ? rest.readUIntLE(1, start - 1) : -1
  return rest.toString('utf8', length === rest.length - start ? start : 0)
}

function notA(name: string, header: number): ProtocolError {
  return new ProtocolError('UNEXPECTED_PACKET', `0x${header.toString(16).padStart(2, '0')} begins no ${name} packet`)
}
