import type { Keyword } from '../../lexer/keywords.ts'
import { TokenKind } from '../../lexer/tokens.ts'
import type { TokenCursor } from '../token-cursor.ts'

const SPATIAL: readonly Keyword[] = [
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
  'geometry',
]
const PLAIN: readonly Keyword[] = [
  'binary',
  'date',
  'time',
  'datetime',
  'decimal',
  'dec',
  'json',
  'year',
  'vector',
  ...SPATIAL,
]
const MARIADB: readonly Keyword[] = ['varchar', 'varbinary', 'int', 'integer', 'numeric', 'uuid', 'inet6', 'interval']

/** A type that a value can be cast to; its first word, lower case (`char`, `signed` …). MySQL manual, "Cast Functions and Operators". */
export function castType(cursor: TokenCursor): string {
  const spatial = cursor.isMariadb ? null : cursor.acceptAny(SPATIAL)
  if (spatial !== null) return spatial
  if (cursor.acceptAny(['char', 'character', 'nchar']) !== null) {
    cursor.accept('varying')
    lengths(cursor)
    characterSet(cursor)
    return 'char'
  }
  if (cursor.accept('national')) {
    if (cursor.acceptAny(['char', 'character']) === null) throw cursor.error()
    lengths(cursor)
    return 'char'
  }
  const sign = cursor.acceptAny(['signed', 'unsigned'])
  if (sign !== null) {
    cursor.acceptAny(['int', 'integer'])
    return sign
  }
  const real = cursor.acceptAny(['double', 'real', 'float'])
  if (real !== null) {
    if (real === 'double') cursor.accept('precision')
    if (cursor.isMariadb) lengths(cursor)
    else if (real === 'float' && cursor.accept('(')) {
      cursor.integer()
      cursor.expect(')')
    }
    return real
  }
  const plain = cursor.acceptAny(PLAIN) ?? (cursor.isMariadb ? cursor.acceptAny(MARIADB) : null)
  if (plain !== null) {
    if (plain === 'interval') cursor.acceptAny(['day_second'])
    lengths(cursor)
    if (plain === 'varchar') characterSet(cursor)
    return plain
  }
  // MariaDB's types of plugins are plain names.
  if (cursor.isMariadb && cursor.kind === TokenKind.word && cursor.isName) return cursor.name().toLowerCase()
  throw cursor.error()
}

/** `(n)` and `(n, m)`; nothing where there is none. */
function lengths(cursor: TokenCursor): void {
  if (!cursor.accept('(')) return
  cursor.integer()
  if (cursor.accept(',')) cursor.integer()
  cursor.expect(')')
}

/** CHARACTER SET name and its short forms; nothing where there is none. Also `BINARY` in the places the manual has it. */
export function characterSet(cursor: TokenCursor): void {
  cursor.accept('binary')
  if (cursor.accept('charset') || cursor.acceptPair('character', 'set') || cursor.acceptPair('char', 'set'))
    characterSetName(cursor)
  else cursor.acceptAny(['ascii', 'unicode', 'byte'])
  cursor.accept('binary')
}

/** Name of a character set, lower case. */
export function characterSetName(cursor: TokenCursor): string {
  if (cursor.accept('binary')) return 'binary'
  return cursor.nameOrString().toLowerCase()
}
