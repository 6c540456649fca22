import type { AuditRecord } from '@gatehouse/core'
import type { Pool, PoolClient } from 'pg'
import type { PageWish, TrailIndex, TrailPage, TrailQuery, TrailSummary } from '../search/trail-index.ts'
import { openPool } from './connection.ts'
import type { TrailDatabase } from './database-address.ts'
import { ALONG_TIME, type Match, MatchingRows, type StoredTrail } from './matching-rows.ts'
import { checkVersion } from './migrate.ts'
import { readCursor, writeCursor } from './page-cursor.ts'
import { summarizeRows } from './summary.ts'

const STATEMENT_MILLISECONDS = 15_000

/** Planned for each search by itself: no plan may depend on what was asked before, and none is worth compiling. */
const SEARCHING = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${ALONG_TIME}; SET LOCAL jit = off; SET LOCAL work_mem = '64MB'; SET LOCAL timezone = 'UTC'`

/** Searches what `PostgresDestination` keeps. It only reads. */
export class PostgresIndex implements TrailIndex {
  readonly #pool: Pool
  #checked = false

  /** `statementMilliseconds`: what a search may take, in each of its statements. Throws `BadDatabaseAddress`. Nothing is dialled yet. */
  constructor(
    database: TrailDatabase,
    { statementMilliseconds = STATEMENT_MILLISECONDS }: { readonly statementMilliseconds?: number } = {},
  ) {
    this.#pool = openPool(database, { name: 'gatehouse audit search', connections: 4, statementMilliseconds })
  }

  async search(query: TrailQuery, { limit, order, cursor }: PageWish): Promise<TrailPage> {
    const after = cursor === null ? null : readCursor(cursor, query, order)
    return await this.#reading(async (client, trails) => {
      const { rows, more } = await new MatchingRows(client, trails, query, order).first(limit, after)
      const last = rows.at(-1)
      return {
        records: rows.map(foundRecord),
        next: more && last !== undefined ? writeCursor(last, query, order) : null,
        unreadableLines: 0,
      }
    })
  }

  async summarize(query: TrailQuery): Promise<TrailSummary> {
    return await this.#reading((client, trails) => summarizeRows(client, trails, query))
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  /** Everything that is read belongs to one moment. */
  async #reading<Answer>(
    read: (client: PoolClient, trails: readonly StoredTrail[]) => Promise<Answer>,
  ): Promise<Answer> {
    if (!this.#checked) await checkVersion(this.#pool)
    this.#checked = true
    const client = await this.#pool.connect()
    let broken: Error | undefined
    try {
      await client.query(SEARCHING)
      const { rows } = await client.query<StoredTrail>('SELECT id, gateway FROM gatehouse_audit.trail')
      return await read(
        client,
        rows.toSorted((one, other) =>
          one.gateway === other.gateway ? one.id - other.id : one.gateway < other.gateway ? -1 : 1,
        ),
      )
    } catch (error) {
      throw isTimeout(error)
        ? new Error('the search took too long: ask for a shorter stretch of time, or for a longer text', {
            cause: error,
          })
        : error
    } finally {
      await client.query('ROLLBACK').catch((failed: Error) => (broken = failed))
      client.release(broken)
    }
  }
}

/** SQLSTATE 57014, query_canceled. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '57014'
}

function foundRecord({ gateway, line, outcome }: Match): TrailPage['records'][number] {
  return {
    gateway,
    record: JSON.parse(line) as AuditRecord,
    outcome: outcome === null ? null : (JSON.parse(outcome) as AuditRecord),
  }
}
