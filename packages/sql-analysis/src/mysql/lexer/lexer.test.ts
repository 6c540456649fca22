import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import type { Dialect } from '../dialect.ts'
import { Lexer } from './lexer.ts'
import { SPELLINGS } from './keywords.ts'
import { TextError } from './text-error.ts'
import { TokenKind, Tokens } from './tokens.ts'

const MYSQL: Dialect = {
  flavour: 'mysql',
  version: 90700,
  ansiQuotes: false,
  noBackslashEscapes: false,
  pipesAsConcat: false,
  ignoreSpace: false,
  highNotPrecedence: false,
  oracle: false,
}
const MARIADB: Dialect = { ...MYSQL, flavour: 'mariadb', version: 101114 }
const NAMES = new Map(Object.entries(TokenKind).map(([name, kind]) => [kind as number, name]))

/** Tokens as `kind:text`, keywords and symbols as their spelling. */
function read(sql: string | Uint8Array, dialect: Dialect = MYSQL): string {
  const bytes = Buffer.from(sql)
  const tokens = new Tokens()
  new Lexer(tokens, dialect, 1_000_000).read(bytes, 0, bytes.length)
  const seen: string[] = []
  for (let at = 0; at < tokens.count; at++) {
    const spelling = SPELLINGS[tokens.spellings[at] ?? 0] ?? ''
    const text = bytes.subarray(tokens.starts[at], tokens.ends[at]).toString()
    seen.push(spelling === '' ? `${NAMES.get(tokens.kinds[at] ?? 0)}:${text}` : spelling)
  }
  return seen.join(' ')
}

function code(sql: string | Uint8Array, dialect: Dialect = MYSQL): string {
  try {
    return read(sql, dialect)
  } catch (error) {
    if (error instanceof TextError) return error.code
    throw error
  }
}

describe('comments', () => {
  test('two dashes need white space, a control character or the end behind them', () => {
    expect(read('1 --1')).toBe('integer:1 - - integer:1')
    expect(read('1 -- x\n2')).toBe('integer:1 integer:2')
    expect(read('1 --\t2')).toBe('integer:1')
    expect(read('1 --\u00012')).toBe('integer:1')
    expect(read('1 --')).toBe('integer:1')
  })
  test('# goes to the line feed, not to a carriage return', () => {
    expect(read('1 # x\r2\n3')).toBe('integer:1 integer:3')
  })
  test('executable comments run by flavour and version', () => {
    expect(read('1 /*! 2 */ 3')).toBe('integer:1 integer:2 integer:3')
    expect(read('/*!80000 2*/')).toBe('integer:2')
    expect(read('/*!080000 2*/')).toBe('integer:2')
    expect(read('/*!80000 2*/', MARIADB)).toBe('')
    expect(read('/*!080000 2*/', MARIADB)).toBe('')
    expect(read('/*!50699 2*/', MARIADB)).toBe('integer:2')
    expect(read('/*!50700 2*/', MARIADB)).toBe('')
    expect(read('/*M!50700 2*/', MARIADB)).toBe('integer:2')
    expect(read('/*M! 2*/', MYSQL)).toBe('')
    expect(read('/*!100000 2*/', MYSQL)).toBe('')
    expect(read('/*!100000 2*/', MARIADB)).toBe('integer:2')
    expect(read('/*!999999 2*/', MARIADB)).toBe('')
    expect(read('/*!1234 */')).toBe('integer:1234')
  })
  test('a plain comment ends at the first end mark; one that its version turns off may hold a comment', () => {
    expect(read('/* /* */ 1')).toBe('integer:1')
    expect(read('/*!999999 /* x */ 1 */ 2')).toBe('integer:2')
    expect(read('/*! /* x */ 1 */ 2')).toBe('integer:1 integer:2')
  })
  test('what is not closed is refused', () => {
    for (const text of ['/* x', '/*! 1', '/*!999999 1', '/*', '/*!', "'x", '`x', '"x', '/*/'])
      expect(code(text), text).toBe('SYNTAX_ERROR')
  })
  test('hints are tokens behind their verbs and comments elsewhere', () => {
    expect(read('SELECT /*+ X() */ 1')).toBe('select hint:/*+ X() */ integer:1')
    expect(read('SELECT 1 /*+ X() */')).toBe('select integer:1')
    expect(read('SELECT /*+ X() */ 1', MARIADB)).toBe('select integer:1')
    expect(read('SELECT/*x*//*+ X() */ 1')).toBe('select integer:1')
  })
})

