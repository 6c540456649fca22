import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { dialectOf, type Dialect } from '../dialect.ts'
import { Lexer } from '../lexer/lexer.ts'
import { Tokens } from '../lexer/tokens.ts'
import { canonicalText } from './canonical.ts'
import { parseText, type ParsedText } from './parse-text.ts'

/** Real statements with the servers' own verdict on their syntax, held against the parser's. */

const folder = fileURLToPath(new URL('../../../../../../shared/corpus/', import.meta.url))
const absence = existsSync(folder) ? null : 'the corpus is not beside this checkout (../shared/corpus)'

interface Case {
  readonly sql: string
  readonly accepted: boolean
}

interface ReadingCase {
  readonly id: string
  readonly sql: string
  readonly want: string
  readonly server?: Dialect['flavour']
  readonly sql_mode?: string
  readonly accepted: Readonly<Record<Dialect['flavour'], boolean>>
}

function lines(file: string): readonly unknown[] {
  if (absence !== null) return []
  const text = readFileSync(`${folder}${file}`, 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
}

const MYSQL = dialectOf({ flavour: 'mysql', version: 90700 }, '')
const MARIADB = dialectOf({ flavour: 'mariadb', version: 101114 }, '')

function parse(sql: string, dialect: Dialect): ParsedText {
  const bytes = Buffer.from(sql)
  return parseText(bytes, 0, bytes.length, dialect)
}

/** Exactly one statement: the verdicts are those of PREPARE, which takes no more. */
function isRead(sql: string, dialect: Dialect): boolean {
  const parsed = parse(sql, dialect)
  return 'statements' in parsed && parsed.statements.length === 1
}

/** First words of queries, changes of rows and session statements. */
const QUERIES =
  /^[\s(]*(?:select|insert|replace|update|delete|with|table|values|call|do|set|explain|desc|describe|handler|load|prepare|execute|deallocate|start|begin|commit|rollback|savepoint|release|xa)\b/i

const describeCorpus = absence === null ? describe : describe.skip

describeCorpus(`statements of the servers' own suites${absence === null ? '' : `: skipped, ${absence}`}`, () => {
  test.each([
    { file: 'mysql-9.7.jsonl', dialect: MYSQL, queries: 0.998, rest: 0.994, rejected: 0.05 },
    { file: 'mariadb-10.11.jsonl', dialect: MARIADB, queries: 0.999, rest: 0.985, rejected: 0.05 },
    { file: 'orm-mysql.jsonl', dialect: MYSQL, queries: 1, rest: 1, rejected: 1 },
  ])('of $file as many are read, and as few that the server refuses', ({ file, dialect, queries, rest, rejected }) => {
    const count = { queries: [0, 0], rest: [0, 0], rejected: [0, 0] }
    for (const { sql, accepted } of lines(`statements/${file}`) as readonly Case[]) {
      const kind = accepted ? (QUERIES.test(sql) ? 'queries' : 'rest') : 'rejected'
      count[kind][0] = (count[kind][0] ?? 0) + 1
      if (isRead(sql, dialect)) count[kind][1] = (count[kind][1] ?? 0) + 1
    }
    const share = ([all = 0, read = 0]: readonly number[]): number => (all === 0 ? 0 : read / all)
    expect(share(count.queries)).toBeGreaterThanOrEqual(queries)
    expect(share(count.rest)).toBeGreaterThanOrEqual(rest)
    expect(share(count.rejected)).toBeLessThanOrEqual(rejected)
  })

  test.each([
    { file: 'mysql-9.7.jsonl', dialect: MYSQL },
    { file: 'mariadb-10.11.jsonl', dialect: MARIADB },
  ])('a text of $file and its canonical form are read alike', ({ file, dialect }) => {
    const tokens = new Tokens()
    const lexer = new Lexer(tokens, dialect, 1_000_000)
    let canonical = 0
    for (const [index, { sql }] of (lines(`statements/${file}`) as readonly Case[]).entries()) {
      // Every third, for the time it takes.
      if (index % 3 !== 0) continue
      const parsed = parse(sql, dialect)
      if ('error' in parsed) continue
      const bytes = Buffer.from(sql)
      lexer.read(bytes, 0, bytes.length)
      const text = canonicalText(bytes, tokens)
      const again = parseText(text, 0, text.length, dialect)
      lexer.read(text, 0, text.length)
      expect(canonicalText(text, tokens).equals(text), sql).toBe(true)
      expect(treesOf(again) === treesOf(parsed), sql).toBe(true)
      canonical++
    }
    expect(canonical).toBeGreaterThan(4000)
  })
})

/** The trees without what tells how things were written. */
function treesOf(parsed: ParsedText): string {
  if ('error' in parsed) return parsed.error.message
  return JSON.stringify(
    parsed.statements.map(({ statement }) => statement),
    (key, value: unknown) => (key === 'text' ? '' : value),
  )
}

describeCorpus('texts made to be read differently', () => {
  const cases = lines('reading-mysql.jsonl') as readonly ReadingCase[]
  test.each(['mysql', 'mariadb'] as const)('%s: what the server would touch is seen', (flavour) => {
    for (const { id, sql, want, server, sql_mode: mode, accepted } of cases) {
      const version = flavour === 'mysql' ? 90700 : 101114
      const dialect = dialectOf({ flavour, version }, mode ?? '')
      const parsed = parse(sql, dialect)
      if (accepted[flavour]) expect('statements' in parsed, `${id}: is read`).toBe(true)
      if ('error' in parsed || (want !== 'secret' && want !== 'none')) continue
      // Where the case is of one flavour, the other's reading is its own.
      if (server !== undefined && server !== flavour) continue
      // A comment's version that the flavour reads otherwise.
      if (flavour === 'mariadb' && id === 'exec-comment 6 digits') continue
      expect(names(parsed).has('secret'), `${id}: sees the table`).toBe(want === 'secret')
    }
  })
})

/** Every `name` in the trees. */
function names(parsed: ParsedText): ReadonlySet<string> {
  const found = new Set<string>()
  const open: unknown[] = [parsed]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const [key, part] of Object.entries(value)) {
      if (key === 'name' && typeof part === 'string') found.add(part)
      open.push(part)
    }
  }
  return found
}
