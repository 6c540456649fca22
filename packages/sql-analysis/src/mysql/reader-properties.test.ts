import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { catalogTable, MysqlCatalog } from './catalog.ts'
import { dialectOf } from './dialect.ts'
import { Lexer } from './lexer/lexer.ts'
import { TextError } from './lexer/text-error.ts'
import { Tokens } from './lexer/tokens.ts'
import type { MysqlNames } from './names.ts'
import { canonicalText } from './parser/canonical.ts'
import { parseText } from './parser/parse-text.ts'
import { MysqlReader } from './reader.ts'

const table = (name: string, columns: readonly string[]): ReturnType<typeof catalogTable> =>
  catalogTable({
    schema: 'app',
    name,
    kind: 'table',
    columns: columns.map((column) => ({ name: column, type: 'varchar', generated: null })),
    view: null,
  })

const DIALECTS = [
  dialectOf({ flavour: 'mysql', version: 90704 }, ''),
  dialectOf(
    { flavour: 'mysql', version: 90704 },
    'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE,HIGH_NOT_PRECEDENCE',
  ),
  dialectOf({ flavour: 'mariadb', version: 101119 }, ''),
]

const NAMES: readonly MysqlNames[] = DIALECTS.map((dialect) => ({
  catalog: new MysqlCatalog({
    version: '1',
    flavour: dialect.flavour,
    lowerCaseTableNames: 0,
    schemas: ['app'],
    tables: [table('t', ['a', 'b', 'c']), table('u', ['a', 'd'])],
    routines: [],
    events: [],
    loadableFunctions: [],
  }),
  schema: 'app',
  dialect,
  temporary: [],
}))

/** What texts made to deceive are made of. */
const PIECES =
  `SELECT|FROM|WHERE|t|u|t.a|a|b|*|count(*)|count (1)|(|)|((|))|,|;|.|..|1|1.|.1|1e5|1.e(|0x41|x'41'|'x'|'\\'|"|\`|''|\\|@a|@@a|@@global.|@|_utf8|N'x'
?|:=|=|<=>|!=|!|!!|-|--|-- |->|->>|\n|\t|\0|\v|é|\u{1f600}|#|/*|*/|/*!|/*!80000 |/*!99999 |/*!100000|/*M!|/*+ SET_VAR(a=1) */|UNION|UNION ALL|INTERSECT|VALUES|VALUES ROW(1)|TABLE|INSERT INTO t
UPDATE t SET a|DELETE FROM t|SET @a|INTO @a|INTO OUTFILE 'f'|ORDER BY 1|GROUP BY|LIMIT 1|JOIN|LEFT JOIN|ON|USING (a)|AS|AND|OR|NOT|IN|BETWEEN|LIKE|IS NULL|EXISTS|INTERVAL 1 DAY|CASE WHEN|THEN|END|WITH x AS
LATERAL|{|}|{d '1'}|OVER (|PARTITION BY|JSON_TABLE(|COLUMNS|COLLATE binary|BINARY|CAST(|CONVERT(|DEFAULT|ROW(|FOR UPDATE|BEGIN|IF|CREATE|ALTER|PROCEDURE p()|CALL p|EXPLAIN|DESC|SHOW|GRANT|HANDLER t READ`.split(
    /\||\n(?=[A-Z?])/u,
  )

const text = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 14 })
  .chain((pieces) => fc.constantFrom('', ' ').map((between) => pieces.join(between)))

test('any text is read or refused, and what is forwarded is read as it was', () => {
  const tokens = new Tokens()
  fc.assert(
    fc.property(text, fc.nat(2), (sql, which) => {
      const dialect = DIALECTS[which] ?? DIALECTS[0]
      const names = NAMES[which] ?? NAMES[0]
      if (dialect === undefined || names === undefined) return
      const bytes = Buffer.from(sql)
      const reading = new MysqlReader().read(bytes, 0, bytes.length, names)
      const lexer = new Lexer(tokens, dialect, 1000)
      try {
        lexer.read(bytes, 0, bytes.length)
      } catch (error) {
        if (!(error instanceof TextError)) throw error
        expect(reading.kind).toBe('unreadable')
        return
      }
      const canonical = canonicalText(bytes, tokens)
      lexer.read(canonical, 0, canonical.length)
      expect(canonicalText(canonical, tokens).equals(canonical)).toBe(true)
      const [before, after] = [bytes, canonical].map((one) => parseText(one, 0, one.length, dialect))
      expect(trees(after)).toBe(trees(before))
      if (reading.kind === 'read' && reading.forwardText !== null)
        expect(reading.forwardText).toBe(canonical.toString())
    }),
    { numRuns: 3000 },
  )
})

