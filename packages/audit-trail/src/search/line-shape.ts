/** Where the first members of a record stand in its line, see docs/audit-format.md: enough to pass over a line without parsing it. */

const SEQ_OPENS = '{"seq":'.length
const DIGIT_ZERO = 0x30
const COMMA = 0x2c
const MAX_SEQ_DIGITS = 16

/** From the comma behind the number. */
const TIME_AT = ',"time":"'.length
const TIME_UNITS = '2026-01-31T12:00:00.000Z'.length
const HASH_DIGITS = 64
const KIND_MEMBER = Buffer.from('"kind":"')
const KIND_MEMBER_AT = TIME_AT + TIME_UNITS + '","prev":"'.length + HASH_DIGITS + '","hash":"'.length + HASH_DIGITS + 2

/** What a line begins with. One is used for all lines of a file: `read` sets it. */
export class LineShape {
  seq = 0
  /** Offset of the time's first byte in the buffer. */
  timeAt = 0
  /** Offset of the kind's first byte in the buffer. */
  kindAt = 0

  /** Reads the line at `start`, its newline at `end`. False: it is no record, or not a whole one. */
  read(buffer: Buffer, start: number, end: number): boolean {
    let at = start + SEQ_OPENS
    let seq = 0
    const digitsEnd = Math.min(at + MAX_SEQ_DIGITS, end)
    for (; at < digitsEnd; at++) {
      const digit = (buffer[at] ?? 0) - DIGIT_ZERO
      if (digit < 0 || digit > 9) break
      seq = seq * 10 + digit
    }
    this.seq = seq
    this.timeAt = at + TIME_AT
    this.kindAt = at + KIND_MEMBER_AT + KIND_MEMBER.length
    // A closing brace is what a line that was torn does not end with.
    return (
      seq > 0 &&
      this.kindAt < end &&
      buffer[at] === COMMA &&
      buffer[end - 1] === 0x7d &&
      isAt(buffer, at + KIND_MEMBER_AT, KIND_MEMBER)
    )
  }

  /** The time, as the line has it. */
  time(buffer: Buffer): string {
    return buffer.toString('latin1', this.timeAt, this.timeAt + TIME_UNITS)
  }
}

/** True when these bytes stand at this place. */
export function isAt(buffer: Buffer, at: number, bytes: Buffer): boolean {
  for (let index = 0; index < bytes.length; index++) if (buffer[at + index] !== bytes[index]) return false
  return true
}
