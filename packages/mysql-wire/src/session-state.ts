import type { PacketWriter } from './packet-writer.ts'
import { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'

/** More changes than this in one OK packet are not read: a session has some hundreds of variables. */
const MOST_STATE_CHANGES = 4_096

/**
 * One change of the session's state, as an OK packet reports it under CLIENT_SESSION_TRACK. Manual: "Session State
 * Information". `value` is null for a variable set to NULL. Texts are UTF-8; what is not becomes U+FFFD.
 */
export type SessionStateChange =
  | { readonly kind: 'SYSTEM_VARIABLE'; readonly name: string; readonly value: string | null }
  /** The default schema; empty when there is none. */
  | { readonly kind: 'SCHEMA'; readonly name: string }
  /** Whether any of the state changed: `1`. */
  | { readonly kind: 'STATE_CHANGE'; readonly value: string }
  | { readonly kind: 'GTIDS'; readonly gtids: string }
  /** Statements that would begin the transaction anew elsewhere. */
  | { readonly kind: 'TRANSACTION_CHARACTERISTICS'; readonly statements: string }
  /** Eight characters: kind of transaction, reads, writes, and so on. */
  | { readonly kind: 'TRANSACTION_STATE'; readonly state: string }
  /** A type this reader does not have; `data` is a view of the packet. */
  | { readonly kind: 'UNKNOWN'; readonly type: number; readonly data: Buffer }

const SYSTEM_VARIABLES = 0
const SCHEMA = 1
const STATE_CHANGE = 2
const GTIDS = 3
const TRANSACTION_CHARACTERISTICS = 4
const TRANSACTION_STATE = 5

/** Reads the session state information of an OK packet (what follows its length). Throws ProtocolError. */
export function decodeSessionState(bytes: Buffer): readonly SessionStateChange[] {
  const reader = new PayloadReader(bytes)
  const changes: SessionStateChange[] = []
  while (reader.remaining > 0) {
    const type = reader.int1()
    const data = reader.lenencBytes()
    readChange(type, data, changes)
    if (changes.length > MOST_STATE_CHANGES) throw new ProtocolError('TOO_MANY', 'session state changes')
  }
  return changes
}

/** Writes session state information as an OK packet holds it: what follows its length. */
export function encodeSessionState(changes: readonly SessionStateChange[], writer: PacketWriter): void {
  for (const change of changes) {
    switch (change.kind) {
      case 'SYSTEM_VARIABLE': {
        const size = sizeOf(change.name) + (change.value === null ? 1 : sizeOf(change.value))
        writer.int1(SYSTEM_VARIABLES).lenencInt(size).lenencText(change.name)
        if (change.value === null) writer.int1(0xfb)
        else writer.lenencText(change.value)
        break
      }
      case 'SCHEMA':
        writer.int1(SCHEMA).lenencInt(sizeOf(change.name)).lenencText(change.name)
        break
      case 'STATE_CHANGE':
        writer.int1(STATE_CHANGE).lenencText(change.value)
        break
      case 'GTIDS':
        writer
          .int1(GTIDS)
          .lenencInt(1 + sizeOf(change.gtids))
          .int1(0)
          .lenencText(change.gtids)
        break
      case 'TRANSACTION_CHARACTERISTICS':
        writer.int1(TRANSACTION_CHARACTERISTICS).lenencInt(sizeOf(change.statements)).lenencText(change.statements)
        break
      case 'TRANSACTION_STATE':
        writer.int1(TRANSACTION_STATE).lenencInt(sizeOf(change.state)).lenencText(change.state)
        break
      case 'UNKNOWN':
        writer.int1(change.type).lenencBytes(change.data)
        break
      default:
        throw change satisfies never
    }
  }
}

/** Bytes of a text as string<lenenc>. */
export function sizeOf(text: string): number {
  const size = Buffer.byteLength(text)
  return size + (size < 0xfb ? 1 : size <= 0xffff ? 3 : size <= 0xff_ffff ? 4 : 9)
}

function readChange(type: number, data: Buffer, changes: SessionStateChange[]): void {
  const reader = new PayloadReader(data)
  switch (type) {
    case SYSTEM_VARIABLES:
      do {
        changes.push({ kind: 'SYSTEM_VARIABLE', name: textOf(reader), value: textOrNull(reader) })
      } while (reader.remaining > 0 && changes.length <= MOST_STATE_CHANGES)
      break
    case SCHEMA:
      changes.push({ kind: 'SCHEMA', name: textOrNull(reader) ?? '' })
      break
    case STATE_CHANGE:
      // Both servers send the letter without a length of its own, whatever the manual says.
      changes.push({ kind: 'STATE_CHANGE', value: data.toString() })
      return
    case GTIDS:
      reader.int1() // encoding specification: 0 is the only one
      changes.push({ kind: 'GTIDS', gtids: textOf(reader) })
      break
    case TRANSACTION_CHARACTERISTICS:
      changes.push({ kind: 'TRANSACTION_CHARACTERISTICS', statements: textOf(reader) })
      break
    case TRANSACTION_STATE:
      changes.push({ kind: 'TRANSACTION_STATE', state: textOf(reader) })
      break
    default:
      changes.push({ kind: 'UNKNOWN', type, data })
      return
  }
  if (changes.length <= MOST_STATE_CHANGES) reader.end()
}

function textOf(reader: PayloadReader): string {
  return reader.reportText(reader.lenencInt())
}

function textOrNull(reader: PayloadReader): string | null {
  return reader.lenencBytesOrNull()?.toString('utf8') ?? null
}
