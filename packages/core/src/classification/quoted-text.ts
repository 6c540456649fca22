/** Strings in double quotes inside JSON and hstore: what they say, and how to write it. */
import { appendByte } from '../masking/cell-output.ts'
import type { CellOutput } from '../masking/cell-output.ts'
import { isHex } from './characters.ts'

const quote = 0x22
const backslash = 0x5c

/** The bytes of JSON's escapes of one letter, by that letter. */
const escapes: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

/** Where the string ends that begins behind the quote before `at`: the offset of its closing quote; `end` where it has none. */
export function closingQuote(source: Buffer, at: number, end: number): number {
  while (at < end) {
    const byte = source[at] ?? 0
    if (byte === quote) return at
    at += byte === backslash ? 2 : 1
  }
  return end
}

/** Whether [start, end) holds a backslash. */
export function hasEscape(source: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (source[at] === backslash) return true
  return false
}

/** Appends what the string between the quotes says. `json`: JSON's escapes; else a backslash stands before any character as it is. */
export function appendUnescaped(source: Buffer, start: number, end: number, json: boolean, out: CellOutput): void {
  for (let at = start; at < end; at++) {
    const byte = source[at] ?? 0
    if (byte !== backslash || at + 1 >= end) {
      appendByte(out, byte)
      continue
    }
    const next = source[++at] ?? 0
    if (json && next === 0x75) at = appendUnicode(source, at, end, out)
    else appendByte(out, json ? (escapes.get(next) ?? next) : next)
  }
}

/** Appends what `\uXXXX` stands for, both halves of a pair; returns the offset of its last byte. */
function appendUnicode(source: Buffer, at: number, end: number, out: CellOutput): number {
  const first = hexAt(source, at + 1, end)
  if (first === -1) {
    appendByte(out, 0x75)
    return at
  }
  let last = at + 4
  let code = first
  if (first >= 0xd800 && first <= 0xdfff) {
    const second = source[last + 1] === backslash && source[last + 2] === 0x75 ? hexAt(source, last + 3, end) : -1
    if (first <= 0xdbff && second >= 0xdc00 && second <= 0xdfff) {
      code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
      last += 6
    } else code = 0xfffd
  }
  appendCharacter(code, out)
  return last
}

function hexAt(source: Buffer, at: number, end: number): number {
  if (at + 4 > end) return -1
  let value = 0
  for (let index = at; index < at + 4; index++) {
    const byte = source[index] ?? 0
    if (!isHex(byte)) return -1
    value = value * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57)
  }
  return value
}

function appendCharacter(code: number, out: CellOutput): void {
  if (code < 0x80) return appendByte(out, code)
  if (code < 0x800) appendByte(out, 0xc0 | (code >> 6))
  else {
    if (code < 0x10000) appendByte(out, 0xe0 | (code >> 12))
    else {
      appendByte(out, 0xf0 | (code >> 18))
      appendByte(out, 0x80 | ((code >> 12) & 0x3f))
    }
    appendByte(out, 0x80 | ((code >> 6) & 0x3f))
  }
  appendByte(out, 0x80 | (code & 0x3f))
}

const hexDigits = Buffer.from('0123456789abcdef')

/** Appends text as it stands between the quotes of such a string. */
export function appendEscaped(text: Buffer, length: number, json: boolean, out: CellOutput): void {
  out.ensure(length * 2)
  for (let at = 0; at < length; at++) {
    const byte = text[at] ?? 0
    if (byte === quote || byte === backslash) {
      appendByte(out, backslash)
      appendByte(out, byte)
    } else if (json && byte < 0x20) {
      appendByte(out, backslash)
      for (const code of [0x75, 0x30, 0x30]) appendByte(out, code)
      appendByte(out, hexDigits[byte >> 4] ?? 0x30)
      appendByte(out, hexDigits[byte & 15] ?? 0x30)
    } else appendByte(out, byte)
  }
}