describe('numbers and names', () => {
  test('numbers in every form', () => {
    expect(read('1 1. .1 1.5 1e5 1.e5 .1e3 1e+5 1E-5')).toBe(
      'integer:1 decimal:1. decimal:.1 decimal:1.5 float:1e5 float:1.e5 float:.1e3 float:1e+5 float:1E-5',
    )
    expect(read("0x41 x'41' X'' 0b01 b'1' B''")).toBe(
      "hexNumber:0x41 hexString:x'41' hexString:X'' bitNumber:0b01 bitString:b'1' bitString:B''",
    )
  })
  test('names may begin with digits', () => {
    expect(read('1a 0x 0xg 0X41 1e 1ea 0b12 1_')).toBe(
      'name:1a name:0x name:0xg name:0X41 name:1e name:1ea name:0b12 name:1_',
    )
    expect(read('1e+a')).toBe('name:1e + word:a')
  })
  test('numbers end where they end', () => {
    expect(read('.1FROM 1.FROM')).toBe('decimal:.1 from decimal:1. from')
  })
  test('what touches a dot is a name', () => {
    expect(read('t.1a t.select select.a s.t.1')).toBe(
      'name:t . name:1a name:t . name:select name:select . name:a name:s . name:t . name:1',
    )
    expect(read('t . select')).toBe('word:t . select')
    expect(read('`t`.a `t`.1')).toBe('quotedName:`t` . name:a quotedName:`t` decimal:.1')
  })
  test('the exponent without digits that MySQL drops', () => {
    expect(read('1.e(pw)')).toBe('( word:pw )')
    expect(code('1.e(pw)', MARIADB)).toBe('SYNTAX_ERROR')
    expect(code('1.ex')).toBe('SYNTAX_ERROR')
  })
  test('literals with wrong digits are refused', () => {
    for (const text of ["x'4'", "x'4g'", "b'2'", "x'41"]) expect(code(text), text).toBe('SYNTAX_ERROR')
  })
  test('introducers, national strings, variables', () => {
    expect(read("_utf8mb4'x' _nothing N'x' n'y'")).toBe(
      "introducer:_utf8mb4 string:'x' word:_nothing nationalString:N'x' nationalString:n'y'",
    )
    expect(read('@a @\'a b\' @`a` @"a" @a.b @')).toBe(
      'userVariable:@a userVariable:@\'a b\' userVariable:@`a` userVariable:@"a" userVariable:@a.b userVariable:@',
    )
    expect(read('@@x @@global.read_only @@`x`')).toBe('@@ word:x @@ global . name:read_only @@ quotedName:`x`')
    expect(code('@@ x')).toBe('SYNTAX_ERROR')
  })
})

describe('quotes', () => {
  test('backslashes and doubling', () => {
    expect(read(String.raw`'a\'b' 'a''b' "a\"b"`)).toBe(String.raw`string:'a\'b' string:'a''b' string:"a\"b"`)
    expect(read(String.raw`'\' 'b'`, { ...MYSQL, noBackslashEscapes: true })).toBe(String.raw`string:'\' string:'b'`)
    expect(read('`a``b`')).toBe('quotedName:`a``b`')
    expect(read('"a"', { ...MYSQL, ansiQuotes: true })).toBe('quotedName:"a"')
    expect(read(String.raw`"a\" b`, { ...MYSQL, ansiQuotes: true })).toBe(String.raw`quotedName:"a\" word:b`)
  })
  test('empty names are refused', () => {
    expect(code('``')).toBe('SYNTAX_ERROR')
  })
})

describe('bytes', () => {
  test('NUL is refused outside of strings', () => {
    for (const text of ['1 \0', '-- \0', '/* \0 */', '`a\0`', '# \0']) expect(code(text), text).toBe('BAD_ENCODING')
    expect(read("'\0'")).toBe("string:'\0'")
  })
  test('names are UTF-8 within the first plane', () => {
    expect(read('é `é` \u00a01')).toBe('word:é quotedName:`é` word:\u00a01')
    for (const bytes of [[0xe9], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98, 0x80], [0x60, 0xff, 0x60]])
      expect(code(Uint8Array.from(bytes))).toBe('BAD_ENCODING')
    expect(code(Uint8Array.from([0x27, 0xff, 0x27]))).toMatch(/^string/)
    const why = (text: string | Uint8Array): (() => void) => {
      const bytes = Buffer.from(text)
      return () => {
        new Lexer(new Tokens(), MYSQL, 9).read(bytes, 0, bytes.length)
      }
    }
    for (const text of ['😀', '`a😀`']) expect(why(text), text).toThrow('beyond U+FFFF')
    expect(why(Uint8Array.from([0x60, 0xff, 0x60]))).toThrow('not UTF-8')
  })
  test('only six bytes are white space', () => {
    expect(read('1\t2\n3\v4\f5\r6 7')).toBe('integer:1 integer:2 integer:3 integer:4 integer:5 integer:6 integer:7')
    expect(code('1\u0001')).toBe('SYNTAX_ERROR')
    expect(code('1\u007f')).toBe('SYNTAX_ERROR')
  })
  test('operators', () => {
    expect(read('<=> <= >= <> != << >> && || := ! < > = : ->> ->')).toBe(
      '<=> <= >= <> != << >> && || := ! < > = : ->> ->',
    )
    expect(read('\\N', MARIADB)).toBe('\\N')
    expect(code('\\N')).toBe('SYNTAX_ERROR')
    expect(read('a->b', MARIADB)).toBe('word:a - > word:b')
  })
  test('more tokens than the limit are refused', () => {
    const tokens = new Tokens()
    const bytes = Buffer.from('1,1,1,1')
    expect(() => new Lexer(tokens, MYSQL, 3).read(bytes, 0, bytes.length)).toThrow('more than 3 tokens')
  })
})
