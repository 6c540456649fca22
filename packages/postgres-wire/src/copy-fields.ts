/** Where fields are written: a buffer that grows, owned by the caller. `ensure` may replace `bytes`. */
export interface ByteOutput {
  bytes: Buffer
  length: number
  ensure(extra: number): void
}

/** What one CopyData message of the server holds: the names of the columns, one row, or the end of a binary stream. */
export type CopyPart = 'header' | 'row' | 'end'

/**
 * Walks the messages of one COPY … TO STDOUT and the fields in each, by offsets: no view, string or object for a field. The server
 * puts one row in each CopyData message; whatever is not exactly that is a `ProtocolError` (`BAD_VALUE`). Manual: "COPY", "File Formats".
 */
export interface CopyFields {
  /** The field under way, from 0; -1 before the first. */
  readonly index: number
  readonly isNull: boolean
  /** The field as it stands in the message, with its quotes or its length: bytes[fieldStart, fieldEnd). */
  readonly fieldStart: number
  readonly fieldEnd: number
  /** After `decode`: the value of the field is source[start, end). */
  readonly source: Buffer
  readonly start: number
  readonly end: number

  /** Starts on the body bytes[body, end) of the stream's next message, which is whole. */
  reset(bytes: Buffer, body: number, end: number): CopyPart
  /** Moves to the next field. False after the last; then the message has exactly the fields that it must have. */
  next(): boolean
  /** Takes the escapes and quotes off the field, which is not NULL. What it gives is good until the next call. */
  decode(): void
  /** Appends source[start, end) as a value of the column `index`, with the escapes and quotes that it needs. */
  appendValue(out: ByteOutput, index: number, source: Buffer, start: number, end: number): void
  appendNull(out: ByteOutput): void
}

/** Appends source[start, end) as it is. */
export function appendRaw(out: ByteOutput, source: Buffer, start: number, end: number): void {
  const length = end - start
  if (length <= 0) return
  out.ensure(length)
  source.copy(out.bytes, out.length, start, end)
  out.length += length
}

/** True when bytes[start, end) are those of `other`. */
export function holds(bytes: Buffer, start: number, end: number, other: Buffer): boolean {
  if (end - start !== other.length) return false
  for (let at = 0; at < other.length; at++) if (bytes[start + at] !== other[at]) return false
  return true
}
