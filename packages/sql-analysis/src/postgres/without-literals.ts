import type { TextFacts } from '@gatehouse/core'
import { REDACTED, REDACTED_STRING } from '../reading/redacted.ts'
import { skipBlockComment, skipDollarQuote, skipEscapeString, skipLineComment, skipQuoted } from './prescan-tokens.ts'

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

const isWordStart = (byte: number): boolean =>
  byte >= 0x80 || byte === 0x5f || (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a)

/**
 * The text with `[redacted]` in place of each literal, true and false too, and a blank in place of each comment; quoted names go as well
 * where it was not understood, since a value in the wrong quotes is one. Tokens are those of PostgreSQL's scanner with
 * `standard_conforming_strings = on`; what is not closed reaches to the end.
 */
export function withoutLiterals(text: string, { statements }: TextFacts): string {
  const names = statements.every(({ complete }) => complete)
  const bytes = Buffer.from(text, 'utf8')
  const end = bytes.length
  let out = ''
  /** From here on nothing is in `out`. */
  let from = 0
  let at = 0
  const put = (upTo: number, after: number, mark: string): void => {
    out += bytes.toString('utf8', from, upTo) + mark
    from = at = after
  }
  while (at < end) {
    const byte = bytes[at] ?? 0
    const next = bytes[at + 1] ?? 0
    if (isWordStart(byte)) {
      if ((byte | 0x20) === 0x65 && next === 0x27) put(at, skipEscapeString(bytes, at + 1, end), REDACTED_STRING)
      else {
        const after = wordEnd(bytes, at, end)
        if (isTruth(bytes, at, after)) put(at, after, REDACTED)
        else at = after
      }
    } else if (byte === 0x27) put(at, skipQuoted(bytes, at, end, byte), REDACTED_STRING)
    else if (byte === 0x22) {
      const after = skipQuoted(bytes, at, end, byte)
      if (names) at = after
      else put(at, after, REDACTED)
    } else if (byte === 0x24) {
      if (isDigit(next)) at = digitsEnd(bytes, at + 1, end)
      else {
        const after = skipDollarQuote(bytes, at, end)
        if (after > at + 1) put(at, after, REDACTED_STRING)
        else at++
      }
    } else if (byte === 0x2e && next === 0x2e) at += 2
    else if (isDigit(byte) || (byte === 0x2e && isDigit(next))) put(at, numberEnd(bytes, at, end), REDACTED)
    else if (byte === 0x2d && next === 0x2d) put(at, skipLineComment(bytes, at, end), ' ')
    else if (byte === 0x2f && next === 0x2a) put(at, skipBlockComment(bytes, at, end), ' ')
    else at++
  }
  return out + bytes.toString('utf8', from)
}

function wordEnd(bytes: Buffer, at: number, end: number): number {
  while (at < end && (isWordStart(bytes[at] ?? 0) || isDigit(bytes[at] ?? 0) || bytes[at] === 0x24)) at++
  return at
}

function digitsEnd(bytes: Buffer, at: number, end: number): number {
  while (at < end && isDigit(bytes[at] ?? 0)) at++
  return at
}

function isTruth(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== 4 && end - start !== 5) return false
  const word = bytes.toString('latin1', start, end).toLowerCase()
  return word === 'true' || word === 'false'
}

/**
 * Letters that follow are part of the number, or junk that the scanner refuses, but for the E of a string right behind its point;
 * `1e+5` is one number.
 */
function numberEnd(bytes: Buffer, at: number, end: number): number {
  let dots = bytes[at] === 0x2e ? 1 : 0
  at += dots
  const hexadecimal = bytes[at] === 0x30 && ((bytes[at + 1] ?? 0) | 0x20) === 0x78
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0
    const next = bytes[at + 1] ?? 0
    if ((byte | 0x20) === 0x65 && next === 0x27 && bytes[at - 1] === 0x2e) break
    if (isDigit(byte) || isWordStart(byte) || (byte === 0x2e && next !== 0x2e && !hexadecimal && dots++ === 0)) continue
    const exponent = (byte === 0x2b || byte === 0x2d) && ((bytes[at - 1] ?? 0) | 0x20) === 0x65
    if (!exponent || !isDigit(next)) break
  }
  return at
}
