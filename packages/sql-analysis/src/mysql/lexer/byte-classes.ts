import { isUtf8 } from 'node:buffer'

const WORD = 1
const DIGIT = 2
const SPACE = 4
const HEX = 8
const HOST = 16

const classes = new Uint8Array(256)
const add = (from: number, to: number, flag: number): void => {
  for (let byte = from; byte <= to; byte++) classes[byte] = (classes[byte] ?? 0) | flag
}
const LETTERS: readonly (readonly [number, number])[] = [
  [0x41, 0x5a],
  [0x61, 0x7a],
]
for (const [from, to] of LETTERS) add(from, to, WORD | HOST)
for (const [from, to] of LETTERS) add(from, from + 5, to > 0 ? HEX : 0)
add(0x30, 0x39, WORD | DIGIT | HEX | HOST)
add(0x5f, 0x5f, WORD | HOST)
add(0x24, 0x24, WORD | HOST)
add(0x80, 0xff, WORD | HOST)
add(0x2e, 0x2e, HOST)
add(0x09, 0x0d, SPACE)
add(0x20, 0x20, SPACE)

/** A byte of unquoted names: letters, digits, `$`, `_`, and whatever is not ASCII. MySQL manual, "Schema Object Names". */
export const isWordByte = (byte: number | undefined): boolean => ((classes[byte ?? 0] ?? 0) & WORD) !== 0
export const isDigit = (byte: number | undefined): boolean => ((classes[byte ?? 0] ?? 0) & DIGIT) !== 0
/** White space as the servers have it: tab, line feed, vertical tab, form feed, carriage return, space. */
export const isSpace = (byte: number | undefined): boolean => ((classes[byte ?? 0] ?? 0) & SPACE) !== 0
export const isHexDigit = (byte: number | undefined): boolean => ((classes[byte ?? 0] ?? 0) & HEX) !== 0
/** A byte of the unquoted name behind one `@`. */
export const isVariableByte = (byte: number | undefined): boolean => ((classes[byte ?? 0] ?? 0) & HOST) !== 0

/**
 * True: the bytes are UTF-8 without characters beyond U+FFFF, which names cannot hold.
 * MySQL manual, "Schema Object Names".
 */
export function isNameEncoding(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const first = bytes[at] ?? 0
    if (first < 0x80) {
      at++
      continue
    }
    const second = bytes[at + 1] ?? 0
    if (first >= 0xc2 && first <= 0xdf) {
      if (at + 1 >= end || (second & 0xc0) !== 0x80) return false
      at += 2
      continue
    }
    if (first < 0xe0 || first > 0xef || at + 2 >= end) return false
    if ((second & 0xc0) !== 0x80 || ((bytes[at + 2] ?? 0) & 0xc0) !== 0x80) return false
    if (first === 0xe0 && second < 0xa0) return false
    if (first === 0xed && second > 0x9f) return false
    at += 3
  }
  return true
}

/** Why the bytes are no name, in words. Only for bytes that are none. */
export function nameFault(bytes: Uint8Array, start: number, end: number): string {
  return isUtf8(bytes.subarray(start, end))
    ? 'a name with a character beyond U+FFFF, which names cannot hold'
    : 'a name that is not UTF-8'
}
