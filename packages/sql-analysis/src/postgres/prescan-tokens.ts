/**
 * Ends of the tokens that can hide anything: each function takes the offset where the token starts and answers the offset after
 * it, `end` when it is not closed (PostgreSQL's scanner refuses such a text). Rules: PostgreSQL manual, section 4.1, and scan.l.
 */

const quote = 0x27
const backslash = 0x5c
const dollar = 0x24

/** `'…'` or `"…"`. A doubled quote ends one and starts the next, which comes to the same. */
export function skipQuoted(bytes: Buffer, at: number, end: number, delimiter: number): number {
  const close = bytes.indexOf(delimiter, at + 1)
  return close === -1 || close >= end ? end : close + 1
}

/** `E'…'` from its quote on. A backslash takes the next byte with it, in the segments that continue it on later lines too. */
export function skipEscapeString(bytes: Buffer, at: number, end: number): number {
  at++
  while (at < end) {
    const byte = bytes[at]
    if (byte === backslash) {
      at += 2
    } else if (byte !== quote) {
      at++
    } else if (at + 1 < end && bytes[at + 1] === quote) {
      at += 2
    } else {
      const next = continuation(bytes, at + 1, end)
      if (next === -1) return at + 1
      at = next + 1
    }
  }
  return end
}

/** Offset of the quote that continues a string: after white space (and line comments) that holds a line end. -1 when there is none. */
function continuation(bytes: Buffer, at: number, end: number): number {
  let lineEnded = false
  while (at < end) {
    const byte = bytes[at]
    if (byte === 0x0a || byte === 0x0d) {
      lineEnded = true
      at++
    } else if (byte === 0x20 || byte === 0x09 || byte === 0x0b || byte === 0x0c) {
      at++
    } else if (byte === 0x2d && at + 1 < end && bytes[at + 1] === 0x2d) {
      at = skipLineComment(bytes, at, end)
    } else {
      return lineEnded && byte === quote ? at : -1
    }
  }
  return -1
}

/** `-- …`: the line end, CR or LF, is not part of it. */
export function skipLineComment(bytes: Buffer, at: number, end: number): number {
  while (at < end && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++
  return at
}

/** A block comment: they nest. */
export function skipBlockComment(bytes: Buffer, at: number, end: number): number {
  let depth = 1
  at += 2
  while (at + 1 < end) {
    if (bytes[at] === 0x2f && bytes[at + 1] === 0x2a) {
      depth++
      at += 2
    } else if (bytes[at] === 0x2a && bytes[at + 1] === 0x2f) {
      depth--
      at += 2
      if (depth === 0) return at
    } else {
      at++
    }
  }
  return end
}

/** `$tag$ … $tag$`; a `$` that starts no such string (a parameter, or junk) is one byte. */
export function skipDollarQuote(bytes: Buffer, at: number, end: number): number {
  let after = at + 1
  while (after < end && isTagByte(bytes[after] ?? 0, after === at + 1)) after++
  if (after >= end || bytes[after] !== dollar) return at + 1
  const delimiter = bytes.subarray(at, after + 1)
  const close = bytes.indexOf(delimiter, after + 1)
  return close === -1 || close + delimiter.length > end ? end : close + delimiter.length
}

function isTagByte(byte: number, first: boolean): boolean {
  if (byte >= 0x80 || byte === 0x5f || (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a)) return true
  return !first && byte >= 0x30 && byte <= 0x39
}
