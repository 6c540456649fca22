import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ColumnName, StatementFacts } from '@gatehouse/core'
import { loadModule, parseSync } from 'libpg-query'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CATALOG_QUERIES, CATALOG_SESSION, CATALOG_VERSION_QUERY, buildCatalog } from '../catalog-queries.ts'
import { readFacts } from '../read-facts.ts'
import { type PrivatePostgres, findPostgres, startPostgres } from './private-postgres.ts'
import type { NameEnvironment } from './reading.ts'

// The corpus lies beside a checkout; a checkout alone has none.
const corpus = join(import.meta.dirname, '../../../../../../shared/corpus')
const bin = findPostgres()
const missing = existsSync(corpus) ? (bin === null ? 'no PostgreSQL installed' : null) : 'no corpus beside the checkout'

interface Case {
  readonly id: string
  readonly sql: string
  readonly expect?: string
  readonly want?: string
  readonly set?: string
  readonly accepted?: boolean
}

function casesOf(file: string): Case[] {
  if (missing !== null) return []
  const lines = readFileSync(join(corpus, file), 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line): Case => JSON.parse(line))
}

const MASKED = new Set(['ssn', 'email', 'salary', 'dob', 'photo', 'doc'])

function isMasked({ schema, relation, column }: ColumnName): boolean {
  return schema === 'public' && relation === 'users' && MASKED.has(column)
}

/** True when facts give policy a reason to mask, hold or refuse. */
function warns(facts: StatementFacts): boolean {
  return (
    !facts.complete ||
    facts.dynamicSql ||
    facts.unboundedWrite ||
    facts.files.length > 0 ||
    facts.decides.some(isMasked) ||
    facts.functions.some((use) => use.trust !== 'harmless') ||
    facts.writes.some((write) => !write.complete || write.sources.some((source) => isMasked(source.column))) ||
    (facts.output ?? []).some((one) => !one.complete || one.sources.some((source) => isMasked(source.column))) ||
    facts.accesses.some(({ action, relation }) => relation?.name === 'vault' || !READS.has(action))
  )
}

const READS = new Set(['select', 'begin', 'commit', 'explain', 'show', 'execute', 'prepare', 'declare_cursor', 'fetch'])

// Left to policy on relations: the facts name pg_user_mappings. And JSON_TABLE is understood.
const POLICY_ALONE = new Set(['PG-179', 'PG-194'])

describe.skipIf(missing !== null)(`the corpus on a real server${missing === null ? '' : ` (${missing})`}`, () => {
  let server: PrivatePostgres | undefined
  let environment: NameEnvironment

  beforeAll(async () => {
    await loadModule()
    const started = startPostgres(bin ?? '', readFileSync(join(corpus, 'postgres-schema.sql'), 'utf8'))
    server = started
    const rows = (query: string): string[] => started.query([CATALOG_SESSION, query])
    const catalog = buildCatalog(rows(CATALOG_VERSION_QUERY)[0] ?? '', {
      relations: rows(CATALOG_QUERIES.relations),
      functions: rows(CATALOG_QUERIES.functions),
      types: rows(CATALOG_QUERIES.types),
      operators: rows(CATALOG_QUERIES.operators),
      builtinOperators: rows(CATALOG_QUERIES.builtinOperators),
    })
    environment = { catalog, searchPath: ['pg_catalog', 'public'], parse: parseSync }
  }, 120_000)

  afterAll(() => server?.stop())

  it.each(casesOf('postgres.jsonl').map((one) => [one.id, one] as const))('%s shows what it must', (id, one) => {
    const all = readFacts(parseSync(one.sql), environment)
    if (one.expect === 'MASK') {
      const output = all.flatMap((facts) => facts.output ?? [])
      expect(output.some((column) => column.sources.some((source) => isMasked(source.column)))).toBe(true)
    } else if (/DENY|CLASSIFY_WRITE/.test(one.expect ?? '') && !POLICY_ALONE.has(id)) {
      expect(all.some(warns)).toBe(true)
    } else if (one.expect === 'ALLOW') {
      expect(all.some(warns)).toBe(false)
    }
  })

  const readings = casesOf('reading-postgres.jsonl').filter(
    (one) => one.accepted === true && one.set === undefined && /^(?:secret|none)$/.test(one.want ?? ''),
  )
  it.each(readings.map((one) => [one.id, one] as const))('%s is read as the server reads it', (_, one) => {
    const all = readFacts(parseSync(one.sql), environment)
    const touched = all.some((facts) => facts.accesses.some(({ relation }) => relation?.name === 'secret'))
    expect(touched).toBe(one.want === 'secret')
  })

  it('statements of the regression suite are read without a throw, nearly all in full', () => {
    let statements = 0
    let complete = 0
    for (const one of casesOf('statements/postgres-18.jsonl')) {
      if (one.accepted !== true) continue
      let tree
      try {
        tree = parseSync(one.sql)
      } catch {
        continue
      }
      for (const facts of readFacts(tree, environment)) {
        statements++
        if (facts.complete) complete++
      }
    }
    expect(statements).toBeGreaterThan(5000)
    expect(complete / statements).toBeGreaterThan(0.99)
  }, 60_000)

  // Whatever the server itself says a column comes from must be among the sources that were found.
  it('agrees with the server about columns that are copied', () => {
    const probe = 'SELECT u.*, v.remark, m.tag FROM users u JOIN v_users v USING (id) JOIN mv_users m USING (id)'
    const [facts] = readFacts(parseSync(probe), environment)
    expect(facts?.output?.map((column) => column.name)).toEqual(
      server?.query([`CREATE TEMP VIEW probe AS ${probe}`, COLUMN_NAMES]),
    )
  })
})

const COLUMN_NAMES =
  "SELECT attname FROM pg_attribute WHERE attrelid = 'pg_temp.probe'::regclass AND attnum > 0 ORDER BY attnum"
