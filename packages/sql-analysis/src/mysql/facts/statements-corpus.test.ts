import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { StatementFacts } from '@gatehouse/core'
import { parseText } from '../parser/parse-text.ts'
import { readFacts } from '../read-facts.ts'
import { MARIADB, MYSQL, namesOf } from './fixtures/catalog-of.ts'

const folder = fileURLToPath(new URL('../../../../../../shared/corpus/statements/', import.meta.url))
const absence = existsSync(folder) ? '' : ': skipped, the corpus is not beside this checkout (../shared/corpus)'

/** First words of queries and of changes of rows. */
const QUERIES = /^[\s(]*(?:select|insert|replace|update|delete|with|table|values)\b/i
/** The statements are of many databases, none of which is here: that a name is not known is no fault of the reading. */
const NAME_UNKNOWN = /is not known|not known here/

function understood({ complete, reason }: StatementFacts): boolean {
  return complete || NAME_UNKNOWN.test(reason ?? '')
}

describe.skipIf(absence !== '')(`facts of the servers' own statements${absence}`, () => {
  test.each([
    { file: 'mysql-9.7.jsonl', dialect: MYSQL, queries: 0.995, rest: 0.97 },
    { file: 'mariadb-10.11.jsonl', dialect: MARIADB, queries: 0.995, rest: 0.96 },
    { file: 'orm-mysql.jsonl', dialect: MYSQL, queries: 1, rest: 1 },
  ])('are complete, but for names, in $file', ({ file, dialect, queries, rest }) => {
    const names = namesOf('CREATE TABLE t1 (a int, b int, c int)', dialect)
    const counts = { queries: { all: 0, understood: 0 }, rest: { all: 0, understood: 0 } }
    const lines = readFileSync(folder + file, 'utf8')
      .split('\n')
      // Every third of the long lists, for the time it takes.
      .filter((line, index) => line !== '' && (index % 3 === 0 || file.startsWith('orm')))
    for (const line of lines) {
      const { sql, accepted } = JSON.parse(line) as { readonly sql: string; readonly accepted: boolean }
      if (!accepted) continue
      const count = counts[QUERIES.test(sql) ? 'queries' : 'rest']
      count.all++
      const bytes = Buffer.from(sql)
      const parsed = parseText(bytes, 0, bytes.length, dialect)
      if ('error' in parsed) continue
      const facts = readFacts(
        parsed.statements.map(({ statement }) => statement),
        names,
      )
      if (facts.every(understood)) count.understood++
    }
    expect(counts.queries.understood / counts.queries.all).toBeGreaterThanOrEqual(queries)
    expect(counts.rest.understood / counts.rest.all).toBeGreaterThanOrEqual(rest)
  })
})
