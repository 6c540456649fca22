import { Pool, type PoolConfig } from 'pg'
import { readDatabaseAddress, type TrailDatabase } from './database-address.ts'

/** How much one program may ask of the database. */
export interface DatabaseUse {
  /** As it is called in `pg_stat_activity`. */
  readonly name: string
  readonly connections: number
  /** A statement that takes longer is ended. */
  readonly statementMilliseconds: number
}

/** A pool of connections. Nothing is dialled before the first use. Throws `BadDatabaseAddress`, which never holds the address. */
export function openPool(database: TrailDatabase, use: DatabaseUse): Pool {
  const pool = new Pool(poolConfig(database, use))
  // A connection that breaks while it is idle is made anew by the next use; without a listener it would end the process.
  pool.on('error', () => {})
  return pool
}

/** What `pg` is to be given. Throws `BadDatabaseAddress`. */
export function poolConfig(database: TrailDatabase, use: DatabaseUse): PoolConfig {
  return {
    ...readDatabaseAddress(database),
    max: use.connections,
    application_name: use.name,
    statement_timeout: use.statementMilliseconds,
    // The server ends a statement first; this is for one that has gone.
    query_timeout: use.statementMilliseconds + 5_000,
    connectionTimeoutMillis: 10_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
  }
}
