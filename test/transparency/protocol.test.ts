import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PostgresReader } from '@gatehouse/sql-analysis'
import { readCorpus } from './corpus.ts'
import { exchangesFor, type Manner, openProtocolRoads, type ProtocolRoads } from './protocol-roads.ts'
import { findPsql, runPsql } from './psql.ts'
import { findRegressionSource } from './regression-source.ts'
import { bind, close, describe as describeMessage, execute, FLUSH, parse, query, SYNC } from './raw-client.ts'

/** Every how-many-th statement of the corpus is sent. */
const STRIDE = 5

const corpus = readCorpus()
const noCorpus = typeof corpus === 'string' ? ` (${corpus})` : ''

let roads: ProtocolRoads

beforeAll(async () => {
  // The tables that most of those statements read, where they can be had; else the errors are compared.
  roads = await openProtocolRoads(18, makeCommonTables)
}, 60_000)

afterAll(async () => {
  await roads.close()
})

async function makeCommonTables(url: string): Promise<void> {
  const source = await findRegressionSource()
  const psql = await findPsql()
  if (source.kind !== 'program' || psql === null) return
  const { hostname: host, port, username: user } = new URL(url)
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tables-'))
  try {
    // The server runs under another account and reads the data files.
    chmodSync(folder, 0o755)
    cpSync(join(source.program, 'data'), join(folder, 'data'), { recursive: true })
    const scripts = { PG_ABS_SRCDIR: folder, PG_LIBDIR: '/nonexistent', PG_DLSUFFIX: '.so' }
    const road = { host, port: Number(port), user, password: '', database: 'postgres', scripts }
    await runPsql(psql, road, join(source.program, 'sql', 'test_setup.sql'), join(folder, 'out'), 60)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Sends the same on both roads and expects the same messages, byte for byte. Returns what came. */
async function same(messages: readonly Buffer[], extended = true): Promise<readonly string[]> {
  const [direct, through] = await roads.exchange(messages, extended)
  expect(through).toEqual(direct)
  return direct
}

describe.skipIf(typeof corpus === 'string')(`statements of PostgreSQL’s own tests${noCorpus}`, () => {
  let chosen: readonly string[] = []

  beforeAll(async () => {
    const reader = await PostgresReader.create({ catalogRows: () => undefined })
    const readable = (sql: string): boolean => {
      try {
        reader.parseQuery(sql)
        return true
      } catch {
        return false
      }
    }
    if (typeof corpus !== 'string') chosen = corpus.filter((_, index) => index % STRIDE === 0).filter(readable)
    await reader.close()
  })

  it.each<Manner>(['simple', 'extended', 'binary', 'prepared'])(
    'get the same messages, byte for byte, sent the %s way',
    async (manner) => {
      expect(chosen.length).toBeGreaterThan(1500)
      const differences: unknown[] = []
      for (const sql of chosen) {
        let last = ''
        for (const exchange of exchangesFor(manner, sql)) {
          const [direct, through] = await roads.exchange(exchange, manner !== 'simple')
          last = direct.at(-1) ?? ''
          if (direct.map(withoutWords).join('\n') !== through.map(withoutWords).join('\n'))
            differences.push({ sql, direct, through })
        }
        // A transaction that failed would have all that follows rejected.
        if (last === 'Z E') await roads.exchange([query('ROLLBACK')], false)
      }
      await roads.exchange([query('ROLLBACK')], false)
      expect(differences).toEqual([])
    },
    60_000,
  )

  it('get the same messages in pipelined batches, where one error skips the rest', async () => {
    for (let from = 0; from + 10 <= chosen.length; from += 10) {
      const batch = chosen.slice(from, from + 10).filter((sql) => !/^\s*(?:begin|start|commit|end|copy)\b/i.test(sql))
      const messages = batch.flatMap((sql) => [parse('', sql), bind('', '', [], false), execute('', 0)])
      await same([...messages, SYNC])
      await roads.exchange([query('ROLLBACK')], false)
    }
  }, 60_000)
})

describe('a session', () => {
  const simply = async (...statements: readonly string[]): Promise<readonly string[]> => {
    let last: readonly string[] = []
    for (const sql of statements) last = await same([query(sql)], false)
    return last
  }

  it('may set the isolation level after settings that names depend on', async () => {
    await simply('BEGIN', 'SET LOCAL search_path = pg_catalog', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE')
    const rows = await simply('SHOW transaction_isolation')
    expect(rows.join('\n')).toContain('serializable')
    await simply('COMMIT')
  })

  it('finds nothing of the gateway’s among its own cursors and prepared statements', async () => {
    await simply('BEGIN', 'CREATE SCHEMA one', 'SET LOCAL search_path = one', 'CREATE TABLE t (a int)')
    await simply('SET LOCAL search_path = one, public', 'INSERT INTO t VALUES (1)', 'SET LOCAL search_path = one')
    const own =
      "SELECT name FROM (SELECT name FROM pg_cursors UNION ALL SELECT name FROM pg_prepared_statements) u WHERE name ~ 'gatehouse'"
    expect(await simply(own)).toContain('C SELECT 0\0')
    await simply('SAVEPOINT s', 'SET search_path = nowhere', 'SELECT * FROM t', 'ROLLBACK TO s', 'SELECT * FROM t')
    await simply('ROLLBACK')
  })

  it('gets notices, results and errors of several statements in one message in their order', async () => {
    await simply(
      `DO $$ BEGIN RAISE NOTICE 'one'; END $$; SELECT 1; DO $$ BEGIN RAISE WARNING 'two'; END $$; SELECT 1/0; SELECT 2`,
      `SELECT 1; ; SELECT 'ä' AS "ö"; CREATE TEMP TABLE multi (a int); INSERT INTO multi VALUES (1), (2); TABLE multi`,
      '',
      ' -- nothing',
      'SELECT FROM multi',
      `SELECT 'ä', nothing FROM multi`,
      'DROP TABLE multi',
    )
  })

  it('gets rows in portions, from several portals at once', async () => {
    const rows = 'SELECT g, repeat(g::text, 3) FROM generate_series(1, 10) g'
    await same([query('BEGIN')], false)
    await same([
      parse('a', rows),
      bind('p', 'a', [], false),
      bind('q', 'a', [], true),
      describeMessage('P', 'p'),
      execute('p', 3),
      execute('q', 2),
      FLUSH,
      execute('p', 3),
      close('P', 'q'),
      execute('p', 0),
      execute('p', 0),
      SYNC,
    ])
    await same([query('COMMIT')], false)
    await same([close('S', 'a'), SYNC])
  })

  it('binds parameters of any type, and NULL', async () => {
    await same([
      parse('', 'SELECT $1::int + 1, $2::text, $3::jsonb, $4::date, $5::bytea, $6::int[]'),
      describeMessage('S', ''),
      bind('', '', ['41', 'ä😀', '{"a": 1}', '2024-02-29', '\\x00ff', null], true),
      execute('', 0),
      bind('', '', ['x', '', '', '', '', ''], false),
      execute('', 0),
      SYNC,
    ])
  })

  it('is told by notifications, and carries COPY both ways', async () => {
    await simply('LISTEN news', "NOTIFY news, 'first'", 'UNLISTEN news')
    await simply('CREATE TEMP TABLE copied (a int, b text)', 'COPY copied FROM STDIN', 'COPY copied TO STDOUT')
    await same([
      parse('', 'COPY (SELECT 1, NULL) TO STDOUT (FORMAT binary)'),
      bind('', '', [], false),
      execute('', 0),
      SYNC,
    ])
    await simply('DROP TABLE copied')
  })

  it('is told where in its own text an error is, whatever comments stand before it', async () => {
    await simply(
      "SELECT 1 WHERE 'é' NOT /* ü\n*/ IN ('b') AND nothing = 1",
      "SELECT 1 WHERE 1 IS /* 😀 */ NOT /*\n*/ NULL AND lower(nothing) = ''",
    )
  })

  it('keeps what SQL prepared and declared apart from what the protocol did', async () => {
    await simply(
      'PREPARE same AS SELECT 1',
      'EXECUTE same',
      'BEGIN',
      'DECLARE c CURSOR FOR SELECT generate_series(1, 4)',
    )
    await simply('FETCH 2 FROM c', 'MOVE 1 IN c', 'FETCH ALL FROM c', 'CLOSE c', 'CLOSE c', 'ROLLBACK', 'EXECUTE same')
    await same([parse('same', 'SELECT 2'), SYNC])
    await simply('DEALLOCATE same', 'EXECUTE same')
  })

  it('keeps its prepared statements over every DISCARD but ALL', async () => {
    await same([parse('kept over', 'SELECT 1'), SYNC])
    for (const what of ['PLANS', 'SEQUENCES', 'TEMP']) {
      await simply(`DISCARD ${what}`)
      expect(await same([bind('', 'kept over', [], false), execute('', 0), SYNC])).toContain('C SELECT 1\0')
    }
    await simply('DISCARD ALL')
    const [direct, through] = await roads.exchange([bind('', 'kept over', [], false), execute('', 0), SYNC], true)
    expect(through.map(withoutWords)).toEqual(direct.map(withoutWords))
  })

  it('passes every message of large rows and large statements on', async () => {
    await simply("SELECT repeat('x', 3000000)", `SELECT ${'1 + '.repeat(1500)}1`, `SELECT '${'y'.repeat(200_000)}'`)
  })
})

/** Two refusals that say what the server says stand where the server's own error stands: see docs/transparency.md. */
function withoutWords(line: string): string {
  const gateway = /^E .*\|C(\w{5})\|Mgatehouse: (.*?)\|D\{"code":"UNKNOWN_(?:STATEMENT|PORTAL)"/.exec(line)
  if (gateway !== null) return `E ${gateway[1] ?? ''} ${gateway[2] ?? ''}`
  const server = /^E .*\|C(26000|34000)\|M(.*?)\|/.exec(line)
  return server === null ? line : `E ${server[1] ?? ''} ${server[2] ?? ''}`
}
