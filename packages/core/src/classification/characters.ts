/** Characters of UTF-8 text as the detectors see them: what is a digit, what parts groups, what cannot be seen at all. */

const letter = 1
const digit = 2
const base64url = 4
const base64 = 8
const emailLocal = 16
const upperOrDigit = 32

const classes = new Uint8Array(256)
for (const [text, flag] of [
  ['abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', letter | base64url | base64 | emailLocal],
  ['0123456789', digit | base64url | base64 | emailLocal | upperOrDigit],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZ', upperOrDigit],
  ['-_', base64url],
  ['+/', base64],
  ["._%+-'&~", emailLocal],
] as const) {
  for (const character of text) {
    const code = character.charCodeAt(0)
    classes[code] = (classes[code] ?? 0) | flag
  }
}

const has = (byte: number, flags: number): boolean => ((classes[byte] ?? 0) & flags) !== 0

/** ASCII letter. */
export const isLetter = (byte: number): boolean => has(byte, letter)
/** ASCII letter or digit. */
export const isAlphanumeric = (byte: number): boolean => has(byte, letter | digit)
/** ASCII letter, digit or `_`. */
export const isWord = (byte: number): boolean => byte === 0x5f || has(byte, letter | digit)
/** ASCII digit. */
export const isAsciiDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
/** ASCII capital letter or digit. */
export const isUpperOrDigit = (byte: number): boolean => has(byte, upperOrDigit)
/** RFC 4648 section 5, without the padding. */
export const isBase64Url = (byte: number): boolean => has(byte, base64url)
/** RFC 4648 section 4, without the padding. */
export const isBase64 = (byte: number): boolean => has(byte, base64)
/** What the part of an address before the `@` is made of in practice (RFC 5322 allows more). */
export const isEmailLocal = (byte: number): boolean => has(byte, emailLocal)
/** Hexadecimal digit. */
export const isHex = (byte: number): boolean => isAsciiDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)

/** The byte at `at` where it is inside [start, end), else 0. */
export function byteIn(source: Buffer, at: number, start: number, end: number): number {
  return at >= start && at < end ? (source[at] ?? 0) : 0
}

/**
 * The decimal digit at `at` as `value * 8 + length in bytes`; -1 where there is none. Knows ASCII, full-width,
 * Arabic-Indic (both), Devanagari and the mathematical digits.
 */
export function digitAt(source: Buffer, at: number, end: number): number {
  const first = source[at] ?? 0
  if (first <= 0x39) return first >= 0x30 && at < end ? ((first - 0x30) << 3) | 1 : -1
  if (first < 0xd9 || at + 1 >= end) return -1
  const second = source[at + 1] ?? 0
  if (first === 0xd9) return second >= 0xa0 && second <= 0xa9 ? ((second - 0xa0) << 3) | 2 : -1
  if (first === 0xdb) return second >= 0xb0 && second <= 0xb9 ? ((second - 0xb0) << 3) | 2 : -1
  if (at + 2 >= end) return -1
  const third = source[at + 2] ?? 0
  if (first === 0xef) return second === 0xbc && third >= 0x90 && third <= 0x99 ? ((third - 0x90) << 3) | 3 : -1
  if (first === 0xe0) return second === 0xa5 && third >= 0xa6 && third <= 0xaf ? ((third - 0xa6) << 3) | 3 : -1
  if (first !== 0xf0 || second !== 0x9d || third !== 0x9f || at + 3 >= end) return -1
  const fourth = source[at + 3] ?? 0
  return fourth >= 0x8e && fourth <= 0xbf ? (((fourth - 0x8e) % 10) << 3) | 4 : -1
}

/** Kinds of what `separatorAt` finds. `UNSEEN` has no width: it parts nothing. */
export const UNSEEN = 1
export const BLANK = 2
export const DASH = 3
export const DOT = 4
/** Parentheses and the slash. */
export const OTHER = 5

/** A dash with a blank beside it. `separatorAt` finds them one by one. */
export const SPACED_DASH = 6

