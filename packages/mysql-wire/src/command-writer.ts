import { Capability } from './capabilities.ts'
import { Command } from './command-kind.ts'
import type { PacketWriter } from './packet-writer.ts'
import { BINARY_FORMS, BinaryForm } from './result-column-type.ts'

// What the gateway itself says to a server. Every command begins anew with sequence id 0.

/** Writes COM_QUERY without query attributes. `text`: bytes in the session's character set, or text in UTF-8. */
export function encodeQuery(text: string | Buffer, capabilities: number, writer: PacketWriter): void {
  writer.begin(0).int1(Command.QUERY)
  if ((capabilities & Capability.QUERY_ATTRIBUTES) !== 0) writer.lenencInt(0).lenencInt(1)
  if (typeof text === 'string') writer.text(text)
  else writer.bytes(text)
  writer.end()
}

/** Writes COM_STMT_PREPARE. */
export function encodePrepare(text: string | Buffer, writer: PacketWriter): void {
  writer.begin(0).int1(Command.STMT_PREPARE)
  if (typeof text === 'string') writer.text(text)
  else writer.bytes(text)
  writer.end()
}

/** A bound value as it was sent: its type with `UNSIGNED_FLAG`, and its bytes without their length; null: NULL. */
export interface BoundValue {
  readonly type: number
  readonly bytes: Buffer | null
}

/** Writes COM_STMT_EXECUTE without a cursor, with all types, for a session without QUERY_ATTRIBUTES. */
export function encodeStatementExecute(statementId: number, values: readonly BoundValue[], writer: PacketWriter): void {
  writer.begin(0).int1(Command.STMT_EXECUTE).int4(statementId).int1(0).int4(1)
  if (values.length > 0) {
    const nulls = Buffer.alloc((values.length + 7) >> 3)
    for (const [index, { bytes }] of values.entries())
      if (bytes === null) nulls[index >> 3] = (nulls[index >> 3] ?? 0) | (1 << (index & 7))
    writer.bytes(nulls).int1(1)
    for (const { type } of values) writer.int2(type)
    for (const { type, bytes } of values) {
      if (bytes === null) continue
      if (BINARY_FORMS[type & 0xff] === BinaryForm.LengthEncoded) writer.lenencBytes(bytes)
      else writer.bytes(bytes)
    }
  }
  writer.end()
}

/** Writes COM_STMT_CLOSE, which is not answered. */
export function encodeStatementClose(statementId: number, writer: PacketWriter): void {
  writer.begin(0).int1(Command.STMT_CLOSE).int4(statementId).end()
}

/** Writes COM_INIT_DB. */
export function encodeInitDb(schema: string, writer: PacketWriter): void {
  writer.begin(0).int1(Command.INIT_DB).text(schema).end()
}

/** Writes a command that is its first byte alone. COM_QUIT is not answered. */
export function encodeBareCommand(
  name: 'QUIT' | 'PING' | 'STATISTICS' | 'RESET_CONNECTION',
  writer: PacketWriter,
): void {
  writer.begin(0).int1(Command[name]).end()
}
