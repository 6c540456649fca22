import { isUtf8 } from 'node:buffer'

/** What stands in a shape for a literal: bytes that no text in the plain subset holds. */
export const integerMark = 0x01
export const floatMark = 0x02
export const stringMark = 0x03

/** Byte classes. `word` starts an identifier (from 0x80 on too); `plain` is copied as it is; `refused` leaves the subset. */
const refused = 0
const plain = 1
const word = 2
const digit = 3
const quoted = 4
const text = 5
const dollar = 6
const minus = 7
const slash = 8

const classes = new Uint8Array(256).fill(refused)
for (const character of ' \t\n\r\f\v~!@#^&|`?+*%<>=()[],;:.') classes[character.charCodeAt(0)] = plain
for (let byte = 0x80; byte < 0x100; byte++) classes[byte] = word
for (let byte = 0x61; byte <= 0x7a; byte++) classes[byte] = classes[byte - 0x20] = word
for (let byte = 0x30; byte <= 0x39; byte++) classes[byte] = digit
classes[0x5f] = word
classes[0x22] = quoted
classes[0x27] = text
classes[0x24] = dollar
classes[0x2d] = minus
classes[0x2f] = slash

/** 1 where a byte may stand inside an identifier. */
const inWord = new Uint8Array(256)
for (let byte = 0; byte < 0x100; byte++) {
  if (classes[byte] === word || classes[byte] === digit || byte === 0x24) inWord[byte] = 1
}

/** 1 where a byte right after a number, a parameter or before a string could make another token of it. */
const gluing = new Uint8Array(inWord)
gluing[0x22] = gluing[0x27] = gluing[0x2e] = 1

/** 1 inside a string literal for the bytes that need a look: the quote, the backslash, NUL, and every byte from 0x80. */
const endsText = new Uint8Array(256)
for (let byte = 0x80; byte < 0x100; byte++) endsText[byte] = 1
endsText[0x27] = endsText[0x5c] = endsText[0] = 1

/** Greatest value of the token ICONST (PostgreSQL's `int4`); a number beyond it is an FCONST. */
const greatestInteger = 2147483647
const prime = 16777619
const offsetBasis = 0x811c9dc5 | 0

/**
 * Takes the literals out of a text, over bytes, without a string or an object made. It reads the *plain subset* alone, where that
 * is provably what PostgreSQL's scanner sees: decimal numbers, `'…'` strings without backslash, doubled quote or continuation, no
 * comment, no dollar quote, no prefixed string. For anything else `scan` answers -1.
 *
 * INVARIANT: two texts of one shape give the same tokens but for the values of ICONST, FCONST and SCONST tokens, each of which
 * keeps its kind (tested against the scanner itself).
 */
export class ShapeLexer {
  /** The shape found last: its first bytes, as many as `scan` answered. */
  shape: Buffer = Buffer.allocUnsafeSlow(4096)
  /** FNV-1a of that shape, 32 bits signed. */
  hash = 0

  /** Length of the shape of `bytes[start, end)`, or -1. `literals`, where given, receives the offset of each literal from `start`. */
  scan(bytes: Buffer, start: number, end: number, literals: number[] | null = null): number {
    // A shape is never longer than its text.
    if (end - start > this.shape.length) this.shape = Buffer.allocUnsafeSlow(2 * (end - start))
    const shape = this.shape
    let length = 0
    let hash = offsetBasis
    let at = start
    let afterString = false
    while (at < end) {
      let byte = bytes[at] ?? 0
      switch (classes[byte]) {
        case word:
          afterString = false
          do {
            shape[length++] = byte
            hash = Math.imul(hash ^ byte, prime)
            at++
            if (at === end) break
            byte = bytes[at] ?? 0
          } while (inWord[byte] === 1)
          continue
        case digit: {
          if (at > start && gluing[bytes[at - 1] ?? 0] === 1) return -1
          literals?.push(at - start)
          let value = 0
          do {
            value = value * 10 + (byte - 0x30)
            at++
            byte = at === end ? 0 : (bytes[at] ?? 0)
          } while (classes[byte] === digit)
          let mark = value > greatestInteger ? floatMark : integerMark
          if (byte === 0x2e) {
            mark = floatMark
            at++
            if (at === end || classes[bytes[at] ?? 0] !== digit) return -1
            do at++
            while (at < end && classes[bytes[at] ?? 0] === digit)
            byte = at === end ? 0 : (bytes[at] ?? 0)
          }
          if (gluing[byte] === 1) return -1
          afterString = false
          shape[length++] = mark
          hash = Math.imul(hash ^ mark, prime)
          continue
        }
        case text: {
          // After a string: a doubled quote, or a continuation. After a letter or `&`: a prefix.
          if (afterString || (at > start && (gluing[bytes[at - 1] ?? 0] === 1 || bytes[at - 1] === 0x26))) return -1
          literals?.push(at - start)
          const after = endOfText(bytes, at + 1, end)
          if (after === -1) return -1
          at = after
          afterString = true
          shape[length++] = stringMark
          hash = Math.imul(hash ^ stringMark, prime)
          continue
        }
        case quoted:
          // U&"…" holds escapes, and UESCAPE may follow it.
          if (at > start && bytes[at - 1] === 0x26) return -1
          do {
            shape[length++] = byte
            hash = Math.imul(hash ^ byte, prime)
            at++
            if (at === end) return -1
            byte = bytes[at] ?? 0
            if (byte < 0x20) return -1
          } while (byte !== 0x22)
          afterString = false
          break
        case dollar:
          // A parameter keeps its number; a dollar quote leaves the subset.
          do {
            shape[length++] = byte
            hash = Math.imul(hash ^ byte, prime)
            at++
            byte = at === end ? 0 : (bytes[at] ?? 0)
          } while (classes[byte] === digit)
          if (classes[bytes[at - 1] ?? 0] !== digit || gluing[byte] === 1) return -1
          afterString = false
          continue
        case minus:
          if (at + 1 < end && bytes[at + 1] === 0x2d) return -1
          afterString = false
          break
        case slash:
          if (at + 1 < end && bytes[at + 1] === 0x2a) return -1
          afterString = false
          break
        case plain:
          if (byte !== 0x20 && (byte > 0x0d || byte < 0x09)) afterString = false
          break
        default:
          return -1
      }
      shape[length++] = byte
      hash = Math.imul(hash ^ byte, prime)
      at++
    }
    this.hash = hash
    return length
  }
}

/** Offset after the closing quote; -1 when the string is not plain, not closed, or not UTF-8. */
function endOfText(bytes: Buffer, from: number, end: number): number {
  let ascii = true
  for (let at = from; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (endsText[byte] === 0) continue
    if (byte >= 0x80) {
      ascii = false
      continue
    }
    if (byte !== 0x27) return -1
    return ascii || isUtf8(bytes.subarray(from, at)) ? at + 1 : -1
  }
  return -1
}
