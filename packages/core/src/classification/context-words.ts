import { isLetter } from './characters.ts'

/** Lower-case words as bytes, for `namedBefore`. */
export function contextWords(words: readonly string[]): readonly Buffer[] {
  return words.map((word) => Buffer.from(word, 'latin1'))
}

/**
 * Whether one of the words ends within `reach` bytes before `at`, in any case, on the same line. `_`, `-`, `.` and blanks in
 * the text are skipped, so that `social_security` is `socialsecurity`.
 */
export function namedBefore(
  source: Buffer,
  at: number,
  start: number,
  words: readonly Buffer[],
  reach: number,
): boolean {
  const from = Math.max(start, at - reach)
  for (let index = at - 1; index >= from; index--) {
    const byte = source[index] ?? 0
    if (byte === 0x0a) return false
    for (const word of words) {
      if ((byte | 0x20) !== word[word.length - 1] || !endsWith(source, index, start, word)) continue
      if (index + 1 === at || isEndOfWord(byte, source[index + 1] ?? 0)) return true
    }
  }
  return false
}

function endsWith(source: Buffer, last: number, from: number, word: Buffer): boolean {
  let at = last
  for (let index = word.length - 1; index >= 0; index--) {
    while (at >= from && isFiller(source[at] ?? 0)) at--
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
