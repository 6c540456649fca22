import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ColumnName, StatementFacts } from '@gatehouse/core'
import { loadModule, parseSync } from 'libpg-query'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createDatabase, firstColumn } from '../../../../../test/servers/postgres.ts'
import { CATALOG_QUERIES, CATALOG_SESSION, CATALOG_VERSION_QUERY } from '../catalog-queries.ts'
import { buildCatalog } from '../catalog-rows.ts'
import { Work, readFacts } from '../read-facts.ts'
import { PostgresReader, type Reading } from '../reader.ts'
import type { NameEnvironment } from './reading.ts'

// The corpus lies beside a checkout; a checkout alone has none.
const corpus = join(import.meta.dirname, '../../../../../../shared/corpus')
const { postgres18 } = inject('servers')
const missing = !existsSync(corpus)
  ? 'no corpus beside the checkout'
  : 'absent' in postgres18
    ? postgres18.absent
    : null

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
    facts.decides.some(({ column }) => isMasked(column)) ||
    facts.functions.some((use) => use.trust !== 'harmless') ||
    facts.writes.some((write) => !write.complete || write.sources.some((source) => isMasked(source.column))) ||
    (facts.output ?? []).some((one) => !one.complete || one.sources.some((source) => isMasked(source.column))) ||
    facts.accesses.some(({ action, relation }) => relation?.name === 'vault' || !READS.has(action))
  )
}

const READS = new Set(['select', 'begin', 'commit', 'explain', 'show', 'execute', 'prepare', 'declare_cursor', 'fetch'])

/** What became of a text made to mislead: `want` as the corpus has it. */
function outcomeOf(reading: Reading, want: string): 'right' | 'rejected' | 'missed' {
  if (reading.kind === 'unreadable') return want === 'err' ? 'right' : 'rejected'
  const all = reading.facts.statements
  const names = all.flatMap((facts) => [
    facts.action,
    ...facts.accesses.flatMap(({ action, relation }) => [action, relation?.name ?? '']),
    ...facts.functions.map(({ name }) => name),
    ...facts.settings.flatMap(({ name, value }) => [name, value ?? '']),
    ...facts.files,
    ...facts.programs,
  ])
  const touched = all.some((facts) => facts.accesses.some(({ relation }) => relation?.name === 'secret'))
  const [kind, danger = ''] = want.split(/:(.*)/)
  const seen =
    kind === 'secret'
      ? touched
      : kind === 'danger'
        ? all.some((facts) => facts.dynamicSql) || names.some((name) => name.includes(danger))
        : !touched
  if (seen) return 'right'
  return all.some((facts) => !facts.complete) ? 'rejected' : 'missed'
}

// Left to policy on relations: the facts name pg_user_mappings. And JSON_TABLE is understood.
const POLICY_ALONE = new Set(['PG-179', 'PG-194'])

