/**
 * Counts the characters (code points) of UTF-8 text; -1 where the bytes are not UTF-8 as RFC 3629 has it:
 * no overlong forms, no surrogates, nothing above U+10FFFF, nothing cut short.
 */
export function countCharacters(source: Buffer, start: number, end: number): number {
  let count = 0
  let at = start
  while (at < end) {
    count++
    if ((source[at] ?? 0) < 0x80) {
      at++
      continue
    }
    const length = characterLength(source, at, end)
    if (length === 0) return -1
    at += length
  }
  return count
}

/** Where the character `count` characters behind `start` begins. The text must be valid and long enough. */
export function skipCharacters(source: Buffer, start: number, count: number): number {
  let at = start
  for (let left = count; left > 0; left--) {
    at++
    while (isContinuation(source[at])) at++
  }
  return at
}

/** Where the last `count` characters before `end` begin. The text must be valid and long enough. */
export function skipCharactersBack(source: Buffer, end: number, count: number): number {
  let at = end
  for (let left = count; left > 0; left--) {
    at--
    while (isContinuation(source[at])) at--
  }
  return at
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

/** The length in bytes of the character beyond ASCII that starts at `at`; 0 where none does. */
function characterLength(source: Buffer, at: number, end: number): number {
  const lead = source[at] ?? 0
  if (lead < 0xc2) return 0
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  if (length === 0 || at + length > end) return 0
  for (let index = at + 1; index < at + length; index++) if (!isContinuation(source[index])) return 0
  const second = source[at + 1] ?? 0
  if (lead === 0xe0 && second < 0xa0) return 0 // overlong
  if (lead === 0xed && second > 0x9f) return 0 // surrogates
  if (lead === 0xf0 && second < 0x90) return 0 // overlong
  if (lead === 0xf4 && second > 0x8f) return 0 // above U+10FFFF
  return length
}
