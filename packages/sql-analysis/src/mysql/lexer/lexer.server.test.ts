import { Buffer } from 'node:buffer'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openSession } from '../../../../../test/servers/mysql.ts'
import { dialectOf, type Dialect } from '../dialect.ts'
import { canonicalText } from '../parser/canonical.ts'
import { parseText } from '../parser/parse-text.ts'
import { Lexer } from './lexer.ts'
import { Tokens } from './tokens.ts'

/** The lexer held against the scanners of real servers. */

type Connection = Awaited<ReturnType<typeof openSession>>

const MODES = [
  '',
  'ANSI_QUOTES',
  'NO_BACKSLASH_ESCAPES',
  'IGNORE_SPACE',
  'PIPES_AS_CONCAT',
  'HIGH_NOT_PRECEDENCE',
] as const

/** Texts at the edges of tokens; many are no SQL. */
const EDGES: readonly string[] = [
  'SELECT !!1',
  'SELECT 2>!0',
  'SELECT 2>!!0',
  'SELECT 2=!0',
  'SELECT 1<!0',
  'SELECT 1<>!0',
  'SELECT 1!=!0',
  'SELECT 1<=!0',
  'SELECT 1=-1',
  'SELECT 1=~1',
  'SELECT 1<<>2',
  'SELECT 1>=!0',
  'SELECT 1=>2',
  'SELECT 1==1',
  'SELECT 1=<1',
  'SELECT 1 = > 1',
  'SELECT !(1)',
  'SELECT ! !1',
  'SELECT -!1',
  'SELECT !-1',
  'SELECT - -1',
  'SELECT --1',
  'SELECT -+1',
  'SELECT ~!1',
  'SELECT 1--1',
  'SELECT 1-- 1',
  'SELECT 1 --\u00011',
  'SELECT 1.e',
  'SELECT 1.e+1',
  'SELECT 1.e+(1)',
  'SELECT 1.e*1',
  'SELECT 1.e,1',
  'SELECT 1.e1',
  'SELECT 1.ex',
  'SELECT 1e',
  'SELECT 1e+',
  'SELECT 1 AS 1e',
  'SELECT 1.e FROM t',
  'SELECT (1.e)',
  'SELECT 1.e)',
  'SELECT 1.e@a',
  'SELECT 1.e-1',
  'SELECT 1.e- 1',
  'SELECT 1.e;',
  'SELECT 1.e.1',
  "SELECT 1.e'a'",
  'SELECT 1.e"a"',
  'SELECT 1.e`a`',
  'SELECT 1.E(1)',
  'SELECT .1e(1)',
  'SELECT 0.5e(1)',
  'SELECT 1.e /1',
  'SELECT 1.e/1',
  'SELECT 1.e%1',
  'SELECT 1.e&1',
  'SELECT 1.e|1',
  'SELECT 1.e^1',
  'SELECT 1.e~1',
  "SELECT 1.e{d '2020-01-01'}",
  'SELECT 1.e:1',
  'SELECT 1.e?',
  'SELECT 1.e=1',
  'SELECT 1.e<1',
  'SELECT @',
  'SELECT @ a',
  'SELECT @@version',
  'SELECT @@ version',
  'SELECT @@`version`',
  'SELECT @@"version"',
  "SELECT @@'version'",
  'SELECT @@global.version',
  'SELECT @@global .version',
  'SELECT @@global. version',
  'SELECT @@global . `version`',
  'SELECT @@select',
  'SELECT @@global.select',
  'SELECT @a.b',
  'SELECT @a.b.c',
  'SELECT @$a',
  'SELECT @1a',
  'SELECT @\u00e9',
  'SELECT @`\u00e9`',
  "SELECT @''",
  'SELECT @``',
  'SELECT @"a"',
  'SELECT @a:=1',
  'SELECT @a :=1',
  'SELECT @a : = 1',
  'SELECT @a=1',
  'SELECT @_x',
  'SELECT $a',
  'SELECT $1',
  'SELECT $$a$$',
  'SELECT $a$b',
  'SELECT a$b FROM t',
  'SELECT $a$ x $a$',
  'SELECT 1 AS $$',
  'SELECT 1 AS a$',
  "SELECT N'a'",
  'SELECT n"a"',
  "SELECT N 'a'",
  "SELECT _utf8mb4'a'",
  "SELECT _utf8mb4 'a'",
  'SELECT _utf8mb4"a"',
  "SELECT _foo'a'",
  'SELECT _utf8mb4 0x41',
  'SELECT _utf8mb4 1',
  'SELECT _latin1',
  'SELECT _latin1 FROM t',
  'SELECT 1 _latin1',
  'SELECT 1 AS _latin1',
  "SELECT _UTF8 x'41'",
  "SELECT _binary b'1'",
  "SELECT _utf8'a' 'b'",
  "SELECT _utf8'a' _utf8'b'",
  "SELECT 'a' N'b'",
  "SELECT N'a' 'b'",
  "SELECT x'41' 'b'",
  "SELECT 'a' x'41'",
  'SELECT 0x',
  'SELECT 0x4',
  'SELECT 0x4g',
  'SELECT 0X41',
  'SELECT 0b',
  'SELECT 0b2',
  "SELECT x'4'",
  "SELECT X'4G'",
  "SELECT b'12'",
  "SELECT B'1'",
  "SELECT x '41'",
  'SELECT \\N',
  'SELECT \\n',
  'SELECT 1\\',
  'SELECT NULL',
  'SELECT 1;',
  'SELECT 1;;',
  ';',
  '',
  'SELECT 1 ;  ',
  'SELECT 1 /*',
  'SELECT 1 /**/',
  'SELECT 1 /*/',
  'SELECT 1 /*!*/',
  'SELECT 1 /*! */',
  'SELECT 1 /*!',
  'SELECT 1 /*!;*/',
  'SELECT 1 /*!99999 x */',
  'SELECT 1 /*!99999*/',
  'SELECT /*!50000 1*/',
  'SELECT /*!500001*/',
  'SELECT /*!5000 1*/',
  'SELECT /*! /*! 1 */ */',
  'SELECT /*! 1 /* x */ */',
  'SELECT /*!99999 1 /* x */ */ 2',
  'SELECT /*!999999 1 /* x /* y */ */ 2',
  'SELECT /*M!100000 1*/',
  'SELECT 1/*M!,2*/',
  'SELECT 1/*m!,2*/',
  'SELECT /*!100100 1 */',
  'SELECT /*!101120 1 */ 2',
  'SELECT /*!90700 1 */',
  'SELECT /*!90705 1 */ 2',
  'SELECT /*!090704 1 */',
  'SELECT /*!090705 1 */ 3',
  'SELECT /*!1000000 1 */ 3',
  'SELECT /*!0907041 */ 3',
  'SELECT /*!80000-1*/',
  'SELECT */ 1',
  'SELECT 1 */ 2',
  'SELECT 2*/*x*/3',
  'SELECT 2 /*!*/*/ 3',
  'SELECT 1 # x',
  'SELECT 1 # x\r2',
  'SELECT 1 #x\n+2',
  'SELECT 1 -- x\r\n+2',
  'SELECT\u000b1',
  'SELECT\f1',
  'SELECT\u00a01',
  'SELECT\u00001',
  'SELECT 1 -- \u0000\n+1',
  'SELECT 1 /* \u0000 */',
  "SELECT '\u0000'",
  'SELECT `\u0000`',
  'SELECT 1 \u0085',
  'SELECT 1\u001f',
  'SELECT 1\u007f',
  'SELECT 1 \u2003',
  'SELECT count(*)',
  'SELECT count (*)',
  'SELECT count/**/(*)',
  'SELECT sum (1)',
  'SELECT avg (1)',
  'SELECT now ()',
  'SELECT now/**/()',
  'SELECT count',
  'SELECT max (1)',
  'SELECT 1 AS count',
  'SELECT 1 count',
  'SELECT group_concat (1)',
  'SELECT cast (1 as char)',
  'SELECT substring (1,1)',
  'SELECT trim (1)',
  'SELECT extract (year from 1)',
  'SELECT position (1 in 2)',
  'SELECT curdate ()',
  'SELECT curdate',
  'SELECT json_arrayagg (1)',
  'SELECT std (1)',
  'SELECT user ()',
  'SELECT user',
  'SELECT date_add (1, interval 1 day)',
  'SELECT database ()',
  'SELECT st_collect (1)',
  'SELECT row_number () over ()',
  "SELECT 'a' 'b'",
  "SELECT 'a''b'",
  "SELECT 'a'\n'b'",
  "SELECT 'a'/**/'b'",
  'SELECT "a" \'b\'',
  'SELECT "a""b"',
  "SELECT 'a\\'b'",
  "SELECT 'a\\",
  "SELECT '\\\\'",
  "SELECT 'a' AS 'b'",
  "SELECT 1 'b'",
  'SELECT 1 "b"',
  'SELECT 1 AS "b"',
  "SELECT 1 AS 'b' 'c'",
  "SELECT 'a' b",
  "SELECT 'a' AS select",
  'SELECT 1 AS `select`',
  'SELECT `a``b`',
  'SELECT ``',
  'SELECT ` `',
  'SELECT `a',
  'SELECT `a`.`b`.`c`.`d`',
  'SELECT a.b.c.d',
  'SELECT .a',
  'SELECT .a.b',
  'SELECT ..a',
  'SELECT a.',
  'SELECT a .b',
  'SELECT a. b',
  'SELECT a . b',
  'SELECT a.select',
  'SELECT a. select',
  'SELECT select.a',
  'SELECT from.a FROM t',
  'SELECT t.1a',
  'SELECT t.1',
  'SELECT `t`.1a',
  'SELECT 1a',
  'SELECT 1a.b',
  'SELECT t.1e1',
  'SELECT 1e1.a',
  'SELECT a.*',
  'SELECT a.b.*',
  'SELECT a .*',
  'SELECT a. *',
  'SELECT *,a FROM t',
  'SELECT a,* FROM t',
  'SELECT *.a FROM t',
  'SELECT * a FROM t',
  'SELECT a.* b FROM t',
  'SELECT (*)',
  'SELECT count(a.*)',
  'SELECT count(DISTINCT *)',
  "SELECT {d '2020-01-01'}",
  'SELECT {x 1}',
  'SELECT {fn now()}',
  'SELECT {`x` 1}',
  'SELECT {select 1}',
  'SELECT {1}',
  'SELECT * FROM {oj t}',
  'SELECT * FROM {OJ t JOIN t u}',
  'SELECT * FROM {x t}',
  'SELECT ?',
  'SELECT ?a',
  'SELECT ? a',
  'SELECT a?',
  'SELECT 1?',
  'SELECT ?+?',
  'SELECT ??',
  "SELECT `?`,'?'",
  'SELECT :a',
  'SELECT 1 :=2',
  'SELECT a:=1',
  'SELECT 1 && 2',
  'SELECT 1 & & 2',
  'SELECT 1||2',
  'SELECT 1 | | 2',
  'SELECT 1 <=> 2',
  'SELECT 1 < = 2',
  'SELECT 1 ! = 2',
  'SELECT 1 <=>= 2',
  'SELECT 1 ->2',
  "SELECT a->'$.b'",
  'SELECT a->"$.b"',
  'SELECT a->b',
  "SELECT a->>'$.b'",
  'SELECT a->1',
  'SELECT a - > 1',
  "SELECT (a)->'$'",
  "SELECT a.b->'$'",
  "SELECT a->'$'->'$'",
  "SELECT f()->'$'",
  "SELECT @a->'$'",
  "SELECT a->_utf8'$'",
]

