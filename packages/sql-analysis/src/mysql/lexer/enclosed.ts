import { isSpace, isWordByte } from './byte-classes.ts'

/**
 * Where the optimizer hint begins that stands behind a verb that ends at `from`; -1: there is none. Only white space may stand between;
 * anywhere else it is a comment. MySQL manual, "Optimizer Hints".
 */
export function hintStart(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && isSpace(bytes[at])) at++
  return at + 2 < end && bytes[at] === 0x2f && bytes[at + 1] === 0x2a && bytes[at + 2] === 0x2b ? at : -1
}

/** Where a comment ends (behind its end mark) whose content begins at `from`; -1: nowhere, -2: it holds a NUL. `nests`: it may hold comments, one deep. */
export function commentEnd(bytes: Uint8Array, from: number, end: number, nests: boolean): number {
  let nested = false
  for (let at = from; at < end; at++) {
    const byte = bytes[at]
    if (byte === 0) return -2
    if (at + 1 >= end) break
    if (byte === 0x2a && bytes[at + 1] === 0x2f) {
      at++
      if (!nested) return at + 1
      nested = false
    } else if (nests && !nested && byte === 0x2f && bytes[at + 1] === 0x2a) {
      nested = true
      at++
    }
  }
  return -1
}

/** Where the dollar-quoted string that begins at `start` ends; 0: none begins here, -1: it does not end. */
export function dollarStringEnd(bytes: Uint8Array, start: number, end: number): number {
  let mark = start + 1
  while (mark < end && bytes[mark] !== 0x24 && isWordByte(bytes[mark])) mark++
  if (mark >= end || bytes[mark] !== 0x24) return 0
  const length = mark + 1 - start
  for (let at = bytes.indexOf(0x24, mark + 1); at >= 0 && at + length <= end; at = bytes.indexOf(0x24, at + 1)) {
    let same = 0
    while (same < length && bytes[at + same] === bytes[start + same]) same++
    if (same === length) return at + length
  }
  return -1
}
