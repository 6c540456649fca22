import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pool, PoolClient } from 'pg'

const DIRECTORY = join(import.meta.dirname, 'migrations')

/** Whoever migrates holds it; any number will do that nobody else takes. */
const LOCK = '7166200411938430000'

/** The database is of another version than this program, or cannot hold a trail; the message says what would help. */
export class DatabaseUnfit extends Error {
  override readonly name = 'DatabaseUnfit'
}

/**
 * Brings the database to this program's version; several programs may at once. Where nothing is to be done it only reads.
 * Throws `DatabaseUnfit` when the database is newer, is not in UTF-8, or must be changed by somebody who may.
 */
export async function migrate(pool: Pool): Promise<void> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    if ((await versionOf(client)) === migrations().length) return
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await apply(client)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch((failed: Error) => (broken = failed))
    throw error
  } finally {
    client.release(broken)
  }
}

/** Throws `DatabaseUnfit` when the database is not of this program's version. */
export async function checkVersion(pool: Pool): Promise<void> {
  const client = await pool.connect()
  try {
    const version = await versionOf(client)
    if (version < migrations().length)
      throw new DatabaseUnfit(
        `The trail database is at version ${version}, this program needs ${migrations().length}: start a gateway of this version that ships to it.`,
      )
  } finally {
    client.release()
  }
}

async function apply(client: PoolClient): Promise<void> {
  const encoding = await client.query<{ server_encoding: string }>('SHOW server_encoding')
  if (encoding.rows[0]?.server_encoding !== 'UTF8')
    throw new DatabaseUnfit(
      "The trail database's encoding must be UTF8: create it with ENCODING 'UTF8' TEMPLATE template0.",
    )
  const from = await versionOf(client)
  try {
    await client.query('CREATE SCHEMA IF NOT EXISTS gatehouse_audit')
    await client.query(
      'CREATE TABLE IF NOT EXISTS gatehouse_audit.migration (number integer PRIMARY KEY, name text NOT NULL, applied timestamptz NOT NULL DEFAULT now())',
    )
    for (const [index, name] of migrations().entries()) {
      if (index < from) continue
      await client.query(readFileSync(join(DIRECTORY, name), 'utf8'))
      await client.query('INSERT INTO gatehouse_audit.migration (number, name) VALUES ($1, $2)', [index + 1, name])
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '42501')
      throw new DatabaseUnfit(
        `The trail database is at version ${from}, this program needs ${migrations().length}, and this role may not change it (${error.message}): start one gateway with a role that owns the schema gatehouse_audit, or may create it.`,
      )
    throw error
  }
}

/** How many migrations it has; 0: it has no trail yet. */
async function versionOf(client: PoolClient): Promise<number> {
  // Not by to_regclass: it may answer what it knew before this transaction waited for another's.
  const there = await client.query<{ there: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'gatehouse_audit' AND c.relname = 'migration') AS there",
  )
  if (there.rows[0]?.there !== true) return 0
  const found = await client.query<{ version: number }>(
    'SELECT coalesce(max(number), 0)::int AS version FROM gatehouse_audit.migration',
  )
  const version = found.rows[0]?.version ?? 0
  if (version > migrations().length)
    throw new DatabaseUnfit(
      `The trail database is at version ${version}, newer than this program, which knows ${migrations().length}: use a newer Gatehouse.`,
    )
  return version
}

function migrations(): readonly string[] {
  return readdirSync(DIRECTORY)
    .filter((name) => /^\d{4}-[a-z-]+\.sql$/.test(name))
    .toSorted()
}