/** What the servers take and we refuse, on purpose: bytes and names that two readers may see differently, and a scanner's slips. */
const REFUSED: ReadonlySet<string> = new Set([
  'SELECT !!1',
  'SELECT 1.e@a',
  'SELECT 1.e~1',
  "SELECT 1.e{d '2020-01-01'}",
  'SELECT 1.e?',
  'SELECT @``',
  'SELECT ``',
  'SELECT 1 /* \u0000 */',
])

/** What we read and a server refuses: harmless. */
const TAKEN: ReadonlySet<string> = new Set(["SELECT @''"])

/** Texts with a value, most of them with comments of which a version decides. */
const VALUES: readonly string[] = [
  'SELECT !!1',
  'SELECT !!0',
  'SELECT !!!1',
  'SELECT ! !1',
  'SELECT 2>!!0',
  'SELECT 1.e@a',
  'SELECT 1.e~1',
  'SELECT /*!500001*/',
  'SELECT /*!50000 1*/',
  'SELECT /*!0907041 */ 3',
  'SELECT /*!090704 1 */',
  'SELECT /*!0907041*/',
  'SELECT 5/*!100000 -1 */',
  'SELECT 5/*!100000-1 */',
  'SELECT 5/*!100000\t-1 */',
  'SELECT 5/*!100000*/',
  'SELECT 5/*!99999 -1 */',
  'SELECT 5/*!99999-1 */',
  'SELECT 5/*!999999-1 */',
  'SELECT 5/*!1000001*/',
  'SELECT 5 -/*!1000001*/',
  'SELECT 5/*!80000-1*/',
  'SELECT 5/*!080000-1*/',
  'SELECT 5/*!080000 -1*/',
  'SELECT 5/*!0800001*/',
  'SELECT 5 - /*!0800001*/',
  'SELECT 5 /*!90704-1*/',
  'SELECT 5 /*!90705-1*/',
  'SELECT 5 /*!90705 -1*/',
  'SELECT 5 /*!090705-1*/',
  'SELECT 5 /*!090705 -1*/',
  'SELECT 5 /*!123456*/',
  'SELECT 5 /*!12345 */',
  'SELECT 5- /*!123456*/',
  'SELECT 5- /*!1234567*/',
  'SELECT 5 - /*!12345 1*/',
  'SELECT 5 - /*!5070011*/',
  'SELECT 5 /*!050700 -1*/',
  'SELECT 5 /*!050699 -1*/',
  'SELECT 5 /*!50699 -1*/',
  'SELECT 5 /*!101119 -1*/',
  'SELECT 5 /*!101120 -1*/',
  'SELECT 5 /*!1011191*/',
  'SELECT 5 /*M!50700 -1*/',
  'SELECT 5 /*M!999999 -1*/',
  'SELECT 5 /*M!99999 -1*/',
  'SELECT 5 /*!M -1*/',
  'SELECT 5 /*M! -1*/',
  'SELECT 5 /*!\n-1*/',
  'SELECT 5 /*!00000-1*/',
  'SELECT 5 /*!000000-1*/',
  'SELECT 5 /*!00000 0-1*/',
  'SELECT 5 /*!1-1*/',
  'SELECT 5-/*!1-1*/',
  'SELECT 5 /*!999999 /*!999999 -1 */ -2 */',
  'SELECT 5 /*!999999 /* */ -2 */',
  'SELECT 5 /*!999999 -- */ -2 ',
  "SELECT 5 /*!999999 '*/ -2 ",
  'SELECT 5 /*! /*!80000 -1 */',
  'SELECT 5 /*! /*!80000 -1 */ */',
  'SELECT 5 /*! -1 /*!999999 -1 */ -1 */',
  'SELECT 5 /*! -1 /* -1 */ -1 */',
  'SELECT 5 /*! -1 # x */ \n -1 */',
  'SELECT 5 /*! -1 -- x */ \n -1 */',
  "SELECT 5 /*! - '*/' -1 */",
]

