import { type MysqlTargetQueries, UpstreamUnavailable } from '@gatehouse/gateway'
import { quoteMysqlName } from './mysql-queries.ts'
import {
  LOCKED,
  type ReadableColumn,
  type SampledRows,
  type Sampler,
  type TargetTable,
  TOO_SLOW,
} from './target-contents.ts'

/** Of a longer value, only its beginning is read. */
const CELL_CHARACTERS = 1000
/** The longest that a table may take, at the server. */
const STATEMENT_TIMEOUT_SECONDS = 5
const LOCK_TIMEOUT_SECONDS = 1
/** How long we wait for it, with time for the server's own timeout to answer. */
const PATIENCE_MILLISECONDS = 20_000
/** There is no way to begin in the middle of a table: rows are taken by chance from about so many of its first ones. */
const SCATTERED_OVER = 20_000

/** Reads samples from a target of MySQL or MariaDB. */
export class MysqlSampler implements Sampler {
  readonly #queries: MysqlTargetQueries

  private constructor(queries: MysqlTargetQueries) {
    this.#queries = queries
  }

  /** Sets the session's timeouts. Closing the sampler closes the session. */
  static async open(queries: MysqlTargetQueries): Promise<MysqlSampler> {
    const limit =
      queries.version.flavour === 'mysql'
        ? `max_execution_time = ${STATEMENT_TIMEOUT_SECONDS * 1000}`
        : `max_statement_time = ${STATEMENT_TIMEOUT_SECONDS}`
    await queries.rows(
      `SET SESSION ${limit}, SESSION lock_wait_timeout = ${LOCK_TIMEOUT_SECONDS}, SESSION innodb_lock_wait_timeout = ${LOCK_TIMEOUT_SECONDS}`,
    )
    return new MysqlSampler(queries)
  }

  async sample(table: TargetTable, columns: readonly ReadableColumn[], rows: number): Promise<SampledRows | string> {
    const first = `SELECT ${columns.map(cell).join(', ')} FROM ${quoteMysqlName(table.schema)}.${quoteMysqlName(table.name)}`
    if (table.kind !== 'foreign' && table.size > rows) {
      // A few more than are wanted, so that chance seldom leaves too few.
      const share = (1.5 * rows) / Math.min(table.size, SCATTERED_OVER)
      const scattered = await this.#readOnly(`${first} WHERE rand() < ${share.toFixed(6)} LIMIT ${rows}`)
      if (scattered === LOCKED || (typeof scattered !== 'string' && 2 * scattered.length >= rows)) return scattered
    }
    return this.#readOnly(`${first} LIMIT ${rows}`)
  }

  close(): void {
    this.#queries.close()
  }

  async #readOnly(sql: string): Promise<SampledRows | string> {
    await this.#queries.rows('START TRANSACTION READ ONLY')
    let outcome: SampledRows | string
    try {
      outcome = await this.#queries.rows(sql, PATIENCE_MILLISECONDS)
    } catch (error) {
      if (!(error instanceof UpstreamUnavailable) || error.sqlstate === null) throw error
      outcome = failureText(error.detail, error.sqlstate)
    }
    await this.#queries.rows('ROLLBACK')
    return outcome
  }
}

function cell({ name }: ReadableColumn): string {
  return `left(cast(${quoteMysqlName(name.column)} AS char), ${CELL_CHARACTERS})`
}

/** Only the error's number is read in what the server said. */
function failureText(detail: string, sqlstate: string): string {
  const number = Number(/^error (\d{1,5}):/.exec(detail)?.[1] ?? 0)
  switch (number) {
    case 1044:
    case 1142:
    case 1143:
    case 1227:
      return 'permission denied'
    case 1317: // interrupted
    case 1969: // MariaDB's max_statement_time
    case 3024: // MySQL's max_execution_time
      return TOO_SLOW
    case 1205:
      return LOCKED
    default:
      return `reading it failed with SQLSTATE ${/^[0-9A-Z]{5}$/.test(sqlstate) ? sqlstate : 'unknown'}`
  }
}
