import type { Dialect } from '../dialect.ts'
import { isDigit, isSpace } from './byte-classes.ts'
import { TextError } from './text-error.ts'

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
  while (digits < 6 && content + digits < end && isDigit(bytes[content + digits])) digits++
  // Fewer digits than five are no version: they belong to what runs.
  if (digits < 5) return content
  if (digits === 6 && !mariadb) {
    // Releases before 9 differ in how many digits they read.
    if (dialect.version < 90000)
      throw new TextError('SYNTAX_ERROR', start, 'an executable comment whose version has six digits')
    // The sixth digit of MySQL is one only before white space: else it belongs to what runs.
    if (content + 6 >= end || !isSpace(bytes[content + 6])) digits = 5
  }
  let version = 0
  for (let at = content; at < content + digits; at++) version = version * 10 + (bytes[at] ?? 0) - 0x30
  const runs = version <= dialect.version && (!mariadb || ofMariadb || version < 50700 || version > 99999)
  return runs ? content + digits : -(content + digits) - 1
}