describe.skipIf(missing !== null)(`the corpus on a real server${missing === null ? '' : ` (${missing})`}`, () => {
  let database: Awaited<ReturnType<typeof createDatabase>> | undefined
  let environment: NameEnvironment

  beforeAll(async () => {
    if ('absent' in postgres18) throw new Error('not to be run')
    await loadModule()
    const schema = readFileSync(join(corpus, 'postgres-schema.sql'), 'utf8')
    const { url } = (database = await createDatabase(postgres18.address, 'facts_corpus', schema))
    const rows = (query: string): Promise<string[]> => firstColumn(url, [CATALOG_SESSION, query])
    const catalog = buildCatalog((await rows(CATALOG_VERSION_QUERY))[0] ?? '', {
      relations: await rows(CATALOG_QUERIES.relations),
      functions: await rows(CATALOG_QUERIES.functions),
      types: await rows(CATALOG_QUERIES.types),
      operators: await rows(CATALOG_QUERIES.operators),
      builtinOperators: await rows(CATALOG_QUERIES.builtinOperators),
      constraints: await rows(CATALOG_QUERIES.constraints),
    })
    environment = { catalog, searchPath: ['pg_catalog', 'public'], parse: parseSync }
  }, 120_000)

  afterAll(() => database?.drop())

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

  it('reads every text made to be read otherwise as the server does, or says that it does not', async () => {
    const reader = await PostgresReader.create({ catalogRows: () => undefined })
    const read = (text: string): Reading => reader.read(Buffer.from(text), 0, Buffer.byteLength(text), environment)
    const table = new Map<string, string[]>([
      ['right', []],
      ['rejected', []],
      ['missed', []],
    ])
    for (const one of casesOf('reading-postgres.jsonl')) {
      // A setting that changes how text is read is itself what must be seen.
      const setting = one.set?.split('=')[0]
      const reading = setting === undefined ? read(one.sql) : read(`SET ${one.set ?? ''}`)
      const want = setting === undefined ? (one.want ?? '') : `danger:${setting}`
      table.get(outcomeOf(reading, want))?.push(one.id)
    }
    await reader.close()
    console.info(
      [...table]
        .map(([outcome, ids]) => `${outcome}: ${ids.length}${outcome === 'right' ? '' : ` (${ids.join(', ')})`}`)
        .join('\n'),
    )
    expect(table.get('missed')).toEqual([])
    expect(table.get('right')?.length).toBeGreaterThan(85)
  })

  it.each([
    ['the regression suite', 'statements/postgres-18.jsonl', 5000, 0.998],
    ['ORMs', 'statements/orm-postgres.jsonl', 300, 0.985],
  ])(
    'statements of %s are read without a throw, nearly all in full, far within the budget',
    (_, file, least, share) => {
      let statements = 0
      let complete = 0
      let most = 0
      for (const one of casesOf(file)) {
        if (one.accepted !== true) continue
        let tree
        try {
          tree = parseSync(one.sql)
        } catch {
          continue
        }
        const work = new Work()
        for (const facts of readFacts(tree, environment, work)) {
          statements++
          if (facts.complete) complete++
        }
        most = Math.max(most, work.spent)
      }
      expect(statements).toBeGreaterThan(least)
      expect(complete / statements).toBeGreaterThan(share)
      expect(most).toBeLessThan(new Work().limit / 2)
    },
    60_000,
  )

  it('agrees with the server that unnest with several arguments is its own in FROM, whatever the search path', async () => {
    const trap = (parameters: string, columns: string): string =>
      `CREATE FUNCTION trap.unnest(${parameters}) RETURNS ${columns} LANGUAGE sql AS 'SELECT 13'`
    const statements = [
      'CREATE SCHEMA trap',
      trap('int[]', 'SETOF int'),
      trap('int[], int[]', 'SETOF int'),
      'SET search_path = trap, pg_catalog',
    ]
    const query = `SELECT (SELECT count(*) FROM unnest(ARRAY[1], ARRAY[2]) t(a, b) WHERE (a, b) = (1, 2)) || ' '
      || (SELECT a FROM unnest(ARRAY[1]) t(a)) || ' ' || unnest(ARRAY[1], ARRAY[2])`
    expect(await firstColumn(database?.url ?? '', [...statements, query])).toEqual(['1 13 13'])
  })

  // Whatever the server itself says a column comes from must be among the sources that were found.
  it('agrees with the server about columns that are copied', async () => {
    const probe = 'SELECT u.*, v.remark, m.tag FROM users u JOIN v_users v USING (id) JOIN mv_users m USING (id)'
    const [facts] = readFacts(parseSync(probe), environment)
    expect(facts?.output?.map((column) => column.name)).toEqual(
      await firstColumn(database?.url ?? '', [`CREATE TEMP VIEW probe AS ${probe}`, COLUMN_NAMES]),
    )
  })
})

const COLUMN_NAMES =
  "SELECT attname FROM pg_attribute WHERE attrelid = 'pg_temp.probe'::regclass AND attnum > 0 ORDER BY attnum"
