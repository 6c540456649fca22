import { Buffer } from 'node:buffer'
import { expect, inject, test } from 'vitest'
import { openSession } from '../../../../../test/servers/mysql.ts'
import { dialectOf } from '../dialect.ts'
import { Lexer } from '../lexer/lexer.ts'
import { Tokens } from '../lexer/tokens.ts'
import { canonicalText } from './canonical.ts'
import { parseText } from './parse-text.ts'

/** The server's own digest of a text, which leaves out literals, comments and white space, is that of its canonical form. */

const { mysql9 } = inject('servers')
const DIALECT = dialectOf({ flavour: 'mysql', version: 90704 }, '')
const TEXTS = [
  "SELECT a.b, COUNT(*), t.select, 1--1, @a := 2, @@global.read_only, -1, N'x', _utf8mb4'y' 'z' FROM s.t a WHERE b->'$.x' <=> 1.5e3 AND c <> .5 OR d",
  'SELECT /*+ NO_MERGE(x) */ `a b`, count (c), x.* FROM (SELECT 1) x, JSON_TABLE(d, "$" COLUMNS (e INT PATH "$")) j ORDER BY 1 DESC LIMIT 2, 3',
  "INSERT INTO t (a, b) VALUES (0x41, b'1'), (DEFAULT, NULL) ON DUPLICATE KEY UPDATE a = VALUES(a) + 1",
  'UPDATE t JOIN u USING (a) SET t.b = CASE WHEN 1 THEN 2 ELSE 3 END WHERE u.c BETWEEN 1 AND 2',
  'DELETE a.* FROM t a WHERE a.b IN (SELECT 1 UNION ALL (SELECT 2))',
  'WITH RECURSIVE c (n) AS (SELECT 1 UNION SELECT n + 1 FROM c) SELECT SUM(n) OVER (PARTITION BY n ROWS 1 PRECEDING) FROM c',
  "SET @a = 'x', SESSION autocommit = 1",
] as const
/** What is put between tokens. */
const BETWEEN = [
  '/**/',
  '/* x */',
  '/*!*/',
  '/*!80000 */',
  '/*!999999 , x */',
  '/*M! , y */',
  '-- z\n',
  '#z\n',
  '\n',
  '\t',
  ' \v ',
  '--\u0001\n',
] as const

test.skipIf('absent' in mysql9)('texts with anything between their tokens, and their canonical forms', async () => {
  if ('absent' in mysql9) return
  const session = await openSession(mysql9.address.url)
  await session.query("SET NAMES utf8mb4, sql_mode = ''")
  await session.query('USE mysql')
  const tokens = new Tokens()
  const lexer = new Lexer(tokens, DIALECT, 1000)
  let state = 7
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * below)
  }
  let compared = 0
  for (let run = 0; run < 40; run++) {
    for (const base of TEXTS) {
      const bytes = Buffer.from(base)
      lexer.read(bytes, 0, bytes.length)
      let text = ''
      for (let at = 0; at < tokens.count; at++) {
        const before = at === 0 ? 0 : (tokens.ends[at - 1] ?? 0)
        text += bytes.toString('utf8', before, tokens.starts[at])
        if (next(4) === 0) text += BETWEEN[next(BETWEEN.length)] ?? ''
        text += bytes.toString('utf8', tokens.starts[at], tokens.ends[at])
      }
      const made = Buffer.from(text)
      // A comment may part what belongs together, and the text is then none.
      const parsed = parseText(made, 0, made.length, DIALECT)
      if ('error' in parsed) continue
      lexer.read(made, 0, made.length)
      const canonical = canonicalText(made, tokens).toString()
      const [rows] = await session.query('SELECT STATEMENT_DIGEST_TEXT(?) AS a, STATEMENT_DIGEST_TEXT(?) AS b', [
        text,
        canonical,
      ])
      const [digests] = rows as unknown as readonly { readonly a: string; readonly b: string }[]
      expect(digests?.b, `${text}\n${canonical}`).toBe(digests?.a)
      compared++
    }
  }
  await session.end()
  expect(compared).toBeGreaterThan(100)
})
