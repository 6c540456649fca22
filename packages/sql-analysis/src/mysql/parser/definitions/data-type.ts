/** Column and variable types. MySQL manual, "Data Types"; MariaDB documentation, "Data Types". */
import { readText } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'

const INTEGERS = new Set('tinyint smallint mediumint middleint int integer bigint int1 int2 int3 int4 int8'.split(' '))
const DECIMALS = new Set('real float float4 float8 double decimal numeric fixed dec'.split(' '))
const TEXTS = new Set('char character varchar varcharacter tinytext text mediumtext longtext long'.split(' '))
const NATIONAL = new Set('national nchar nvarchar'.split(' '))
const LENGTHS = new Set('bit binary varbinary year time timestamp datetime blob vector'.split(' '))
const BARE = new Set('bool boolean date json serial tinyblob mediumblob longblob'.split(' '))
const SPATIAL = new Set(
  'geometry geometrycollection geomcollection point linestring polygon multipoint multilinestring multipolygon'.split(
    ' ',
  ),
)

/** Reads a type with its length, signs and character set, and gives its name (`varchar`, `int`, `national char` is `char`); a syntax error where none stands. */
export function readDataType(c: TokenCursor): string {
  const name = c.spelling
  if (INTEGERS.has(name)) {
    c.advance()
    readLength(c)
    readSigns(c)
    return name
  }
  if (DECIMALS.has(name)) {
    c.advance()
    if (name === 'double') c.accept('precision')
    readPrecision(c, name)
    readSigns(c)
    return name
  }
  if (TEXTS.has(name)) {
    c.advance()
    return readTextType(c, name)
  }
  if (NATIONAL.has(name)) {
    c.advance()
    return readNational(c, name)
  }
  if (name === 'enum' || name === 'set') {
    c.advance()
    c.expect('(')
    do readText(c)
    while (c.accept(','))
    c.expect(')')
    readCharacterSet(c)
    return name
  }
  if (LENGTHS.has(name)) {
    c.advance()
    readLength(c, name === 'varbinary')
    if (name === 'year') readSigns(c)
    if (name === 'blob' || name === 'varbinary') readCompressed(c)
    return name
  }
  if (BARE.has(name)) {
    c.advance()
    if (name.endsWith('blob')) readCompressed(c)
    return name
  }
  if (c.isMariadb && (name === 'uuid' || name === 'inet4' || name === 'inet6')) {
    c.advance()
    return name
  }
  if (SPATIAL.has(name)) {
    c.advance()
    if (c.isMariadb && c.accept('(')) {
      c.integer()
      c.expect(')')
    }
    return name
  }
  throw c.error()
}

function readTextType(c: TokenCursor, name: string): string {
  if (name === 'long') {
    if (c.accept('varbinary')) return 'mediumblob'
    if (c.accept('char') || c.accept('character')) c.expect('varying')
    else if (!c.accept('varchar')) c.accept('varcharacter')
    readCharacterSet(c)
    return 'mediumtext'
  }
  const varying = (name === 'char' || name === 'character') && c.accept('varying')
  if (name !== 'tinytext' && name !== 'mediumtext' && name !== 'longtext')
    readLength(c, varying || name.startsWith('varchar'))
  readCompressed(c)
  readCharacterSet(c)
  readCompressed(c)
  if (varying) return 'varchar'
  return name === 'character' ? 'char' : name === 'varcharacter' ? 'varchar' : name
}

function readNational(c: TokenCursor, name: string): string {
  let varying = name === 'nvarchar'
  if (name === 'national') {
    if (c.accept('char') || c.accept('character')) varying = c.accept('varying')
    else if (c.accept('varchar') || c.accept('varcharacter')) varying = true
    else throw c.error()
  } else if (name === 'nchar') {
    varying = c.accept('varying') || c.accept('varchar') || c.accept('varcharacter')
  }
  readLength(c, varying)
  c.accept('binary')
  return varying ? 'varchar' : 'char'
}

/** `(n)`, or nothing where it is not needed. */
function readLength(c: TokenCursor, needed = false): void {
  if (!needed && !c.is('(')) return
  c.expect('(')
  c.integer()
  c.expect(')')
}

/** `(m)`, `(m, d)`, or nothing; DOUBLE and REAL have no `(m)`. */
function readPrecision(c: TokenCursor, type: string): void {
  if (!c.accept('(')) return
  c.integer()
  if (type === 'double' || type === 'real') {
    c.expect(',')
    c.integer()
  } else if (c.accept(',')) c.integer()
  c.expect(')')
}

/** COMPRESSED of MariaDB. MariaDB documentation, "Storage-Engine Independent Column Compression". */
function readCompressed(c: TokenCursor): void {
  if (c.isMariadb && c.accept('compressed') && c.accept('=')) c.name()
}

function readSigns(c: TokenCursor): void {
  while (c.accept('signed') || c.accept('unsigned') || c.accept('zerofill'));
}

/** `CHARACTER SET x`, `CHARSET x`, ASCII, UNICODE, BYTE and BINARY, in either order; or nothing. */
export function readCharacterSet(c: TokenCursor): void {
  for (;;) {
    if (c.acceptPair('character', 'set') || c.acceptPair('char', 'set') || c.accept('charset')) readCharacterSetName(c)
    else if (!(c.accept('ascii') || c.accept('unicode') || c.accept('byte') || c.accept('binary'))) return
  }
}

/** The name of a character set or collation: a word, a string or BINARY. */
export function readCharacterSetName(c: TokenCursor): string {
  if (c.accept('binary')) return 'binary'
  return c.nameOrString()
}
