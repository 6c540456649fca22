import { isDigit, isHexDigit, isWordByte } from './byte-classes.ts'
import { TokenKind } from './tokens.ts'

/** Kind and end of a token in one number, so that no object is made: `end * 32 + kind`. Kind `end`: malformed. */
export type Scanned = number
const scanned = (kind: number, end: number): Scanned => end * 32 + kind

/** A number, or a name that begins with digits (kind `name`, its end not yet found), at a digit. MySQL manual, "Numeric Literals". */
export function scanNumber(bytes: Uint8Array, start: number, end: number): Scanned {
  const letter = bytes[start] === 0x30 && start + 1 < end ? bytes[start + 1] : 0
  if (letter === 0x78 || letter === 0x62) {
    const at = letter === 0x78 ? hexDigits(bytes, start + 2, end) : bits(bytes, start + 2, end)
    if (at - start < 3 || (at < end && isWordByte(bytes[at]))) return scanned(TokenKind.name, start)
    return scanned(letter === 0x78 ? TokenKind.hexNumber : TokenKind.bitNumber, at)
  }
  const at = digits(bytes, start, end)
  const next = at < end ? (bytes[at] ?? 0) : 0
  // `1..3` of MariaDB's FOR loops: two numbers and what is between.
  if (next === 0x2e && bytes[at + 1] === 0x2e && at + 1 < end) return scanned(TokenKind.integer, at)
  if (next === 0x2e) return scanFraction(bytes, at + 1, end)
  if (!isWordByte(next)) return scanned(TokenKind.integer, at)
  const exponent = exponentDigits(bytes, at, end)
  return exponent > 0 ? scanned(TokenKind.float, digits(bytes, exponent, end)) : scanned(TokenKind.name, start)
}

/**
 * The rest of a number behind its point. Kind `symbol`: MySQL's scanner drops an exponent that has no digits and gives the "(" behind it, at the end told less one;
 * MariaDB refuses.
 */
export function scanFraction(bytes: Uint8Array, from: number, end: number): Scanned {
  const at = digits(bytes, from, end)
  if (at >= end || ((bytes[at] ?? 0) | 0x20) !== 0x65) return scanned(TokenKind.decimal, at)
  const exponent = exponentDigits(bytes, at, end)
  if (exponent > 0) return scanned(TokenKind.float, digits(bytes, exponent, end))
  const sign = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d ? 1 : 0
  const dropped = at + 1 + sign < end && bytes[at + 1 + sign] === 0x28
  return dropped ? scanned(TokenKind.symbol, at + 2 + sign) : scanned(TokenKind.end, at)
}

/** x'…' and b'…' from their letter: digits only; hexadecimal ones in pairs. */
export function scanDigitString(bytes: Uint8Array, start: number, end: number, kind: number): Scanned {
  const hex = kind === TokenKind.hexString
  const at = hex ? hexDigits(bytes, start + 2, end) : bits(bytes, start + 2, end)
  const odd = hex && (at - start) % 2 === 1
  return at >= end || bytes[at] !== 0x27 || odd ? scanned(TokenKind.end, at) : scanned(kind, at + 1)
}

/** First digit of the exponent whose letter is at `at`; 0: there is no letter or no digit. */
function exponentDigits(bytes: Uint8Array, at: number, end: number): number {
  if (((bytes[at] ?? 0) | 0x20) !== 0x65) return 0
  const sign = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d ? 1 : 0
  return at + 1 + sign < end && isDigit(bytes[at + 1 + sign]) ? at + 1 + sign : 0
}

function digits(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && isDigit(bytes[at])) at++
  return at
}

function hexDigits(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && isHexDigit(bytes[at])) at++
  return at
}

function bits(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && (bytes[at] === 0x30 || bytes[at] === 0x31)) at++
  return at
}
