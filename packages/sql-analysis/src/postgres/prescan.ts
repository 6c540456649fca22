import { isUtf8 } from 'node:buffer'
import { defaultPrescanLimits } from './prescan-limits.ts'
import type { PrescanLimits } from './prescan-limits.ts'
import { PrescanCounts } from './prescan-counts.ts'
import { skipBlockComment, skipDollarQuote, skipEscapeString, skipLineComment, skipQuoted } from './prescan-tokens.ts'

/** What stands against handing a text to the parser. `message` names the limit and the count. */
export interface PrescanRefusal {
  readonly code: 'TOO_LONG' | 'TOO_COMPLEX' | 'BAD_ENCODING'
  readonly message: string
}

/** Byte classes of PostgreSQL's scanner (scan.l): identifiers hold `$`, digits and every byte from 0x80 after their start. */
const other = 0
const identifierStart = 1
const digit = 2
const operatorCharacter = 3
const classes = new Uint8Array(256)
for (const character of '~!@#^&|`?+-*/%<>=') classes[character.charCodeAt(0)] = operatorCharacter
for (let byte = 0x80; byte < 0x100; byte++) classes[byte] = identifierStart
for (let byte = 0x61; byte <= 0x7a; byte++) classes[byte] = classes[byte - 0x20] = identifierStart
for (let byte = 0x30; byte <= 0x39; byte++) classes[byte] = digit
classes[0x5f] = identifierStart

/** Classes of `byte`, for the scanners of this folder. */
function classOf(byte: number | undefined): number {
  return byte === undefined ? other : (classes[byte] ?? other)
}

/**
 * Checks `bytes[start, end)` against the limits in one linear pass, reading tokens as PostgreSQL's scanner does with
 * `standard_conforming_strings = on`. Null when the parser may have it. What it reads wrongly can only be text that the scanner
 * refuses too. `comments`, where given, receives start and end of every comment.
 */
export function prescan(
  bytes: Buffer,
  start: number,
  end: number,
  limits: PrescanLimits = defaultPrescanLimits,
  comments: number[] | null = null,
): PrescanRefusal | null {
  if (end - start > limits.maxStatementBytes) {
    return {
      code: 'TOO_LONG',
      message: `statement of ${end - start} bytes: the limit is ${limits.maxStatementBytes} (maxStatementBytes)`,
    }
  }
  const encoding = encodingRefusal(bytes, start, end)
  if (encoding !== null) return encoding
  const counts = new PrescanCounts(limits)
  let at = start
  let afterDot = false
  while (at < end && counts.refusal === null) {
    const byte = bytes[at]
    switch (classOf(byte)) {
      case identifierStart:
        counts.token()
        at = word(bytes, at, end, counts, afterDot)
        afterDot = false
        continue
      case digit:
        // Letters that follow are part of the number, or junk that the scanner refuses.
        afterDot = false
        do at++
        while (at < end && (classOf(bytes[at]) === digit || classOf(bytes[at]) === identifierStart))
        continue
      case operatorCharacter: {
        const comment = commentEnd(bytes, at, end)
        if (comment > at) {
          if (byte === 0x2f) countComments(bytes, at, comment, counts)
          comments?.push(at, comment)
          at = comment
          continue
        }
        afterDot = false
        // Each character counts: `+-+-` is four tokens, `->>` one.
        counts.token()
        counts.operator()
        if (byte === 0x3d) counts.equals()
        at++
        continue
      }
      default:
    }
    if (isSpace(byte)) {
      at++
      continue
    }
    afterDot = byte === 0x2e
    counts.token()
    switch (byte) {
      case 0x27: // '
      case 0x22: // "
        at = skipQuoted(bytes, at, end, byte)
        continue
      case 0x24: // $
        at = skipDollarQuote(bytes, at, end)
        continue
      case 0x3a: // : of a typecast, a slice or :=
        if (bytes[at + 1] === 0x3a && at + 1 < end) at++
        counts.operator()
        break
      case 0x28: // (
      case 0x5b: // [
        counts.open()
        break
      case 0x29: // )
      case 0x5d: // ]
        counts.close()
        break
      case 0x2c: // ,
        counts.comma()
        break
      case 0x3b: // ;
        counts.semicolon()
        break
      default:
    }
    at++
  }
  counts.finish()
  return counts.refusal === null ? null : { code: 'TOO_COMPLEX', message: counts.refusal }
}

/** White space of PostgreSQL's scanner: it may stand between a dot and the name after it. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)
}

/** Skips an identifier or keyword, or the escape string that starts with E, and counts it. */
function word(bytes: Buffer, at: number, end: number, counts: PrescanCounts, isField: boolean): number {
  const byte = bytes[at]
  if ((byte === 0x45 || byte === 0x65) && at + 1 < end && bytes[at + 1] === 0x27)
    return skipEscapeString(bytes, at + 1, end)
  let after = at + 1
  while (
    after < end &&
    (classOf(bytes[after]) === identifierStart || classOf(bytes[after]) === digit || bytes[after] === 0x24)
  ) {
    after++
  }
  counts.word(bytes, at, after, isField)
  return after
}

/** End of the comment that starts at `at`; `at` itself when none does. */
function commentEnd(bytes: Buffer, at: number, end: number): number {
  if (at + 1 >= end) return at
  if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return skipLineComment(bytes, at, end)
  if (bytes[at] === 0x2f && bytes[at + 1] === 0x2a) return skipBlockComment(bytes, at, end)
  return at
}

/** A comment and those nested in it. */
function countComments(bytes: Buffer, start: number, end: number, counts: PrescanCounts): void {
  const comment = bytes.subarray(start, end)
  for (let at = 0; at !== -1 && counts.refusal === null; at = comment.indexOf('/*', at + 2)) counts.comment()
}

function encodingRefusal(bytes: Buffer, start: number, end: number): PrescanRefusal | null {
  const view = bytes.subarray(start, end)
  const nul = view.indexOf(0)
  if (nul !== -1)
    return { code: 'BAD_ENCODING', message: `invalid byte sequence for encoding "UTF8": 0x00 at byte offset ${nul}` }
  if (isUtf8(view)) return null
  const at = firstInvalid(view)
  const byte = (view[at] ?? 0).toString(16).padStart(2, '0')
  return { code: 'BAD_ENCODING', message: `invalid byte sequence for encoding "UTF8": 0x${byte} at byte offset ${at}` }
}

/** Offset of the first byte that no UTF-8 sequence (RFC 3629, section 4) can have there. Called only where there is one. */
function firstInvalid(view: Buffer): number {
  let at = 0
  while (at < view.length) {
    const lead = view[at] ?? 0
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    if (!isUtf8(view.subarray(at, at + length))) return at
    at += length
  }
  return at
}
