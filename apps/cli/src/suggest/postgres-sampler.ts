import { type TargetQueries, UpstreamUnavailable } from '@gatehouse/gateway'
import { quoteName } from './postgres-queries.ts'
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
const STATEMENT_TIMEOUT_MILLISECONDS = 5000
const LOCK_TIMEOUT_MILLISECONDS = 1000
/** How long we wait for it, with time for the server's own timeout to answer. */
const PATIENCE_MILLISECONDS = 20_000

/** Reads samples from a target of PostgreSQL. */
export class PostgresSampler implements Sampler {
  readonly #queries: TargetQueries

  /** Closing the sampler closes the session. */
  constructor(queries: TargetQueries) {
    this.#queries = queries
  }

  async sample(table: TargetTable, columns: readonly ReadableColumn[], rows: number): Promise<SampledRows | string> {
    if (table.kind !== 'foreign') {
      const scattered = await readOnly(this.#queries, scatteredRows(table, columns, rows))
      if (scattered === LOCKED || (typeof scattered !== 'string' && 2 * scattered.length >= rows)) return scattered
    }
    return readOnly(this.#queries, firstRows(table, columns, rows))
  }

  close(): void {
    this.#queries.close()
  }
}

/** Of a table whose size is not known. */
const UNKNOWN_SIZE_PERCENT = 1

/** Rows of pages all over the table, in random order: what was written at one time lies together. */
function scatteredRows(table: TargetTable, columns: readonly ReadableColumn[], rows: number): string {
  const percent = table.size === 0 ? UNKNOWN_SIZE_PERCENT : Math.min(100, (100 * rows) / table.size)
  const inner = `SELECT ${names(columns)} FROM ${tableName(table)} TABLESAMPLE pg_catalog.system (${percent.toFixed(6)}) ORDER BY pg_catalog.random() LIMIT ${rows}`
  return `SELECT ${cells(columns)} FROM (${inner}) AS sampled`
}

/** Where that gives too few: the table is small, or its size was not known. */
function firstRows(table: TargetTable, columns: readonly ReadableColumn[], rows: number): string {
  return `SELECT ${cells(columns)} FROM (SELECT ${names(columns)} FROM ${tableName(table)} LIMIT ${rows}) AS sampled`
}

function tableName({ schema, name }: TargetTable): string {
  return `${quoteName(schema)}.${quoteName(name)}`
}

function names(columns: readonly ReadableColumn[]): string {
  return columns.map(({ name }) => quoteName(name.column)).join(', ')
}

function cells(columns: readonly ReadableColumn[]): string {
  return columns
    .map(({ name }) => `pg_catalog."left"(${quoteName(name.column)}::pg_catalog.text, ${CELL_CHARACTERS})`)
    .join(', ')
}

/** Runs one query in a transaction that can change nothing. A text: why it gave nothing, without any word of the server's. */
async function readOnly(queries: TargetQueries, sql: string): Promise<SampledRows | string> {
  await queries.rows('BEGIN TRANSACTION READ ONLY')
  await queries.rows(
    `SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MILLISECONDS}; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MILLISECONDS}`,
  )
  let outcome: SampledRows | string
  try {
    outcome = await queries.rows(sql, PATIENCE_MILLISECONDS)
  } catch (error) {
    if (!(error instanceof UpstreamUnavailable) || error.sqlstate === null) throw error
    outcome = failureText(error.sqlstate)
  }
  await queries.rows('ROLLBACK')
  return outcome
}

function failureText(sqlstate: string): string {
  switch (sqlstate) {
    case '42501':
      return 'permission denied'
    case '57014':
      return TOO_SLOW
    case '55P03':
      return LOCKED
    default:
      // Anything but five letters and digits is not a SQLSTATE, and might be anything else.
      return `reading it failed with SQLSTATE ${/^[0-9A-Z]{5}$/.test(sqlstate) ? sqlstate : 'unknown'}`
  }
}
