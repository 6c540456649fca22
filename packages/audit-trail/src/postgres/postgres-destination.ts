import type { Pool, PoolClient } from 'pg'
import type { RecordDestination, ShippedRecord, TrailIdentity } from '../shipping/destination.ts'
import { openPool } from './connection.ts'
import type { TrailDatabase } from './database-address.ts'
import { DeliveredTrail } from './delivered-trail.ts'
import { migrate } from './migrate.ts'

/** A delivery takes no longer; one that does is given up, and comes again. */
const STATEMENT_MILLISECONDS = 120_000

/** A PostgreSQL database that keeps records for `PostgresIndex` to search. Makes what it needs there at its first use. */
export class PostgresDestination implements RecordDestination {
  readonly name = 'postgres'
  readonly #pool: Pool
  /** Days that have a partition, as far as it is known. */
  readonly #days = new Set<number>()
  #ready: Promise<void> | null = null

  /** Throws `BadDatabaseAddress`. Nothing is dialled yet. */
  constructor(database: TrailDatabase) {
    this.#pool = openPool(database, {
      name: 'gatehouse audit shipping',
      connections: 2,
      statementMilliseconds: STATEMENT_MILLISECONDS,
    })
  }

  async position(of: TrailIdentity): Promise<number> {
    await this.#prepare()
    const found = await this.#pool.query<{ position: string }>(
      'SELECT position FROM gatehouse_audit.trail WHERE gateway = $1 AND trail = $2',
      [storedName(of.gateway), of.trail],
    )
    return Number(found.rows[0]?.position ?? 0)
  }

  async deliver(of: TrailIdentity, records: readonly ShippedRecord[]): Promise<void> {
    if (records.length === 0) return
    await this.#prepare()
    const client = await this.#pool.connect()
    let broken: Error | undefined
    try {
      await client.query('BEGIN')
      const trail = await DeliveredTrail.lock(client, { ...of, gateway: storedName(of.gateway) })
      await trail.keep(records, this.#days)
      await client.query('COMMIT')
    } catch (error) {
      // A day may have been taken away meanwhile.
      this.#days.clear()
      await rollBack(client).catch((failed: Error) => (broken = failed))
      throw error
    } finally {
      client.release(broken)
    }
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  #prepare(): Promise<void> {
    this.#ready ??= migrate(this.#pool).catch((error: unknown) => {
      this.#ready = null
      throw error
    })
    return this.#ready
  }
}

async function rollBack(client: PoolClient): Promise<void> {
  await client.query('ROLLBACK')
}

/** A gateway's name as the database can hold it. */
function storedName(gateway: string): string {
  return gateway.replaceAll('\u0000', '\ufffd').toWellFormed()
}
