import { type TargetQueries, UpstreamUnavailable } from '@gatehouse/gateway'
import { columnKey } from './columns.ts'
import type { ReadableColumn, TargetTable } from './read-target.ts'
import { type Finding, SampleTally } from './sample-tally.ts'
import { quoteName } from './target-queries.ts'
import { holdsText } from './type-group.ts'

/** Finds what detectors know in one value. */
export type FindInValue = (value: Buffer) => readonly Finding[]

/** Of a longer value, only its beginning is read. */
const CELL_CHARACTERS = 1000
/** Columns read by one query: with the most rows, what is held at a time stays below 130 MB. */
const COLUMNS_PER_QUERY = 16
/** The longest that a table may take, at the server. */
const STATEMENT_TIMEOUT_MILLISECONDS = 5000
const LOCK_TIMEOUT_MILLISECONDS = 1000
/** How long we wait for it, with time for the server's own timeout to answer. */
const PATIENCE_MILLISECONDS = 20_000

/** What came of sampling. */
export interface Samples {
  /** By `columnKey`; a column that could not be sampled has none. */
  readonly tallies: ReadonlyMap<string, SampleTally>
  readonly sampledTables: number
  readonly notSampled: readonly { readonly relation: string; readonly why: string }[]
}

/**
 * Looks at up to `rows` rows of each table, from all over it, read-only, a short transaction at a time. No value is kept: each is counted and
 * forgotten, and what the server says in an error goes nowhere but for its SQLSTATE. Rejects with `UpstreamUnavailable` only
 * when the connection is lost.
 */
export async function sampleTables(
  queries: TargetQueries,
  tables: readonly TargetTable[],
  rows: number,
  find: FindInValue,
): Promise<Samples> {
  const tallies = new Map<string, SampleTally>()
  const notSampled: { relation: string; why: string }[] = []
  let sampledTables = 0
  for (const table of tables) {
    const columns = table.columns.filter(({ type, masked }) => masked === null && holdsText(type))
    const readable = columns.filter((column) => column.readable)
    const failures = new Set<string>()
    if (readable.length < columns.length) failures.add('permission denied for some of its columns')
    if (columns.length > 0 && readable.length === 0) {
      failures.clear()
      failures.add('permission denied')
    }
    let seen = false
    for (let at = 0; at < readable.length; at += COLUMNS_PER_QUERY) {
      const batch = readable.slice(at, at + COLUMNS_PER_QUERY)
      for (const [part, outcome] of await sampleBatch(queries, table, batch, rows)) {
        if (typeof outcome === 'string') {
          failures.add(part.length === 1 && readable.length > 1 ? `some of its columns: ${outcome}` : outcome)
          continue
        }
        seen = true
        count(part, outcome, tallies, find)
      }
    }
    if (seen) sampledTables++
    if (failures.size > 0)
      notSampled.push({ relation: `${table.schema}.${table.name}`, why: [...failures].toSorted().join('; ') })
  }
  return { tallies, sampledTables, notSampled }
}

type Rows = readonly (readonly (string | null)[])[]

/** The rows of a batch of columns, or why there are none; where the batch fails as a whole, column by column. */
async function sampleBatch(
  queries: TargetQueries,
  table: TargetTable,
  batch: readonly ReadableColumn[],
  rows: number,
): Promise<readonly (readonly [readonly ReadableColumn[], Rows | string])[]> {
  const outcome = await sampleColumns(queries, table, batch, rows)
  // One column may spoil the rest: a computed one that fails. What is slow or forbidden is so for each of them.
  if (typeof outcome !== 'string' || batch.length === 1 || outcome === TOO_SLOW || outcome === LOCKED)
    return [[batch, outcome]]
  const alone: (readonly [readonly ReadableColumn[], Rows | string])[] = []
  for (const column of batch) alone.push([[column], await sampleColumns(queries, table, [column], rows)])
  return alone
}

const TOO_SLOW = 'it took too long'
const LOCKED = 'somebody holds a lock on it'

async function sampleColumns(
  queries: TargetQueries,
  table: TargetTable,
  columns: readonly ReadableColumn[],
  rows: number,
): Promise<Rows | string> {
  if (table.kind !== 'foreign') {
    const scattered = await readOnly(queries, scatteredRows(table, columns, rows))
    if (scattered === LOCKED || (typeof scattered !== 'string' && 2 * scattered.length >= rows)) return scattered
  }
  return readOnly(queries, firstRows(table, columns, rows))
}

/** Of a table whose size is not known. */
const UNKNOWN_SIZE_PERCENT = 1

/** Rows of pages all over the table, in random order: what was written at one time lies together. */
function scatteredRows(table: TargetTable, columns: readonly ReadableColumn[], rows: number): string {
  const percent = table.pages === 0 ? UNKNOWN_SIZE_PERCENT : Math.min(100, (100 * rows) / table.pages)
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
async function readOnly(queries: TargetQueries, sql: string): Promise<Rows | string> {
  await queries.rows('BEGIN TRANSACTION READ ONLY')
  await queries.rows(
    `SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MILLISECONDS}; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MILLISECONDS}`,
  )
  let outcome: Rows | string
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

function count(
  columns: readonly ReadableColumn[],
  rows: Rows,
  tallies: Map<string, SampleTally>,
  find: FindInValue,
): void {
  columns.forEach((column, index) => {
    const tally = new SampleTally()
    for (const row of rows) {
      const cell = row[index]
      if (cell === null || cell === undefined) continue
      const value = Buffer.from(cell.trim())
      if (value.length > 0) tally.add(value.length, find(value))
    }
    tallies.set(columnKey(column.name), tally)
  })
}