/** What may stand between digits of one number, as `kind * 8 + length in bytes`; -1 where it is nothing of the kind. */
export function separatorAt(source: Buffer, at: number, end: number): number {
  if (at >= end) return -1
  const first = source[at] ?? 0
  if (first < 0x80) {
    if (first === 0x20) return (BLANK << 3) | 1
    if (first === 0x2d) return (DASH << 3) | 1
    if (first === 0x2e) return (DOT << 3) | 1
    return first === 0x28 || first === 0x29 || first === 0x2f ? (OTHER << 3) | 1 : -1
  }
  if (at + 1 >= end) return -1
  const second = source[at + 1] ?? 0
  // No-break space; soft hyphen.
  if (first === 0xc2) return second === 0xa0 ? (BLANK << 3) | 2 : second === 0xad ? (UNSEEN << 3) | 2 : -1
  if (first < 0xe2 || at + 2 >= end) return -1
  const kind = wideSeparator(first, second, source[at + 2] ?? 0)
  return kind === 0 ? -1 : (kind << 3) | 3
}

function wideSeparator(first: number, second: number, third: number): number {
  if (first === 0xe2) {
    if (second === 0x80) {
      if (third <= 0x8a || third === 0xaf) return BLANK
      if (third <= 0x8f || (third >= 0xaa && third <= 0xae)) return UNSEEN // zero width, and marks of direction
      return third <= 0x95 ? DASH : 0
    }
    if (second === 0x81) return third === 0x9f ? BLANK : third >= 0xa0 && third <= 0xaf ? UNSEEN : 0
    return second === 0x88 && third === 0x92 ? DASH : 0 // minus sign
  }
  if (first === 0xe3) return second === 0x80 && third === 0x80 ? BLANK : 0
  if (first !== 0xef) return 0
  if (second === 0xbb) return third === 0xbf ? UNSEEN : 0
  return second === 0xbc ? (third === 0x8d ? DASH : third === 0x8e ? DOT : 0) : 0
}

/** Length in bytes of the separator that ends at `at` (exclusive), as `kind * 8 + length`; -1 where there is none. */
export function separatorBefore(source: Buffer, at: number, start: number): number {
  for (let length = 1; length <= 3 && at - length >= start; length++) {
    const found = separatorAt(source, at - length, at)
    if (found !== -1 && (found & 7) === length) return found
  }
  return -1
}

/** Skips characters without width. */
export function skipUnseen(source: Buffer, at: number, end: number): number {
  while (at < end && (source[at] ?? 0) >= 0xc2) {
    const found = separatorAt(source, at, end)
    if (found === -1 || found >> 3 !== UNSEEN) return at
    at += found & 7
  }
  return at
}

/** Whether a word ends at `at`: escapes of a log or of JSON (`\n4111…`) are no letters. */
export function wordEndsAt(source: Buffer, at: number, start: number): boolean {
  const before = byteIn(source, at - 1, start, at)
  if (!isWord(before)) return false
  if (byteIn(source, at - 2, start, at) !== 0x5c) return true
  return before !== 0x6e && before !== 0x74 && before !== 0x72 && before !== 0x62 && before !== 0x66
}

/** Whether the word that ends at `at` (exclusive) holds a digit. Looks at 40 bytes. */
export function codeEndsAt(source: Buffer, at: number, start: number): boolean {
  for (let index = at - 1; index >= start && index > at - 40; index--) {
    const byte = source[index] ?? 0
    if (isAsciiDigit(byte)) return true
    if (!isLetter(byte)) return false
  }
  return false
}

/** Whether the word that begins at `at` holds a digit. Looks at 40 bytes. */
export function codeBeginsAt(source: Buffer, at: number, end: number): boolean {
  for (let index = at; index < end && index < at + 40; index++) {
    const byte = source[index] ?? 0
    if (isAsciiDigit(byte)) return true
    if (!isLetter(byte)) return false
  }
  return false
}

/** Whether the word stands at `at`, inside `end`. */
export function matches(source: Buffer, at: number, end: number, word: Buffer): boolean {
  if (at + word.length > end) return false
  for (let index = 0; index < word.length; index++) if (source[at + index] !== word[index]) return false
  return true
}