describe.each([
  { flavour: 'mysql', found: inject('servers').mysql9 },
  { flavour: 'mariadb', found: inject('servers').mariadb10 },
] as const)('texts as $flavour reads them', ({ flavour, found }) => {
  const version = { flavour, version: 0 }
  let session: Connection

  beforeAll(async () => {
    if ('absent' in found) return
    session = await openSession(found.address.url)
    await session.query("SET NAMES utf8mb4, sql_mode = ''")
    await session.query('CREATE DATABASE IF NOT EXISTS edges')
    await session.query('USE edges')
    const [rows] = await session.query('SELECT VERSION() AS version')
    const [major = 0, minor = 0, patch = 0] = JSON.stringify(rows).match(/\d+/g)?.map(Number) ?? []
    version.version = major * 10_000 + minor * 100 + patch
  })
  afterAll(async () => {
    if ('absent' in found) return
    await session.query('DROP DATABASE edges')
    await session.end()
  })

  test.skipIf('absent' in found).each(MODES)('at the edges of tokens, under sql_mode %j', async (mode) => {
    if ('absent' in found) return
    // The driver keeps prepared statements by their text, whatever the mode: a session for each.
    const own = await openSession(found.address.url)
    await own.query(`SET NAMES utf8mb4, sql_mode = '${mode}'`)
    await own.query('USE edges')
    const dialect = dialectOf(version, mode)
    const differ: { readonly text: string; readonly taken: boolean }[] = []
    for (const text of EDGES) {
      const taken = await takes(own, text)
      if (taken !== reads(text, dialect) && !(taken ? REFUSED : TAKEN).has(text)) differ.push({ text, taken })
    }
    await own.end()
    expect(differ).toEqual([])
  })

  test.skipIf('absent' in found)('their canonical form has the same value', async () => {
    await session.query("SET sql_mode = ''")
    const dialect = dialectOf(version, '')
    const tokens = new Tokens()
    let read = 0
    for (const text of VALUES) {
      const bytes = Buffer.from(text)
      const value = await valueOf(session, text)
      if (!reads(text, dialect)) {
        if (value !== null) expect(REFUSED.has(text) || text.startsWith('SELECT !!'), text).toBe(true)
        continue
      }
      read++
      new Lexer(tokens, dialect, 1000).read(bytes, 0, bytes.length)
      const canonical = canonicalText(bytes, tokens).toString()
      expect(await valueOf(session, canonical), `${text} as ${canonical}`).toBe(value)
    }
    expect(read).toBeGreaterThan(30)
  })
})

function reads(text: string, dialect: Dialect): boolean {
  const bytes = Buffer.from(text)
  const parsed = parseText(bytes, 0, bytes.length, dialect)
  return 'statements' in parsed && parsed.statements.length > 0
}

/** False: the server says that the text is no SQL, or empty. What it says else comes after its parser. */
async function takes(session: Connection, text: string): Promise<boolean> {
  try {
    const statement = await session.prepare(text)
    await statement.close()
    return true
  } catch (error) {
    const number = errorNumber(error)
    return number !== 1064 && number !== 1065
  }
}

async function valueOf(session: Connection, text: string): Promise<string | null> {
  try {
    const [rows] = await session.query({ sql: text, rowsAsArray: true })
    return JSON.stringify(rows)
  } catch {
    return null
  }
}

function errorNumber(error: unknown): number {
  return typeof error === 'object' && error !== null && 'errno' in error ? Number(error.errno) : 0
}
