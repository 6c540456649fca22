import { isLetter } from './characters.ts'

/** Words to look for before a number. */
export interface ContextWords {
  /** In lower case. */
  readonly words: readonly Buffer[]
  /** 1 for every byte that one of them ends in, in either case. */
  readonly lastBytes: Uint8Array
}

/** Makes lower-case words ready for `namedBefore`. */
export function contextWords(words: readonly string[]): ContextWords {
  const lastBytes = new Uint8Array(256)
  for (const word of words) {
    const last = word.charCodeAt(word.length - 1)
    lastBytes[last] = lastBytes[last & 0xdf] = 1
  }
  return { words: words.map((word) => Buffer.from(word, 'latin1')), lastBytes }
}

/**
 * Whether one of the words ends within `reach` bytes before `at`, in any case, on the same line. `_`, `-`, `.` and blanks in
 * the text are skipped, so that `social_security` is `socialsecurity`.
 */
export function namedBefore(
  source: Buffer,
  at: number,
  start: number,
  { words, lastBytes }: ContextWords,
  reach: number,
): boolean {
  const from = Math.max(start, at - reach)
  for (let index = at - 1; index >= from; index--) {
    const byte = source[index] ?? 0
    if (byte === 0x0a) return false
    if (lastBytes[byte] !== 1) continue
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
