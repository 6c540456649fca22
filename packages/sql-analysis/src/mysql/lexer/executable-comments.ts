import type { Dialect } from '../dialect.ts'
import { isDigit } from './byte-classes.ts'

/**
 * What a comment that begins at `start` (its slash) is: -1 a plain comment; else where what it holds begins, negated and one less (so always < -1) where
 * its version keeps the server from running it. MySQL manual, "Comments"; MariaDB documentation, "Comment Syntax".
 */
export function executableComment(bytes: Uint8Array, start: number, end: number, dialect: Dialect): number {
  const mariadb = dialect.flavour === 'mariadb'
  const ofMariadb = bytes[start + 2] === 0x4d && bytes[start + 3] === 0x21
  if (ofMariadb ? !mariadb || start + 3 >= end : bytes[start + 2] !== 0x21 || start + 2 >= end) return -1
  const content = start + (ofMariadb ? 4 : 3)
  let digits = 0
  let version = 0
  while (digits < 6 && content + digits < end && isDigit(bytes[content + digits])) {
    version = version * 10 + (bytes[content + digits] ?? 0) - 0x30
    digits++
  }
  // Fewer digits than five are no version: they belong to what runs.
  if (digits < 5) return content
  const runs = version <= dialect.version && (!mariadb || ofMariadb || version < 50700 || version > 99999)
  return runs ? content + digits : -(content + digits) - 1
}
