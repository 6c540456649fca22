import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { firstColumn, query, startPostgres } from '../servers/postgres.ts'
import { findPsql, type PsqlRoad, runPsql } from '../transparency/psql.ts'
import { BASE_SCRIPTS, templateFor } from '../transparency/regression-files.ts'
import { AgreementOnlooker, UNSEEN } from './onlooker.ts'
import type { Tally } from './tally.ts'
import { openTap } from './tapped-session.ts'

const DATABASE = 'regression'
const SECONDS_PER_SCRIPT = 300

/** PostgreSQL's regression scripts on a PostgreSQL 18 of their own, with somebody reading along. */
export interface Suite {
  /** One script, in a new database with what scripts before it make. */
  run(script: string): Promise<void>
  /** Texts one by one on one connection, in such a database. */
  texts(all: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** `source`: the folder of the regression tests. */
export async function openSuite(source: string, tally: Tally): Promise<Suite> {
  const psql = await findPsql()
  if (psql === null) throw new Error('no psql here')
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-agreement-'))
  chmodSync(scratch, 0o755)
  const folder = join(scratch, 'regress')
  cpSync(source, folder, { recursive: true })
  mkdirSync(join(folder, 'results'))
  chmodSync(join(folder, 'results'), 0o777)
  const server = await startPostgres({
    version: 18,
    settings: {
      max_prepared_transactions: 2,
      statement_timeout: '30s',
      lock_timeout: '10s',
      log_min_messages: 'fatal',
    },
    tls: false,
  })
  const url = new URL(server.url)
  url.pathname = `/${DATABASE}`
  const onlooker = await AgreementOnlooker.create(url.href, tally)
  const tap = await openTap(server.host, server.port, onlooker)
  const scripts = { PG_ABS_SRCDIR: folder, PG_ABS_BUILDDIR: folder, PG_LIBDIR: '/nonexistent', PG_DLSUFFIX: '.so' }
  const road = (port: number): PsqlRoad => ({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: server.password,
    database: DATABASE,
    scripts,
  })
  async function play(script: string, port: number): Promise<void> {
    await runPsql(
      psql ?? '',
      road(port),
      join(folder, 'sql', `${script}.sql`),
      join(scratch, 'out'),
      SECONDS_PER_SCRIPT,
    )
  }
  async function newDatabase(template: string): Promise<void> {
    await endPrepared(server.url, url.href)
    await query(server.url, `DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`)
    await query(server.url, `CREATE DATABASE ${DATABASE} TEMPLATE ${template} STRATEGY file_copy`)
  }
  async function prepare(name: string, base: string, all: readonly string[]): Promise<void> {
    await newDatabase(base)
    for (const script of all) await play(script, server.port)
    await query(server.url, `ALTER DATABASE ${DATABASE} RENAME TO ${name}`)
  }
  await prepare('base_setup', 'template0', ['test_setup'])
  await prepare('base_objects', 'base_setup', BASE_SCRIPTS)
  return {
    async run(script) {
      await newDatabase(templateFor(script))
      await play(script, tap.port)
    },
    async texts(all) {
      await newDatabase('base_objects')
      const tapped = new URL(url)
      tapped.port = String(tap.port)
      await runTexts(tapped.href, all)
    },
    async close() {
      await tap.close()
      await onlooker.close()
      await server.stop()
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}

/** A database cannot be dropped while a transaction prepared in it waits. */
async function endPrepared(server: string, url: string): Promise<void> {
  const waiting = await firstColumn(server, ['SELECT gid FROM pg_prepared_xacts'])
  for (const gid of waiting) await query(url, `ROLLBACK PREPARED '${gid.replaceAll("'", "''")}'`)
}

/** Statements in a row that may stay within one transaction, or act for another role: of a sample, the end may be missing. */
const LONGEST_STRETCH = 25

async function runTexts(url: string, all: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  const say = (text: string): Promise<unknown> => client.query(text).catch(() => undefined)
  for (const [index, text] of all.entries()) {
    await client.query(text).catch(() => say(`${UNSEEN} ROLLBACK`))
    if (index % LONGEST_STRETCH > 0) continue
    await say(`${UNSEEN} COMMIT`)
    await say(`${UNSEEN} RESET SESSION AUTHORIZATION`)
    await say(`${UNSEEN} RESET search_path`)
  }
  await client.end()
}

/** Every script of the schedule, in its order; `test_setup` has made the templates. */
export function schedule(folder: string): readonly string[] {
  return readFileSync(join(folder, 'parallel_schedule'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('test:'))
    .flatMap((line) => line.slice('test:'.length).trim().split(/\s+/))
    .filter((name) => name !== 'test_setup')
}
