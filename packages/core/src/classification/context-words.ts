import { isLetter } from './characters.ts'

/** Words to look for before a number, by the byte they end in, in either case. */
export type ContextWords = readonly (readonly Buffer[] | undefined)[]

/** Makes lower-case words ready for `namedBefore`. */
export function contextWords(words: readonly string[]): ContextWords {
  const byLast: Buffer[][] = []
  for (const word of words) {
    const last = word.charCodeAt(word.length - 1)
    for (const byte of [last, last & 0xdf]) (byLast[byte] ??= []).push(Buffer.from(word, 'latin1'))
  }
  return Array.from({ length: 256 }, (_, byte) => byLast[byte])
}

/**
 * Whether one of the words ends within `reach` bytes before `at`, in any case, on the same line. `_`, `-`, `.` and blanks in
 * the text are skipped, so that `social_security` is `socialsecurity`.
 */
export function namedBefore(source: Buffer, at: number, start: number, byLast: ContextWords, reach: number): boolean {
  const from = Math.max(start, at - reach)
  for (let index = at - 1; index >= from; index--) {
    const byte = source[index] ?? 0
    if (byte === 0x0a) return false
    const words = byLast[byte]
    if (words === undefined || (index + 1 < at && !isEndOfWord(byte, source[index + 1] ?? 0))) continue
    for (const word of words) if (endsWith(source, index, start, word)) return true
  }
  return false
}

function endsWith(source: Buffer, last: number, from: number, word: Buffer): boolean {
  let at = last
  for (let index = word.length - 1; index >= 0; index--) {
    for (let skipped = 0; skipped < 3 && at >= from && isFiller(source[at] ?? 0); skipped++) at--
    if (at < from || ((source[at] ?? 0) | 0x20) !== word[index]) return false
    at--
  }
  // Not the tail of another word: `lessn`; but `customer_ssn` and `userSsn` are.
  const before = at >= from ? (source[at] ?? 0) : 0
  const first = source[at + 1] ?? 0
  const isLower = before >= 0x61 && before <= 0x7a
  return !isLower || (first >= 0x41 && first <= 0x5a)
}

/** `sms` ends in `sms:` and `smsNumber`, not in `smsl`. */
function isEndOfWord(last: number, next: number): boolean {
  if (!isLetter(next)) return true
  return last >= 0x61 && next < 0x61
}

function isFiller(byte: number): boolean {
  return byte === 0x20 || byte === 0x5f || byte === 0x2d || byte === 0x2e
}