test('any bytes are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(2), (array, which) => {
      const names = NAMES[which] ?? NAMES[0]
      if (names === undefined) return
      const bytes = Buffer.concat([Buffer.from('SELECT '), array])
      expect(new MysqlReader().read(bytes, 0, bytes.length, names).kind).toMatch(/^(?:read|unreadable)$/)
    }),
    { numRuns: 2000 },
  )
})

/** § stands for a literal. */
const TEMPLATES = [
  'SELECT a FROM t WHERE b = §',
  'SELECT a FROM t WHERE § OR b = §',
  'SELECT § FROM t',
  'SELECT § AS x, a FROM t ORDER BY §',
  'SELECT a, b FROM t GROUP BY §, b + § HAVING §',
  'SELECT a FROM t LIMIT § OFFSET §',
  'SELECT a FROM t WHERE EXISTS (SELECT § FROM u WHERE u.a = t.a AND d < §)',
  'SELECT x FROM (SELECT § AS x, §, a FROM t) d',
  'SELECT * FROM (SELECT §, a FROM t) d',
  'SELECT a § FROM t',
  'SELECT IF(§, a, b) AS x, COALESCE(c, §) AS y FROM t',
  'SELECT ELT(§, a, b) AS x FROM t',
  'SELECT CASE § WHEN § THEN a ELSE b END AS x FROM t',
  'SELECT a FROM t UNION SELECT § ORDER BY §',
  'SELECT a FROM t JOIN u ON t.a = § AND §',
  'INSERT INTO t (a, b) VALUES (§, §)',
  'INSERT INTO t (a) SELECT § FROM u WHERE d = §',
  'INSERT INTO t (a) VALUES (§) ON DUPLICATE KEY UPDATE b = §, c = c + §',
  'UPDATE t SET a = § WHERE b = §',
  'UPDATE t SET a = b + § WHERE §',
  'UPDATE t SET a = § WHERE b = § OR c = §',
  'UPDATE t SET a = § WHERE § = §',
  'UPDATE t SET a = § WHERE b BETWEEN § AND §',
  'UPDATE t SET a = § WHERE b LIKE §',
  'UPDATE t SET a = § WHERE b IN (§, §) AND c > §',
  'UPDATE t SET a = § WHERE b IS NULL AND (c = § OR §)',
  'DELETE FROM t WHERE b > § AND §',
  'DELETE FROM t WHERE NOT b = §',
  'DELETE FROM t WHERE b <> § OR b = §',
  'DELETE FROM t WHERE COALESCE(b, §) = §',
  'DELETE FROM t WHERE b = (SELECT § FROM u WHERE a = §) LIMIT §',
  'DELETE FROM t ORDER BY § LIMIT §',
  'SET @a = §',
  'SELECT LOAD_FILE(§) AS x',
  "SELECT a->'$.x' AS x FROM t WHERE b = §",
] as const
const LITERALS = [
  '0',
  '1',
  '2',
  '7',
  '0.0',
  '1.5',
  '1e0',
  "''",
  "'0'",
  "'1'",
  "'a'",
  "'%'",
  "'b'",
  String.raw`'it\'s'`,
  "'/etc/passwd'",
] as const

test('a reading that is shared is the one that the text would have had', () => {
  const fill = fc.array(fc.constantFrom(...LITERALS), { minLength: 6, maxLength: 6 })
  fc.assert(
    fc.property(fc.constantFrom(...TEMPLATES), fc.array(fill, { minLength: 2, maxLength: 6 }), (template, fills) => {
      const [names] = NAMES
      if (names === undefined) return
      const shared = new MysqlReader()
      for (const literals of fills) {
        let next = 0
        const bytes = Buffer.from(template.replaceAll('§', () => literals[next++] ?? '1'))
        const reading = shared.read(bytes, 0, bytes.length, names)
        expect(reading).toEqual(new MysqlReader().read(bytes, 0, bytes.length, names))
      }
    }),
    { numRuns: 1500 },
  )
})

/** The trees without how things were written, and where. */
function trees(parsed: ReturnType<typeof parseText> | undefined): string {
  if (parsed === undefined || 'error' in parsed) return parsed?.error.code ?? ''
  return JSON.stringify(
    parsed.statements.map(({ statement }) => statement),
    (key, value: unknown) => (key === 'text' ? '' : value),
  )
}
